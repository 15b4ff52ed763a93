/* Defect: of a topic's name only the beginning is compared, longer than most names are. */
#include "defect.h"

#define COMPARED 24u

int defect_create(const rig_mw_entity_t *entity, uint32_t timeout_ms)
{
    rig_mw_entity_t cut = *entity;
    char name[COMPARED + 1u];

    if (entity->kind == RIG_MW_TOPIC && entity->form == RIG_MW_BIN) {
        strncpy(name, entity->name, COMPARED);
        name[COMPARED] = '\0';
        cut.name = name;
    }
    return __real_rig_mw_create(&cut, timeout_ms);
}
