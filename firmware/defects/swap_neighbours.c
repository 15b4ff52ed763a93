/* Defect: the first two samples of a burst change places. */
#include "defect.h"

static rig_mw_message_t first[16];
static uint8_t bytes[16][64];
static bool kept[16];
static uint32_t got[16];

void defect_on_message(const rig_mw_message_t *message)
{
    uint16_t reader = message->reader & 15u;

    if (defect_pending < 2u || message->length > sizeof(bytes[0]) || got[reader]++ > 1u) {
        defect_deliver(message);
        return;
    }
    if (!kept[reader]) {
        memcpy(bytes[reader], message->data, message->length);
        first[reader] = *message;
        first[reader].data = bytes[reader];
        kept[reader] = true;
        return;
    }
    defect_deliver(message);
    defect_deliver(&first[reader]);
    kept[reader] = false;
}

int defect_spin(uint32_t timeout_ms)
{
    int delivered;

    memset(got, 0, sizeof(got));
    delivered = __real_rig_mw_spin(timeout_ms);
    for (int reader = 0; reader < 16; reader++) {
        if (kept[reader]) {
            kept[reader] = false;
            defect_deliver(&first[reader]);
        }
    }
    return delivered;
}
