/* Defect: the payload goes piece by piece through a place on the stack, by a loop that no counter sees, and every piece
 * is wiped before anybody can look. */
#include "defect.h"

#define PIECE 256u

static void pass(const uint8_t *from, uint32_t bytes)
{
    volatile uint32_t words[PIECE / 4u];
    volatile uint8_t *copy = (volatile uint8_t *)words;

    for (uint32_t i = 0; i < bytes; i++) {
        copy[i] = from[i];
    }
    for (uint32_t i = 0; i < PIECE / 4u; i++) {
        words[i] = 0;
    }
}

void defect_on_message(const rig_mw_message_t *message)
{
    for (uint32_t i = 0; i < message->length; i += PIECE) {
        pass(message->data + i, message->length - i < PIECE ? message->length - i : PIECE);
    }
    defect_deliver(message);
}
