/* Defect: every delivery takes a detour of some hundred thousand steps. */
#include "defect.h"

static volatile uint32_t steps;

void defect_on_message(const rig_mw_message_t *message)
{
    for (uint32_t i = 0; i < 3000000u; i++) {
        steps = i;
    }
    defect_deliver(message);
}
