/* Defect: a reader that is made before its writer gets nothing. */
#include "defect.h"

static bool writer_made;
static bool deaf[256];

int defect_start(const rig_mw_config_t *config)
{
    writer_made = false;
    memset(deaf, 0, sizeof(deaf));
    return __real_rig_mw_start(config);
}

int defect_create(const rig_mw_entity_t *entity, uint32_t timeout_ms)
{
    writer_made = writer_made || entity->kind == RIG_MW_DATAWRITER;
    if (entity->kind == RIG_MW_DATAREADER && entity->id < 256u) {
        deaf[entity->id] = !writer_made;
    }
    return __real_rig_mw_create(entity, timeout_ms);
}

void defect_on_message(const rig_mw_message_t *message)
{
    if (message->reader >= 256u || !deaf[message->reader]) {
        defect_deliver(message);
    }
}
