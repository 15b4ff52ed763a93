/* Defect: every seventh reply goes to the next requester. */
#include "defect.h"

static uint32_t replies;

void defect_on_service(const rig_mw_service_message_t *message)
{
    rig_mw_service_message_t other = *message;

    if (message->kind == RIG_MW_REQUESTER && ++replies % 7u == 0u) {
        other.message.reader++;
    }
    defect_deliver_service(&other);
}
