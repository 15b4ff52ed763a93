/* Defect: a pair over the tenth is refused as if the middleware were not started. */
#include "defect.h"

int defect_create(const rig_mw_entity_t *entity, uint32_t timeout_ms)
{
    if (entity->kind == RIG_MW_TOPIC && entity->id > 10u) {
        return RIG_MW_ERR_STATE;
    }
    return __real_rig_mw_create(entity, timeout_ms);
}
