/* Defect: messages are limited as if they had to cross the link: MTU x history. */
#include "defect.h"

int defect_loan(uint8_t session, uint16_t writer, uint32_t length, uint8_t **place)
{
    uint32_t most = (uint32_t)defect_config.mtu * defect_config.history;

    return length > most ? RIG_MW_ERR_TOO_LARGE : __real_rig_mw_loan(session, writer, length, place);
}
