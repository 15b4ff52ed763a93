/*
 * XCDR1 serialisation into and out of caller memory, bounded at every step.
 *
 * Both sides carry a sticky failure flag: a sequence of calls is checked once at its end. Alignment counts from the
 * start of the memory that the cursor was opened on, which is right for submessage payloads (they start 4-aligned
 * and hold no 8-byte types) and for the bodies of BIN representations, which have an origin of their own.
 */
#ifndef XRCE_CDR_H
#define XRCE_CDR_H

#include "xrce_types.h"

typedef struct {
    uint8_t *bytes; /* NULL: only measure */
    uint32_t size;
    uint32_t at;
    bool failed;
} xrce_writer_t;

typedef struct {
    const uint8_t *bytes;
    uint32_t size;
    uint32_t at;
    bool little;
    bool failed;
} xrce_reader_t;

void xrce_write_open(xrce_writer_t *writer, uint8_t *bytes, uint32_t size);
void xrce_write_align(xrce_writer_t *writer, uint32_t alignment); /* padding is zeroed */
void xrce_write_u8(xrce_writer_t *writer, uint8_t value);
void xrce_write_u16(xrce_writer_t *writer, uint16_t value);
void xrce_write_u32(xrce_writer_t *writer, uint32_t value);
void xrce_write_be16(xrce_writer_t *writer, uint16_t value); /* ids: two bytes, high first, unaligned */
/* NULL bytes: only the room is taken. */
void xrce_write_bytes(xrce_writer_t *writer, const void *bytes, uint32_t length);
void xrce_write_string(xrce_writer_t *writer, const char *text); /* length with NUL, then the characters */

void xrce_read_open(xrce_reader_t *reader, const uint8_t *bytes, uint32_t size, bool little);
void xrce_read_align(xrce_reader_t *reader, uint32_t alignment);
uint8_t xrce_read_u8(xrce_reader_t *reader);
uint16_t xrce_read_u16(xrce_reader_t *reader);
uint32_t xrce_read_u32(xrce_reader_t *reader);
uint16_t xrce_read_be16(xrce_reader_t *reader);
const uint8_t *xrce_read_bytes(xrce_reader_t *reader, uint32_t length); /* NULL and failed when too short */
/* Returns the characters (NUL-ended inside the memory) or NULL with `failed` set. */
const char *xrce_read_string(xrce_reader_t *reader);

#endif
