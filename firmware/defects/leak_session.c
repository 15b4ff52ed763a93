/* Defect: a closed session is not given back. */
#include "defect.h"

int defect_session_close(uint8_t session, uint32_t timeout_ms)
{
    (void)session;
    (void)timeout_ms;
    return RIG_MW_OK;
}
