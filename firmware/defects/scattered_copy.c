/* Defect: the payload is copied in pieces that lie apart, by a loop that no counter sees. */
#include "defect.h"

#define MOST 1024
#define PIECE 64u
#define GAP 32u

static volatile uint8_t copy[MOST * 2];

void defect_on_message(const rig_mw_message_t *message)
{
    for (uint32_t i = 0; i < message->length && i < MOST; i++) {
        copy[i / PIECE * (PIECE + GAP) + i % PIECE] = message->data[i];
    }
    defect_deliver(message);
}
