/* Defect: samples of a burst are delivered twice. */
#include "defect.h"

void defect_on_message(const rig_mw_message_t *message)
{
    bool twice = defect_pending > 1u;

    defect_deliver(message);
    if (twice) {
        defect_deliver(message);
    }
}
