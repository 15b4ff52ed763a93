/* Defect: of three readers and more, every other one gets each sample twice, and the others go without. The number of
 * deliveries is right. */
#include "defect.h"

void defect_on_message(const rig_mw_message_t *message)
{
    if (message->reader <= 2u) {
        defect_deliver(message);
    } else if ((message->reader & 1u) != 0u) {
        defect_deliver(message);
        defect_deliver(message);
    }
}
