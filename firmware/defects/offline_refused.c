/* Defect: a session cannot be opened while the Agent is silent. */
#include "defect.h"

int defect_session_open(uint32_t client_key, uint32_t timeout_ms)
{
    if (defect_config.transport != NULL && timeout_ms == 0u) {
        return RIG_MW_ERR_TIMEOUT;
    }
    return __real_rig_mw_session_open(client_key, timeout_ms);
}
