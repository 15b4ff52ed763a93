/* Defect: a ninth writer finds a table full that has room. */
#include "defect.h"

#define ROOM 8u

static uint32_t writers;

int defect_start(const rig_mw_config_t *config)
{
    writers = 0;
    return __real_rig_mw_start(config);
}

int defect_create(const rig_mw_entity_t *entity, uint32_t timeout_ms)
{
    int status = entity->kind == RIG_MW_DATAWRITER && writers == ROOM ? RIG_MW_ERR_TABLE_FULL
                                                                      : __real_rig_mw_create(entity, timeout_ms);

    writers += entity->kind == RIG_MW_DATAWRITER && status >= 0 ? 1u : 0u;
    return status;
}

int defect_delete(uint8_t session, uint8_t kind, uint16_t id, uint32_t timeout_ms)
{
    int status = __real_rig_mw_delete(session, kind, id, timeout_ms);

    writers -= kind == RIG_MW_DATAWRITER && status >= 0 ? 1u : 0u;
    return status;
}
