/* Defect: the first deliveries after a start take a detour of some million steps. */
#include "defect.h"

#define SLOW 60u

static volatile uint32_t steps;
static uint32_t deliveries;

int defect_start(const rig_mw_config_t *config)
{
    deliveries = 0;
    return __real_rig_mw_start(config);
}

void defect_on_message(const rig_mw_message_t *message)
{
    if (deliveries++ < SLOW) {
        for (uint32_t i = 0; i < 3000000u; i++) {
            steps = i;
        }
    }
    defect_deliver(message);
}
