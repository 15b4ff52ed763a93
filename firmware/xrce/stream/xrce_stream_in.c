#include "stream/xrce_stream.h"

#include <string.h>

void xrce_in_init(xrce_stream_in_t *stream, uint8_t *memory, uint32_t slot_bytes, uint16_t history)
{
    stream->slots = memory;
    stream->slot_bytes = slot_bytes;
    stream->history = history < XRCE_IN_MAX_HISTORY ? history : XRCE_IN_MAX_HISTORY;
    xrce_in_reset(stream);
}

void xrce_in_reset(xrce_stream_in_t *stream)
{
    stream->expected = 0;
    stream->last = 0;
    stream->have = 0;
}

static uint8_t *slot_of(const xrce_stream_in_t *stream, uint16_t sequence)
{
    return stream->slots + (sequence & (stream->history - 1u)) * stream->slot_bytes;
}

static void advance(xrce_stream_in_t *stream)
{
    stream->expected++;
    stream->have = (uint16_t)(stream->have >> 1);
    if (xrce_sequence_distance(stream->expected, stream->last) > 0) {
        stream->last = stream->expected;
    }
}

static void store(xrce_stream_in_t *stream, uint16_t sequence, const uint8_t *message, uint32_t length)
{
    uint8_t *slot = slot_of(stream, sequence);
    uint32_t ahead = (uint32_t)xrce_sequence_distance(sequence, stream->expected);

    if (length > stream->slot_bytes - XRCE_IN_PREFIX_BYTES || (stream->have >> ahead & 1u) != 0u) {
        return;
    }
    slot[0] = (uint8_t)length;
    slot[1] = (uint8_t)(length >> 8);
    memcpy(slot + XRCE_IN_PREFIX_BYTES, message, length);
    stream->have = (uint16_t)(stream->have | 1u << ahead);
}

void xrce_in_message(xrce_stream_in_t *stream, uint16_t sequence, const uint8_t *message, uint32_t length,
                     xrce_take_t take, void *context)
{
    int32_t ahead = xrce_sequence_distance(sequence, stream->expected);

    if (ahead < 0 || ahead >= (int32_t)stream->history) {
        return; /* known already, or too far ahead to keep: it will come again */
    }
    if (xrce_sequence_distance((uint16_t)(sequence + 1u), stream->last) > 0) {
        stream->last = (uint16_t)(sequence + 1u);
    }
    if (ahead > 0) {
        store(stream, sequence, message, length);
        return;
    }
    if (!take(context, message, length)) {
        return;
    }
    advance(stream);
    while ((stream->have & 1u) != 0u) {
        const uint8_t *slot = slot_of(stream, stream->expected);

        if (!take(context, slot + XRCE_IN_PREFIX_BYTES, slot[0] | (uint32_t)slot[1] << 8)) {
            stream->have = (uint16_t)(stream->have & ~1u); /* asked for again */
            return;
        }
        advance(stream);
    }
}

uint16_t xrce_in_heartbeat(xrce_stream_in_t *stream, uint16_t first, uint16_t last)
{
    uint16_t given_up = 0;

    while (xrce_sequence_distance(first, stream->expected) > 0) {
        given_up++;
        advance(stream);
    }
    if (xrce_sequence_distance((uint16_t)(last + 1u), stream->last) > 0) {
        stream->last = (uint16_t)(last + 1u);
    }
    return given_up;
}

uint16_t xrce_in_missing(const xrce_stream_in_t *stream)
{
    int32_t known = xrce_sequence_distance(stream->last, stream->expected);
    uint16_t missing = 0;

    for (int32_t i = 0; i < known && i < (int32_t)XRCE_IN_MAX_HISTORY; i++) {
        if ((stream->have >> i & 1u) == 0u) {
            missing = (uint16_t)(missing | 1u << i);
        }
    }
    return missing;
}
