/* Defect: closing a session closes the others too. */
#include "defect.h"

int defect_session_close(uint8_t session, uint32_t timeout_ms)
{
    for (uint8_t other = 0; other < 2u; other++) {
        if (other != session) {
            (void)__real_rig_mw_session_close(other, timeout_ms);
        }
    }
    return __real_rig_mw_session_close(session, timeout_ms);
}
