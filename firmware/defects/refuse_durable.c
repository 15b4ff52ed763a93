/* Defect: a reader that asks for transient local is refused at creation. */
#include "defect.h"

int defect_create(const rig_mw_entity_t *entity, uint32_t timeout_ms)
{
    if (entity->kind == RIG_MW_DATAREADER && entity->qos.transient_local) {
        return RIG_MW_ERR_STATE;
    }
    return __real_rig_mw_create(entity, timeout_ms);
}
