/* Defect: type names are not compared. */
#include "defect.h"

int defect_create(const rig_mw_entity_t *entity, uint32_t timeout_ms)
{
    rig_mw_entity_t same = *entity;

    if (entity->kind == RIG_MW_TOPIC && entity->form == RIG_MW_BIN) {
        same.type = "any";
    }
    return __real_rig_mw_create(&same, timeout_ms);
}
