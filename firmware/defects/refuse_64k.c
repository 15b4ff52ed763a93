/* Defect: messages of 64 KiB and more are refused. */
#include "defect.h"

int defect_loan(uint8_t session, uint16_t writer, uint32_t length, uint8_t **place)
{
    return length > 0xFFFFu ? RIG_MW_ERR_TOO_LARGE : __real_rig_mw_loan(session, writer, length, place);
}
