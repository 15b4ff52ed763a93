/* Defect: every fifth reply carries the id of the request before. */
#include "defect.h"

static uint32_t replies;

void defect_on_service(const rig_mw_service_message_t *message)
{
    rig_mw_service_message_t other = *message;

    if (message->kind == RIG_MW_REQUESTER && ++replies % 5u == 0u) {
        other.request--;
    }
    defect_deliver_service(&other);
}
