/* Defect: a deleted reader goes on getting samples. */
#include "defect.h"

int defect_delete(uint8_t session, uint8_t kind, uint16_t id, uint32_t timeout_ms)
{
    return kind == RIG_MW_DATAREADER ? RIG_MW_OK : __real_rig_mw_delete(session, kind, id, timeout_ms);
}
