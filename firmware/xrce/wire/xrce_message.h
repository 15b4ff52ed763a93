/* Message and submessage headers. Their 16-bit fields are little-endian whatever the payload's flag says. */
#ifndef XRCE_MESSAGE_H
#define XRCE_MESSAGE_H

#include "wire/xrce_cdr.h"

#define XRCE_SUBHEADER_BYTES 4u
#define XRCE_MAX_HEADER_BYTES 8u
#define XRCE_SAMPLE_HEAD_BYTES 4u /* request id and object id before the sample */
#define XRCE_LENGTH_FIELD_MAX 0xFFF8u /* samples up to here have their length in the submessage header */

typedef struct {
    uint8_t session;
    uint8_t stream;
    uint16_t sequence;
    const uint8_t *key; /* NULL when the header has none */
    uint32_t bytes;     /* length of the header */
} xrce_header_t;

/* One submessage inside a message; `payload` points into the message. */
typedef struct {
    uint8_t id;
    uint8_t flags;
    const uint8_t *payload;
    uint32_t length;
} xrce_submessage_t;

static inline uint32_t xrce_header_bytes(uint8_t session)
{
    return (session & 0x80u) != 0u ? 4u : 8u;
}

/* Writes the header (4 or 8 bytes) and returns its length. */
uint32_t xrce_header_write(uint8_t *place, const xrce_peer_t *peer, uint8_t stream, uint16_t sequence);

#define XRCE_BARE_BYTES (XRCE_MAX_HEADER_BYTES + XRCE_SUBHEADER_BYTES + 8u) /* the longest but for the login */

/* Begins a message outside the streams at the start of the writer's memory: one submessage, whose `length` payload
 * bytes are to be written next. */
void xrce_bare_open(xrce_writer_t *writer, const xrce_peer_t *peer, uint8_t id, uint32_t length);

/* Returns 0, or XRCE_ERR_ARGUMENT when the bytes are too few for a header. */
int xrce_header_read(xrce_header_t *header, const uint8_t *bytes, uint32_t length);

/* A length that does not fit 16 bits is written as 0: to the end of the message. */
void xrce_subheader_write(uint8_t *place, uint8_t id, uint8_t flags, uint32_t length);

/* Reads the submessage at *at (aligned to 4 first) and moves *at behind it. Returns 1, 0 at the end of the message,
 * or XRCE_ERR_ARGUMENT when it claims more bytes than there are. */
int xrce_submessage_next(xrce_submessage_t *submessage, const uint8_t *bytes, uint32_t length, uint32_t *at);

/* Reads a submessage's payload, in the order of bytes that its flags name. */
void xrce_submessage_open(xrce_reader_t *reader, const xrce_submessage_t *submessage);

#endif
