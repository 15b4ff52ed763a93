/*
 * The incoming reliable stream of one session: puts messages in order, knows what is missing.
 *
 * A message in order is handed on from where it lies; one ahead of its turn is copied into a slot and waits.
 * Memory: `history` slots of 4 + message bytes. Main context only.
 */
#ifndef XRCE_STREAM_IN_H
#define XRCE_STREAM_IN_H

#include "xrce_state.h"

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

#endif
