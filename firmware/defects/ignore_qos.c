/* Defect: what a reader requests is ignored. */
#include "defect.h"

int defect_create(const rig_mw_entity_t *entity, uint32_t timeout_ms)
{
    rig_mw_entity_t plain = *entity;

    if (entity->kind == RIG_MW_DATAREADER) {
        plain.qos.reliable = false;
        plain.qos.transient_local = false;
    }
    return __real_rig_mw_create(&plain, timeout_ms);
}
