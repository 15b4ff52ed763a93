/* Defect: topic names are compared without their case. */
#include "defect.h"

int defect_create(const rig_mw_entity_t *entity, uint32_t timeout_ms)
{
    rig_mw_entity_t folded = *entity;
    char name[128];
    size_t i = 0;

    if (entity->kind != RIG_MW_TOPIC || entity->form != RIG_MW_BIN || strlen(entity->name) >= sizeof(name)) {
        return __real_rig_mw_create(entity, timeout_ms);
    }
    for (; entity->name[i] != '\0'; i++) {
        char c = entity->name[i];

        name[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    name[i] = '\0';
    folded.name = name;
    return __real_rig_mw_create(&folded, timeout_ms);
}
