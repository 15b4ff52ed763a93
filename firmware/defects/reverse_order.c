/* Defect: bursts are delivered last first. */
#include "defect.h"

#define MOST 64

static rig_mw_message_t held[MOST];
static uint8_t bytes[MOST][64];
static int count;

/* Single samples pass untouched: only a burst is kept back until the spin is over. */
void defect_on_message(const rig_mw_message_t *message)
{
    if (defect_pending < 2u || count == MOST || message->length > sizeof(bytes[0])) {
        defect_deliver(message);
        return;
    }
    memcpy(bytes[count], message->data, message->length);
    held[count] = *message;
    held[count].data = bytes[count];
    count++;
}

int defect_spin(uint32_t timeout_ms)
{
    int delivered = __real_rig_mw_spin(timeout_ms);

    while (count > 0) {
        count--;
        defect_deliver(&held[count]);
    }
    return delivered;
}
