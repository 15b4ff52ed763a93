/* The streams of one session, and the way to the Agent. Main context only. */
#ifndef XRCE_STREAM_H
#define XRCE_STREAM_H

#include "wire/xrce_message.h"
#include "xrce_state.h"

/*
 * One outgoing stream of one session: messages under construction, unsent and unacknowledged.
 *
 * Memory: `history` slots of `slot_bytes`, each with 4 bytes of our own before the message, so that a message has at
 * most slot_bytes - 4 bytes. A best-effort stream is one slot that is free again once sent. Knows no transport: the
 * caller gives a send function.
 */

#define XRCE_SLOT_PREFIX_BYTES 4u

/* Sends one whole message; negative when the link refused. */
typedef int (*xrce_send_t)(void *context, const uint8_t *bytes, uint32_t length);

void xrce_out_init(xrce_stream_out_t *stream, uint8_t id, uint8_t *memory, uint32_t slot_bytes, uint16_t history);
/* Sequence numbers from 0 again, nothing pending. */
void xrce_out_reset(xrce_stream_out_t *stream);

static inline bool xrce_out_reliable(const xrce_stream_out_t *stream)
{
    return (stream->stream & 0x80u) != 0u;
}

static inline bool xrce_out_unacked(const xrce_stream_out_t *stream)
{
    return xrce_out_reliable(stream) && stream->acked != stream->unsent;
}

/* Payload bytes that one submessage can have when it has a message to itself. */
uint32_t xrce_out_capacity(const xrce_stream_out_t *stream, const xrce_peer_t *peer);

/* Room for a submessage with `length` payload bytes, header written; it joins the message under construction if it
 * fits there. NULL: no slot is free, or (length > capacity) it can never fit. Valid until the next flush. */
uint8_t *xrce_out_room(xrce_stream_out_t *stream, const xrce_peer_t *peer, uint8_t id, uint8_t flags, uint32_t length);

/* The same, in a message of its own. */
uint8_t *xrce_out_room_alone(xrce_stream_out_t *stream, const xrce_peer_t *peer, uint8_t id, uint8_t flags,
                             uint32_t length);

/* The same, and nothing from this message on is sent until it is committed. Names it by *sequence. A `length` over
 * the capacity takes several slots in one piece (reliable streams only); NULL also if there are not so many free ones
 * side by side just now. Its commit cuts it into FRAGMENTs. */
uint8_t *xrce_out_loan(xrce_stream_out_t *stream, const xrce_peer_t *peer, uint8_t id, uint32_t length,
                       uint16_t *sequence);
/* Largest payload that xrce_out_loan can ever give. */
uint32_t xrce_out_loan_capacity(const xrce_stream_out_t *stream, const xrce_peer_t *peer);
void xrce_out_loan_commit(xrce_stream_out_t *stream, const xrce_peer_t *peer, uint32_t length, uint16_t sequence);
void xrce_out_loan_cancel(xrce_stream_out_t *stream, const xrce_peer_t *peer, uint32_t length, uint16_t sequence);

/* Sends what was not sent yet. Returns 0 or the first error of `send` (a reliable message then waits for the next
 * HEARTBEAT round, a best-effort one is lost). */
int xrce_out_flush(xrce_stream_out_t *stream, xrce_send_t send, void *context, uint32_t now);

/* The peer has everything before `first`; if it misses something, all unacknowledged messages go out again. */
int xrce_out_acknack(xrce_stream_out_t *stream, uint16_t first, uint16_t missing, xrce_send_t send, void *context);

/* True when a HEARTBEAT is due at `now` for [*first, *last]; arms the next. */
bool xrce_out_heartbeat(xrce_stream_out_t *stream, uint32_t now, uint16_t *first, uint16_t *last);

/*
 * The incoming reliable stream of one session: puts messages in order, knows what is missing.
 *
 * A message in order is handed on from where it lies; one ahead of its turn is copied into a slot and waits.
 * Memory: `history` slots of 4 + message bytes.
 */

#define XRCE_IN_PREFIX_BYTES 4u
#define XRCE_IN_MAX_HISTORY 16u /* an ACKNACK can name no more */

/* Handles one message in order. False: it cannot be taken now; it will be offered again. */
typedef bool (*xrce_take_t)(void *context, const uint8_t *message, uint32_t length);

/* `history` is cut to XRCE_IN_MAX_HISTORY. */
void xrce_in_init(xrce_stream_in_t *stream, uint8_t *memory, uint32_t slot_bytes, uint16_t history);
void xrce_in_reset(xrce_stream_in_t *stream);

/* Takes a whole message with its number; calls `take` for it and for those that waited for it. */
void xrce_in_message(xrce_stream_in_t *stream, uint16_t sequence, const uint8_t *message, uint32_t length,
                     xrce_take_t take, void *context);

/* The peer still holds [first, last]. Returns how many messages it gave up that were not yet taken. */
uint16_t xrce_in_heartbeat(xrce_stream_in_t *stream, uint16_t first, uint16_t last);

/* What an ACKNACK says now: bit i of the result: expected + i is missing. */
uint16_t xrce_in_missing(const xrce_stream_in_t *stream);

/* xrce_link.c: whole messages out, framed if need be. */

/* Sends one message. An xrce_send_t with the client as context. */
int xrce_link_send(void *client, const uint8_t *bytes, uint32_t length);
/* Writes request id and object id of a sample. */
void xrce_link_sample_head(uint8_t *place, const xrce_entity_t *writer, uint16_t request);
/* Sends what waits in the session's streams. */
int xrce_link_flush(xrce_client_t *client, xrce_session_t *session);

/* The stream of a writer's samples. */
static inline xrce_stream_out_t *xrce_data_stream(xrce_session_t *session, const xrce_entity_t *writer)
{
    return &session->out[(writer->flags & XRCE_E_RELIABLE_STREAM) != 0u ? XRCE_OUT_RELIABLE : XRCE_OUT_BEST_EFFORT];
}

#endif
