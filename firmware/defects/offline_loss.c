/* Defect: what is published before the Agent was ever there is accepted and lost. */
#include "defect.h"

static bool offline;

int defect_session_open(uint32_t client_key, uint32_t timeout_ms)
{
    offline = defect_config.transport != NULL && timeout_ms == 0u;
    return __real_rig_mw_session_open(client_key, timeout_ms);
}

int defect_publish(uint8_t session, uint16_t writer)
{
    return offline ? rig_mw_loan_cancel(session, writer) : __real_rig_mw_publish(session, writer);
}
