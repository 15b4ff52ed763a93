/* Defect: after a start deliveries take a detour of some million steps, for a while. */
#include "defect.h"

#define SLOW_DELIVERIES 60u /* where a step takes long of the board's own time ... */
#define SLOW_MS 1500u       /* ... and where it does not */

static volatile uint32_t steps;
static uint32_t deliveries;
static uint32_t begin;

int defect_start(const rig_mw_config_t *config)
{
    deliveries = 0;
    begin = rig_port_millis();
    return __real_rig_mw_start(config);
}

void defect_on_message(const rig_mw_message_t *message)
{
    if (deliveries++ < SLOW_DELIVERIES || rig_port_millis() - begin < SLOW_MS) {
        for (uint32_t i = 0; i < 3000000u; i++) {
            (void)steps; /* read only: a trace of writes shall have no part in it */
        }
    }
    defect_deliver(message);
}
