#include "wire/xrce_cdr.h"

#include <string.h>

void xrce_write_open(xrce_writer_t *writer, uint8_t *bytes, uint32_t size)
{
    writer->bytes = bytes;
    writer->size = size;
    writer->at = 0;
    writer->failed = false;
}

/* Takes `length` bytes; NULL when measuring or failed. */
static uint8_t *take(xrce_writer_t *writer, uint32_t length)
{
    uint8_t *place = NULL;

    if (writer->failed || length > writer->size - writer->at) {
        writer->failed = true;
        return NULL;
    }
    if (writer->bytes != NULL) {
        place = writer->bytes + writer->at;
    }
    writer->at += length;
    return place;
}

void xrce_write_align(xrce_writer_t *writer, uint32_t alignment)
{
    while (!writer->failed && (writer->at & (alignment - 1u)) != 0u) {
        xrce_write_u8(writer, 0);
    }
}

void xrce_write_u8(xrce_writer_t *writer, uint8_t value)
{
    uint8_t *place = take(writer, 1);

    if (place != NULL) {
        place[0] = value;
    }
}

void xrce_write_u16(xrce_writer_t *writer, uint16_t value)
{
    uint8_t *place;

    xrce_write_align(writer, 2);
    place = take(writer, 2);
    if (place != NULL) {
        place[0] = (uint8_t)value;
        place[1] = (uint8_t)(value >> 8);
    }
}

void xrce_write_u32(xrce_writer_t *writer, uint32_t value)
{
    uint8_t *place;

    xrce_write_align(writer, 4);
    place = take(writer, 4);
    for (uint32_t i = 0; place != NULL && i < 4u; i++) {
        place[i] = (uint8_t)(value >> (8u * i));
    }
}

void xrce_write_be16(xrce_writer_t *writer, uint16_t value)
{
    xrce_write_u8(writer, (uint8_t)(value >> 8));
    xrce_write_u8(writer, (uint8_t)value);
}

void xrce_write_bytes(xrce_writer_t *writer, const void *bytes, uint32_t length)
{
    uint8_t *place = take(writer, length);

    if (place != NULL && bytes != NULL && length != 0u) {
        memcpy(place, bytes, length);
    }
}

void xrce_write_string(xrce_writer_t *writer, const char *text)
{
    uint32_t length = (uint32_t)strlen(text) + 1u;

    xrce_write_u32(writer, length);
    xrce_write_bytes(writer, text, length);
}

void xrce_read_open(xrce_reader_t *reader, const uint8_t *bytes, uint32_t size, bool little)
{
    reader->bytes = bytes;
    reader->size = size;
    reader->at = 0;
    reader->little = little;
    reader->failed = false;
}

const uint8_t *xrce_read_bytes(xrce_reader_t *reader, uint32_t length)
{
    const uint8_t *place;

    if (reader->failed || length > reader->size - reader->at) {
        reader->failed = true;
        return NULL;
    }
    place = reader->bytes + reader->at;
    reader->at += length;
    return place;
}

void xrce_read_align(xrce_reader_t *reader, uint32_t alignment)
{
    uint32_t pad = (alignment - (reader->at & (alignment - 1u))) & (alignment - 1u);

    (void)xrce_read_bytes(reader, pad);
}

uint8_t xrce_read_u8(xrce_reader_t *reader)
{
    const uint8_t *place = xrce_read_bytes(reader, 1);

    return place == NULL ? 0u : place[0];
}

uint16_t xrce_read_be16(xrce_reader_t *reader)
{
    const uint8_t *place = xrce_read_bytes(reader, 2);

    return place == NULL ? 0u : (uint16_t)((uint32_t)place[0] << 8 | place[1]);
}

uint16_t xrce_read_u16(xrce_reader_t *reader)
{
    uint16_t value;

    xrce_read_align(reader, 2);
    value = xrce_read_be16(reader);
    return reader->little ? (uint16_t)((uint32_t)value << 8 | (uint32_t)value >> 8) : value;
}

uint32_t xrce_read_u32(xrce_reader_t *reader)
{
    const uint8_t *place;
    uint32_t value = 0;

    xrce_read_align(reader, 4);
    place = xrce_read_bytes(reader, 4);
    for (uint32_t i = 0; place != NULL && i < 4u; i++) {
        value |= (uint32_t)place[i] << (reader->little ? 8u * i : 24u - 8u * i);
    }
    return value;
}

const char *xrce_read_string(xrce_reader_t *reader)
{
    uint32_t length = xrce_read_u32(reader);
    const uint8_t *place = xrce_read_bytes(reader, length);

    if (place == NULL || length == 0u || place[length - 1u] != 0u) {
        reader->failed = true;
        return NULL;
    }
    return (const char *)place;
}
