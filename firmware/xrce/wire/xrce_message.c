#include "wire/xrce_message.h"

#include "xrce_config.h"

uint32_t xrce_header_write(uint8_t *place, const xrce_peer_t *peer, uint8_t stream, uint16_t sequence)
{
    uint32_t bytes = xrce_header_bytes(peer->session);

    place[0] = peer->session;
    place[1] = stream;
    place[2] = (uint8_t)sequence;
    place[3] = (uint8_t)(sequence >> 8);
    for (uint32_t i = 4; i < bytes; i++) {
        place[i] = peer->key[i - 4u];
    }
    return bytes;
}

int xrce_header_read(xrce_header_t *header, const uint8_t *bytes, uint32_t length)
{
    if (length < 4u || length < xrce_header_bytes(bytes[0])) {
        return XRCE_ERR_ARGUMENT;
    }
    header->session = bytes[0];
    header->stream = bytes[1];
    header->sequence = (uint16_t)(bytes[2] | (uint32_t)bytes[3] << 8);
    header->bytes = xrce_header_bytes(bytes[0]);
    header->key = header->bytes == 8u ? bytes + 4 : NULL;
    return XRCE_OK;
}

void xrce_subheader_write(uint8_t *place, uint8_t id, uint8_t flags, uint32_t length)
{
    uint32_t field = length > 0xFFFFu ? 0u : length;

    place[0] = id;
    place[1] = flags;
    place[2] = (uint8_t)field;
    place[3] = (uint8_t)(field >> 8);
}

XRCE_COLD void xrce_bare_open(xrce_writer_t *writer, const xrce_peer_t *peer, uint8_t id, uint32_t length)
{
    uint32_t header = xrce_header_write(writer->bytes, peer, XRCE_STREAM_NONE, 0);

    xrce_subheader_write(writer->bytes + header, id, XRCE_LITTLE_ENDIAN, length);
    writer->at = header + XRCE_SUBHEADER_BYTES;
}

int xrce_submessage_next(xrce_submessage_t *submessage, const uint8_t *bytes, uint32_t length, uint32_t *at)
{
    uint32_t begin = (*at + 3u) & ~3u;
    uint32_t rest;

    if (begin >= length || length - begin < XRCE_SUBHEADER_BYTES) {
        return 0; /* fewer bytes than a header are padding */
    }
    submessage->id = bytes[begin];
    submessage->flags = bytes[begin + 1u];
    submessage->length = bytes[begin + 2u] | (uint32_t)bytes[begin + 3u] << 8;
    submessage->payload = bytes + begin + XRCE_SUBHEADER_BYTES;
    rest = length - begin - XRCE_SUBHEADER_BYTES;
    if (submessage->length > rest) {
        return XRCE_ERR_ARGUMENT;
    }
    if (submessage->length == 0u && (submessage->id == XRCE_DATA || submessage->id == XRCE_WRITE_DATA)) {
        submessage->length = rest;
    }
    *at = begin + XRCE_SUBHEADER_BYTES + submessage->length;
    return 1;
}

void xrce_submessage_open(xrce_reader_t *reader, const xrce_submessage_t *submessage)
{
    bool little = (submessage->flags & XRCE_LITTLE_ENDIAN) != 0u;

    xrce_read_open(reader, submessage->payload, submessage->length, little);
}
