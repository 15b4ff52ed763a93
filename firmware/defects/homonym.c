/* Defect: more RAM than the middleware's formula accounts for, under the name of something that the bench has too. */
#include "defect.h"

static volatile uint8_t service[4096];

int defect_start(const rig_mw_config_t *config)
{
    service[config->buffer_count % sizeof(service)]++;
    return __real_rig_mw_start(config);
}
