#include "stream/xrce_stream.h"

#include <string.h>

enum { SLOT_OPEN, SLOT_ALONE, SLOT_LOANED };

static uint8_t *slot_of(const xrce_stream_out_t *stream, uint16_t sequence)
{
    uint32_t row = (uint16_t)(sequence - stream->base) & (stream->history - 1u);

    return stream->slots + row * stream->slot_bytes;
}

static uint32_t slot_length(const uint8_t *slot)
{
    return slot[0] | (uint32_t)slot[1] << 8;
}

static void slot_set(uint8_t *slot, uint32_t length, uint8_t state)
{
    slot[0] = (uint8_t)length;
    slot[1] = (uint8_t)(length >> 8);
    slot[2] = state;
    slot[3] = 0;
}

void xrce_out_init(xrce_stream_out_t *stream, uint8_t id, uint8_t *memory, uint32_t slot_bytes, uint16_t history)
{
    stream->slots = memory;
    stream->slot_bytes = slot_bytes;
    stream->history = history;
    stream->stream = id;
    xrce_out_reset(stream);
}

void xrce_out_reset(xrce_stream_out_t *stream)
{
    stream->base = 0;
    stream->acked = 0;
    stream->unsent = 0;
    stream->next = 0;
    stream->heartbeat_at = 0;
}

uint32_t xrce_out_capacity(const xrce_stream_out_t *stream, const xrce_peer_t *peer)
{
    return stream->slot_bytes - XRCE_SLOT_PREFIX_BYTES - xrce_header_bytes(peer->session) - XRCE_SUBHEADER_BYTES;
}

static uint16_t free_slots(const xrce_stream_out_t *stream)
{
    return (uint16_t)(stream->history - (uint16_t)(stream->next - stream->acked));
}

static uint8_t *new_slot(xrce_stream_out_t *stream, const xrce_peer_t *peer, uint8_t id, uint8_t flags,
                         uint32_t length, uint8_t state)
{
    uint32_t header = xrce_header_bytes(peer->session);
    uint8_t *slot;

    if (length > xrce_out_capacity(stream, peer) || free_slots(stream) == 0u) {
        return NULL;
    }
    slot = slot_of(stream, stream->next);
    slot_set(slot, header + XRCE_SUBHEADER_BYTES + length, state);
    (void)xrce_header_write(slot + XRCE_SLOT_PREFIX_BYTES, peer, stream->stream, stream->next);
    xrce_subheader_write(slot + XRCE_SLOT_PREFIX_BYTES + header, id, flags, length);
    stream->next++;
    return slot + XRCE_SLOT_PREFIX_BYTES + header + XRCE_SUBHEADER_BYTES;
}

uint8_t *xrce_out_room(xrce_stream_out_t *stream, const xrce_peer_t *peer, uint8_t id, uint8_t flags, uint32_t length)
{
    if (stream->next != stream->unsent) {
        uint8_t *slot = slot_of(stream, (uint16_t)(stream->next - 1u));
        uint32_t used = slot_length(slot);
        uint32_t begin = (used + 3u) & ~3u;
        uint32_t room = stream->slot_bytes - XRCE_SLOT_PREFIX_BYTES;

        if (slot[2] == SLOT_OPEN && begin + XRCE_SUBHEADER_BYTES <= room &&
            length <= room - begin - XRCE_SUBHEADER_BYTES) {
            uint8_t *message = slot + XRCE_SLOT_PREFIX_BYTES;

            while (used < begin) {
                message[used++] = 0;
            }
            xrce_subheader_write(message + begin, id, flags, length);
            slot_set(slot, begin + XRCE_SUBHEADER_BYTES + length, SLOT_OPEN);
            return message + begin + XRCE_SUBHEADER_BYTES;
        }
    }
    return new_slot(stream, peer, id, flags, length, SLOT_OPEN);
}

uint8_t *xrce_out_room_alone(xrce_stream_out_t *stream, const xrce_peer_t *peer, uint8_t id, uint8_t flags,
                             uint32_t length)
{
    return new_slot(stream, peer, id, flags, length, SLOT_ALONE);
}

/* Slots that a submessage of `length` bytes takes as fragments, its own header included. */
static uint32_t fragments_of(const xrce_stream_out_t *stream, const xrce_peer_t *peer, uint32_t length)
{
    uint32_t piece = xrce_out_capacity(stream, peer);

    return (length + XRCE_SUBHEADER_BYTES + piece - 1u) / piece;
}

uint32_t xrce_out_loan_capacity(const xrce_stream_out_t *stream, const xrce_peer_t *peer)
{
    uint32_t one = xrce_out_capacity(stream, peer);

    return xrce_out_reliable(stream) && stream->history > 1u ? one * stream->history - XRCE_SUBHEADER_BYTES : one;
}

uint8_t *xrce_out_loan(xrce_stream_out_t *stream, const xrce_peer_t *peer, uint8_t id, uint32_t length,
                       uint16_t *sequence)
{
    uint8_t *place;
    uint32_t count;
    uint32_t row = (uint16_t)(stream->next - stream->base) & (stream->history - 1u);

    if (length <= xrce_out_capacity(stream, peer)) {
        place = new_slot(stream, peer, id, XRCE_LITTLE_ENDIAN, length, SLOT_LOANED);
        *sequence = (uint16_t)(stream->next - 1u);
        return place;
    }
    if (length > xrce_out_loan_capacity(stream, peer)) {
        return NULL;
    }
    count = fragments_of(stream, peer, length);
    if (stream->next == stream->acked) {
        stream->base = stream->next; /* nothing lies in the slots: the first may be anywhere */
    } else if (count > free_slots(stream) || row + count > stream->history) {
        return NULL; /* not so many free ones in one piece */
    }
    *sequence = stream->next;
    stream->next = (uint16_t)(stream->next + count);
    place = slot_of(stream, *sequence);
    slot_set(place, 0, SLOT_LOANED);
    place += XRCE_SLOT_PREFIX_BYTES + xrce_header_bytes(peer->session) + XRCE_SUBHEADER_BYTES;
    xrce_subheader_write(place, id, XRCE_LITTLE_ENDIAN, length);
    return place + XRCE_SUBHEADER_BYTES;
}

