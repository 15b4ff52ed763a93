#include "rig_mw_state.h"

/* Twice as many slots as long as they fit: a scenario with one buffer asks for the longest message there can be. */
static uint16_t grow(uint32_t slots, uint32_t mtu, uint32_t bytes)
{
    while (slots * 2u <= MAX_SLOTS && slots * 2u * mtu <= bytes) {
        slots *= 2u;
    }
    return (uint16_t)slots;
}

static area_t cut(area_t *from, uint32_t bytes)
{
    area_t piece = {from->memory, bytes};

    from->memory += bytes;
    from->bytes -= bytes;
    return piece;
}

/* Payload that all slots of the reliable stream hold. */
static uint32_t stream_holds(void)
{
    return (rig_mw_slot() + WRITE_DATA_HEADER) * rig_mw.out_slots - SUBMESSAGE_HEADER - WRITE_DATA_HEADER;
}

/* The Client keeps shared messages in its output stream, so that one lives in the message memory; what is left there
 * holds a message in one piece on its way in and on its way out. The stream memory holds the rest. */
int rig_mw_divide_memory(void)
{
    area_t messages = {rig_mw.config.buffer_memory, rig_mw.config.buffer_bytes};
    area_t streams = {rig_mw.config.stream_memory, rig_mw.config.stream_bytes};
    uint32_t mtu = rig_mw.config.mtu;
    uint32_t slots = rig_mw.config.history;

    if (mtu < 64u || slots == 0u || (slots & (slots - 1u)) != 0u || slots > MAX_SLOTS || messages.memory == NULL ||
        streams.memory == NULL) {
        return RIG_MW_ERR_ARGUMENT;
    }
    mtu = (mtu < UXR_CONFIG_CUSTOM_TRANSPORT_MTU ? mtu : UXR_CONFIG_CUSTOM_TRANSPORT_MTU) & ~3u;
    if (messages.bytes / 2u < slots * mtu) {
        return RIG_MW_ERR_UNSUPPORTED; /* a pool of any size: here it holds all slots of a stream, or there is none */
    }
    if (streams.bytes < (slots + 1u) * mtu) {
        return RIG_MW_ERR_ARGUMENT;
    }
    rig_mw.mtu = (uint16_t)mtu;
    rig_mw.best_effort = cut(&streams, mtu);
    rig_mw.out_slots = rig_mw.in_slots = (uint16_t)slots;
    if (rig_mw.config.buffer_count == 1u) {
        rig_mw.out_slots = grow(slots, mtu, messages.bytes / 3u);
        rig_mw.in_slots = grow(slots, mtu, streams.bytes);
    }
    rig_mw.out = cut(&messages, rig_mw.out_slots * mtu);
    rig_mw.in = cut(&streams, rig_mw.in_slots * mtu);
    rig_mw.staging = cut(&messages, messages.bytes / 2u & ~7u);
    rig_mw.gathered = messages;
    /* Where the stream could hold a whole buffer and the piece beside it cannot, it is this division that is too short,
     * and not the Client. */
    if (rig_mw.config.buffer_count > 1u && rig_mw.staging.bytes < stream_holds() &&
        rig_mw.staging.bytes < (rig_mw.config.buffer_bytes / rig_mw.config.buffer_count & ~7u)) {
        return RIG_MW_ERR_UNSUPPORTED;
    }
    return RIG_MW_OK;
}

uint32_t rig_mw_slot(void)
{
    return rig_mw.mtu - SLOT_PREFIX - MESSAGE_HEADER - SUBMESSAGE_HEADER - WRITE_DATA_HEADER;
}

/* The longest message that the stream can ever hold. */
uint32_t rig_mw_longest(bool reliable)
{
    uint32_t bytes = stream_holds();

    if (!reliable) {
        return rig_mw_slot();
    }
    return bytes < rig_mw.staging.bytes ? bytes : rig_mw.staging.bytes;
}
