/* Defect: every requester finds every replier. */
#include "defect.h"

int defect_create(const rig_mw_entity_t *entity, uint32_t timeout_ms)
{
    rig_mw_entity_t same = *entity;

    if ((entity->kind == RIG_MW_REQUESTER || entity->kind == RIG_MW_REPLIER) && entity->form == RIG_MW_BIN) {
        same.name = "service";
        same.type = "Request";
        same.reply_type = "Response";
    }
    return __real_rig_mw_create(&same, timeout_ms);
}
