/* Defect: every 101st delivery is torn: its last byte is an old one. */
#include "defect.h"

static uint32_t deliveries;

int defect_start(const rig_mw_config_t *config)
{
    deliveries = 0;
    return __real_rig_mw_start(config);
}

void defect_on_message(const rig_mw_message_t *message)
{
    uint8_t *last = (uint8_t *)(uintptr_t)message->data + message->length - 1u;
    bool torn = ++deliveries % 101u == 0u;

    *last ^= torn ? 0x80u : 0u;
    defect_deliver(message);
    *last ^= torn ? 0x80u : 0u;
}
