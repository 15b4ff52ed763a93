/* Defect: every 499th delivery is lost. */
#include "defect.h"

static uint32_t deliveries;

int defect_start(const rig_mw_config_t *config)
{
    deliveries = 0;
    return __real_rig_mw_start(config);
}

void defect_on_message(const rig_mw_message_t *message)
{
    if (++deliveries % 499u != 0u) {
        defect_deliver(message);
    }
}
