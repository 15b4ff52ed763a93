#include "wire/xrce_framing.h"

enum { FRAME_IDLE, FRAME_SOURCE, FRAME_DESTINATION, FRAME_LENGTH_LOW, FRAME_LENGTH_HIGH, FRAME_PAYLOAD,
       FRAME_CRC_LOW, FRAME_CRC_HIGH };

/* CRC-16/ARC by half bytes: 32 bytes of table are affordable on the smallest board. */
static const uint16_t crc_table[16] = {0x0000, 0xCC01, 0xD801, 0x1400, 0xF001, 0x3C00, 0x2800, 0xE401,
                                       0xA001, 0x6C00, 0x7800, 0xB401, 0x5000, 0x9C01, 0x8801, 0x4400};

uint16_t xrce_crc16_update(uint16_t crc, const uint8_t *bytes, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++) {
        crc = (uint16_t)(crc >> 4 ^ crc_table[(crc ^ bytes[i]) & 0x0Fu]);
        crc = (uint16_t)(crc >> 4 ^ crc_table[(crc ^ bytes[i] >> 4) & 0x0Fu]);
    }
    return crc;
}

typedef struct {
    xrce_frame_sink_t sink;
    void *context;
    uint32_t count;
    int status;
    uint8_t bytes[XRCE_CHUNK_BYTES];
} frame_chunk_t;

static void chunk_flush(frame_chunk_t *chunk)
{
    if (chunk->status >= 0 && chunk->count != 0u) {
        int sent = chunk->sink(chunk->context, chunk->bytes, chunk->count);

        chunk->status = sent < 0 ? sent : 0;
    }
    chunk->count = 0;
}

static void chunk_put(frame_chunk_t *chunk, const uint8_t *bytes, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++) {
        if (chunk->count > XRCE_CHUNK_BYTES - 2u) {
            chunk_flush(chunk);
        }
        if (bytes[i] == XRCE_FRAME_FLAG || bytes[i] == XRCE_FRAME_ESCAPE) {
            chunk->bytes[chunk->count++] = XRCE_FRAME_ESCAPE;
            chunk->bytes[chunk->count++] = bytes[i] ^ XRCE_FRAME_XOR;
        } else {
            chunk->bytes[chunk->count++] = bytes[i];
        }
    }
}

int xrce_frame_write(xrce_frame_sink_t sink, void *context, uint8_t source, uint8_t destination,
                     const uint8_t *payload, uint32_t length)
{
    frame_chunk_t chunk;
    uint16_t crc = xrce_crc16_update(0, payload, length);
    const uint8_t head[4] = {source, destination, (uint8_t)length, (uint8_t)(length >> 8)};
    const uint8_t tail[2] = {(uint8_t)crc, (uint8_t)(crc >> 8)};

    if (length > 0xFFFFu) {
        return XRCE_ERR_TOO_LARGE;
    }
    chunk.sink = sink;
    chunk.context = context;
    chunk.status = 0;
    chunk.count = 1;
    chunk.bytes[0] = XRCE_FRAME_FLAG;
    chunk_put(&chunk, head, sizeof(head));
    chunk_put(&chunk, payload, length);
    XRCE_ON_COPY(length);
    chunk_put(&chunk, tail, sizeof(tail));
    chunk_flush(&chunk);
    return chunk.status;
}

void xrce_frame_decoder_init(xrce_frame_decoder_t *decoder, uint8_t *payload, uint32_t capacity)
{
    decoder->payload = payload;
    decoder->capacity = capacity;
    decoder->state = FRAME_IDLE;
    decoder->escaped = false;
    decoder->errors = 0;
    decoder->got = 0;
    decoder->length = 0;
    decoder->crc = 0;
    decoder->source = 0;
    decoder->destination = 0;
}

/* One unescaped byte. Returns true when it completes a sound frame. */
static bool frame_byte(xrce_frame_decoder_t *decoder, uint8_t byte)
{
    switch (decoder->state) {
    case FRAME_SOURCE:
        decoder->source = byte;
        break;
    case FRAME_DESTINATION:
        decoder->destination = byte;
        break;
    case FRAME_LENGTH_LOW:
        decoder->length = byte;
        break;
    case FRAME_LENGTH_HIGH:
        decoder->length |= (uint32_t)byte << 8;
        if (decoder->length == 0u || decoder->length > decoder->capacity) {
            decoder->errors++;
            decoder->state = FRAME_IDLE;
            return false;
        }
        decoder->got = 0;
        break;
    case FRAME_PAYLOAD:
        decoder->payload[decoder->got++] = byte;
        if (decoder->got < decoder->length) {
            return false;
        }
        break;
    case FRAME_CRC_LOW:
        decoder->crc = byte;
        break;
    case FRAME_CRC_HIGH:
        decoder->crc = (uint16_t)(decoder->crc | (uint32_t)byte << 8);
        decoder->state = FRAME_IDLE;
        XRCE_ON_COPY(decoder->length);
        if (decoder->crc == xrce_crc16_update(0, decoder->payload, decoder->length)) {
            return true;
        }
        decoder->errors++;
        return false;
    default:
        return false; /* noise between frames */
    }
    decoder->state++;
    return false;
}

int xrce_frame_decode(xrce_frame_decoder_t *decoder, const uint8_t *bytes, uint32_t length, uint32_t *used)
{
    for (uint32_t i = 0; i < length; i++) {
        uint8_t byte = bytes[i];

        if (byte == XRCE_FRAME_FLAG) {
            decoder->errors += decoder->state > FRAME_SOURCE ? 1u : 0u;
            decoder->state = FRAME_SOURCE;
            decoder->escaped = false;
        } else if (byte == XRCE_FRAME_ESCAPE) {
            decoder->escaped = true;
        } else {
            bool escaped = decoder->escaped;

            decoder->escaped = false;
            if (frame_byte(decoder, escaped ? byte ^ XRCE_FRAME_XOR : byte)) {
                *used = i + 1u;
                return (int)decoder->length;
            }
        }
    }
    *used = length;
    return 0;
}
