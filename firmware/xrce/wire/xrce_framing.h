/*
 * Serial framing: 0x7E, then escaped source, destination, length (LE), payload, CRC-16/ARC of the payload (LE).
 * No closing flag; a bare flag restarts. Knows no transport: the encoder hands out pieces, the decoder takes bytes.
 */
#ifndef XRCE_FRAMING_H
#define XRCE_FRAMING_H

#include "xrce_config.h"
#include "xrce_types.h"

#define XRCE_FRAME_FLAG 0x7Eu
#define XRCE_FRAME_ESCAPE 0x7Du
#define XRCE_FRAME_XOR 0x20u
#define XRCE_ADDRESS_CLIENT 0x01u
#define XRCE_ADDRESS_AGENT 0x00u

/* Takes a piece of the frame; negative ends the encoding. */
typedef int (*xrce_frame_sink_t)(void *context, const uint8_t *bytes, size_t length);

uint16_t xrce_crc16_update(uint16_t crc, const uint8_t *bytes, uint32_t length);

/* Sends one frame to `sink` in pieces of at most XRCE_CHUNK_BYTES. Returns 0 or the sink's negative value. */
int xrce_frame_write(xrce_frame_sink_t sink, void *context, uint8_t source, uint8_t destination,
                     const uint8_t *payload, uint32_t length);

void xrce_frame_decoder_init(xrce_frame_decoder_t *decoder, uint8_t *payload, uint32_t capacity);

/* Takes bytes until a frame is complete; *used tells how many. Returns the payload's length (> 0) when one is, else
 * 0 with all bytes used. Frames for other addresses than `decoder->destination` are the caller's to tell. */
int xrce_frame_decode(xrce_frame_decoder_t *decoder, const uint8_t *bytes, uint32_t length, uint32_t *used);

#endif
