/* Defect: with more than eight requests outstanding, a reply is lost. */
#include "defect.h"

static uint32_t unanswered;

void defect_on_service(const rig_mw_service_message_t *message)
{
    if (message->kind == RIG_MW_REPLIER) {
        unanswered++;
    } else if (unanswered > 8u) {
        unanswered = 0;
        return;
    } else {
        unanswered = 0;
    }
    defect_deliver_service(message);
}
