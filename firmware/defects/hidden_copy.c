/* Defect: the payload is copied once more by a loop that no counter sees. */
#include "defect.h"

#define MOST 640 /* the smallest board has no more */

static volatile uint8_t copy[MOST];

void defect_on_message(const rig_mw_message_t *message)
{
    for (uint32_t i = 0; i < message->length && i < MOST; i++) {
        copy[i] = message->data[i];
    }
    defect_deliver(message);
}
