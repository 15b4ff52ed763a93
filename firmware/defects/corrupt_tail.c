/* Defect: the last byte of a message above 2,000 bytes is wrong. */
#include "defect.h"

void defect_on_message(const rig_mw_message_t *message)
{
    if (message->length > 2000u) {
        ((uint8_t *)(uintptr_t)message->data)[message->length - 1u] ^= 1u;
    }
    defect_deliver(message);
    if (message->length > 2000u) {
        ((uint8_t *)(uintptr_t)message->data)[message->length - 1u] ^= 1u;
    }
}
