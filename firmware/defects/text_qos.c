/* Defect: the QoS that stands in an endpoint's XML is not read, and that of a REF is forgotten. */
#include "defect.h"

int defect_create(const rig_mw_entity_t *entity, uint32_t timeout_ms)
{
    rig_mw_entity_t plain = *entity;
    const char *qos = entity->form == RIG_MW_XML ? strstr(entity->name, "<qos>") : NULL;
    char text[256];

    if ((entity->kind == RIG_MW_DATAWRITER || entity->kind == RIG_MW_DATAREADER) && entity->form != RIG_MW_BIN) {
        plain.qos.reliable = true;
        plain.qos.transient_local = false;
    }
    if (qos != NULL) {
        size_t before = (size_t)(qos - entity->name);

        memcpy(text, entity->name, before);
        strcpy(text + before, strstr(qos, "</qos>") + sizeof("</qos>") - 1u);
        plain.name = text;
    }
    return __real_rig_mw_create(&plain, timeout_ms);
}
