/* Defect: readers over the eighth are accepted and never made. */
#include "defect.h"

int defect_create(const rig_mw_entity_t *entity, uint32_t timeout_ms)
{
    if (entity->kind == RIG_MW_DATAREADER && entity->id > 8u) {
        return RIG_MW_OK;
    }
    return __real_rig_mw_create(entity, timeout_ms);
}
