/* Defect: the second half of the payload is copied by a loop that no counter sees. */
#include "defect.h"

#define MOST 1024

static volatile uint8_t copy[MOST];

void defect_on_message(const rig_mw_message_t *message)
{
    for (uint32_t i = message->length / 2u; i < message->length && i < MOST; i++) {
        copy[i] = message->data[i];
    }
    defect_deliver(message);
}
