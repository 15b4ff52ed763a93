/*
 * The frame decoder: any bytes, in any pieces. The first byte chooses the piece length and the decoder's capacity.
 * Invariants: no payload is longer than the capacity; the pieces do not matter; what we encode is decoded.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "wire/xrce_framing.h"

#define MOST 600u

typedef struct {
    uint8_t payload[MOST];
    uint8_t log[1 << 16];
    uint32_t logged;
    xrce_frame_decoder_t decoder;
} side_t;

static void require(int condition)
{
    if (!condition) {
        abort();
    }
}

static void decode(side_t *side, const uint8_t *bytes, uint32_t length)
{
    while (length != 0u) {
        uint32_t used = 0;
        int got = xrce_frame_decode(&side->decoder, bytes, length, &used);

        require(used <= length && (got > 0 || used == length) && got >= 0);
        require((uint32_t)got <= side->decoder.capacity);
        if (side->logged + (uint32_t)got <= sizeof(side->log)) {
            memcpy(side->log + side->logged, side->payload, (size_t)got);
            side->logged += (uint32_t)got;
        }
        bytes += used;
        length -= used;
    }
}

static int collect(void *context, const uint8_t *bytes, size_t length)
{
    decode(context, bytes, (uint32_t)length);
    return (int)length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static side_t whole;
    static side_t pieces;
    uint32_t capacity;
    uint32_t piece;

    if (size < 2u || size > 1u << 15) {
        return 0;
    }
    piece = 1u + data[0] % 7u;
    capacity = 1u + data[0] * 2u;
    data++;
    size--;
    whole.logged = pieces.logged = 0;
    xrce_frame_decoder_init(&whole.decoder, whole.payload, capacity);
    xrce_frame_decoder_init(&pieces.decoder, pieces.payload, capacity);
    decode(&whole, data, (uint32_t)size);
    for (uint32_t at = 0; at < size; at += piece) {
        decode(&pieces, data + at, (uint32_t)size - at < piece ? (uint32_t)size - at : piece);
    }
    require(whole.logged == pieces.logged && memcmp(whole.log, pieces.log, whole.logged) == 0);
    require(whole.decoder.errors == pieces.decoder.errors);

    if (size <= MOST) {
        whole.logged = 0;
        xrce_frame_decoder_init(&whole.decoder, whole.payload, MOST);
        require(xrce_frame_write(collect, &whole, 1, 0, data, (uint32_t)size) >= 0);
        require(whole.logged == size && memcmp(whole.log, data, size) == 0);
    }
    return 0;
}
