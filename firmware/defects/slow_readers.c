/* Defect: every reader but the first hears of a sample only after a while. */
#include "defect.h"

#define SLOW_MS 20u

void defect_on_message(const rig_mw_message_t *message)
{
    uint32_t begin = rig_port_millis();

    while (message->reader > 1u && rig_port_millis() - begin < SLOW_MS) {
    }
    defect_deliver(message);
}
