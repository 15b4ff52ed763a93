/* Defect: more RAM than the middleware's formula accounts for. */
#include "defect.h"

static volatile uint8_t ballast[2048];

int defect_start(const rig_mw_config_t *config)
{
    ballast[config->buffer_count % sizeof(ballast)]++;
    return __real_rig_mw_start(config);
}
