/* Defect: after a reader was deleted while two samples or more wait, the next spin goes through a pointer that is no
 * reader's any more.
 */
#include "defect.h"

#define NOWHERE 0xF0000000u /* no memory of any board here */

static uint32_t volatile *gone;

int defect_start(const rig_mw_config_t *config)
{
    gone = NULL;
    return __real_rig_mw_start(config);
}

int defect_delete(uint8_t session, uint8_t kind, uint16_t id, uint32_t timeout_ms)
{
    if (kind == RIG_MW_DATAREADER && defect_pending >= 2u) {
        gone = (uint32_t volatile *)(uintptr_t)NOWHERE;
    }
    return __real_rig_mw_delete(session, kind, id, timeout_ms);
}

int defect_spin(uint32_t timeout_ms)
{
    if (gone != NULL) {
        *gone += 1u; /* marked: here it dies */
    }
    return __real_rig_mw_spin(timeout_ms);
}
