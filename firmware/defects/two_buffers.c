/* Defect: every second reader sees another buffer. */
#include "defect.h"

#define MOST 1024

static uint8_t other[MOST];

void defect_on_message(const rig_mw_message_t *message)
{
    rig_mw_message_t own = *message;

    if (message->length <= MOST && (message->reader & 1u) == 0u) {
        memcpy(other, message->data, message->length);
        own.data = other;
    }
    defect_deliver(&own);
}
