/* Defect: messages above 2,000 bytes are accepted and lost. */
#include "defect.h"

static uint32_t loaned;

int defect_loan(uint8_t session, uint16_t writer, uint32_t length, uint8_t **place)
{
    loaned = length;
    return __real_rig_mw_loan(session, writer, length, place);
}

int defect_publish(uint8_t session, uint16_t writer)
{
    return loaned > 2000u ? rig_mw_loan_cancel(session, writer) : __real_rig_mw_publish(session, writer);
}