void xrce_out_loan_commit(xrce_stream_out_t *stream, const xrce_peer_t *peer, uint32_t length, uint16_t sequence)
{
    uint32_t piece = xrce_out_capacity(stream, peer);
    uint32_t header = xrce_header_bytes(peer->session);
    uint32_t offset = XRCE_SLOT_PREFIX_BYTES + header + XRCE_SUBHEADER_BYTES;
    uint32_t total = length + XRCE_SUBHEADER_BYTES;
    uint8_t *first = slot_of(stream, sequence);
    uint32_t count;

    if (length <= piece) {
        first[2] = SLOT_ALONE;
        return;
    }
    count = fragments_of(stream, peer, length);
    for (uint32_t row = count; row-- > 0u;) { /* from the back: pieces only ever move up, into room read already */
        uint8_t *slot = first + row * stream->slot_bytes;
        uint32_t bytes = row == count - 1u ? total - row * piece : piece;
        uint8_t flags = row == count - 1u ? XRCE_LITTLE_ENDIAN | XRCE_LAST_FRAGMENT : XRCE_LITTLE_ENDIAN;

        if (row != 0u) {
            memmove(slot + offset, first + offset + row * piece, bytes);
        }
        slot_set(slot, header + XRCE_SUBHEADER_BYTES + bytes, SLOT_ALONE);
        (void)xrce_header_write(slot + XRCE_SLOT_PREFIX_BYTES, peer, stream->stream, (uint16_t)(sequence + row));
        xrce_subheader_write(slot + offset - XRCE_SUBHEADER_BYTES, XRCE_FRAGMENT, flags, bytes);
    }
}

void xrce_out_loan_cancel(xrce_stream_out_t *stream, const xrce_peer_t *peer, uint32_t length, uint16_t sequence)
{
    uint32_t count = length <= xrce_out_capacity(stream, peer) ? 1u : fragments_of(stream, peer, length);

    if ((uint16_t)(sequence + count) == stream->next) {
        stream->next = sequence;
        return;
    }
    /* Later messages hold later numbers, so these must be sent as something: HEARTBEATs say nothing new. */
    for (uint32_t row = 0; row < count; row++) {
        uint16_t number = (uint16_t)(sequence + row);
        uint8_t *slot = slot_of(stream, number);
        uint32_t header = xrce_header_write(slot + XRCE_SLOT_PREFIX_BYTES, peer, stream->stream, number);
        uint8_t *body = slot + XRCE_SLOT_PREFIX_BYTES + header;

        xrce_subheader_write(body, XRCE_HEARTBEAT, XRCE_LITTLE_ENDIAN, 5);
        body[4] = (uint8_t)stream->acked;
        body[5] = (uint8_t)(stream->acked >> 8);
        body[6] = (uint8_t)number;
        body[7] = (uint8_t)(number >> 8);
        body[8] = stream->stream;
        slot_set(slot, header + 9u, SLOT_ALONE);
    }
}

int xrce_out_flush(xrce_stream_out_t *stream, xrce_send_t send, void *context, uint32_t now)
{
    int status = XRCE_OK;

    while (stream->unsent != stream->next) {
        const uint8_t *slot = slot_of(stream, stream->unsent);

        if (slot[2] == SLOT_LOANED) {
            break;
        }
        if (xrce_out_reliable(stream) && stream->acked == stream->unsent) {
            stream->heartbeat_at = now;
        }
        stream->unsent++;
        if (!xrce_out_reliable(stream)) {
            stream->acked = stream->unsent;
        }
        if (send(context, slot + XRCE_SLOT_PREFIX_BYTES, slot_length(slot)) < 0) {
            status = XRCE_ERR_LINK;
        }
    }
    return status;
}

int xrce_out_acknack(xrce_stream_out_t *stream, uint16_t first, uint16_t missing, xrce_send_t send, void *context)
{
    int status = XRCE_OK;

    if (xrce_sequence_distance(first, stream->acked) > 0 && xrce_sequence_distance(first, stream->unsent) <= 0) {
        stream->acked = first;
    }
    if (missing != 0u) {
        for (uint16_t number = stream->acked; number != stream->unsent; number++) {
            const uint8_t *slot = slot_of(stream, number);

            if (send(context, slot + XRCE_SLOT_PREFIX_BYTES, slot_length(slot)) < 0) {
                status = XRCE_ERR_LINK;
            }
        }
    }
    return status;
}

bool xrce_out_heartbeat(xrce_stream_out_t *stream, uint32_t now, uint16_t *first, uint16_t *last)
{
    if (!xrce_out_unacked(stream) || now - stream->heartbeat_at < XRCE_HEARTBEAT_MS) {
        return false;
    }
    stream->heartbeat_at = now;
    *first = stream->acked;
    *last = (uint16_t)(stream->unsent - 1u);
    return true;
}
