/*
 * Payloads that prove themselves: every byte follows from the sequence number, so a reader can tell a whole sample
 * from a torn, cut or mixed one, and the rig can find the bytes again in RAM.
 *
 * Word 0 is the sequence number; word i is the i-th step of xorshift32 from a seed mixed from it. A payload that
 * ends inside a word carries the word's low bytes. rig/bench/_payload.py makes the same bytes.
 */
#ifndef BENCH_PAYLOAD_H
#define BENCH_PAYLOAD_H

#include <stdint.h>

void bench_payload_write(uint8_t *place, uint32_t length, uint32_t sequence);

/* The sequence number a payload claims; of one shorter than a word only the low bytes are known, the rest is
 * taken from `near`. */
uint32_t bench_payload_sequence(const uint8_t *data, uint32_t length, uint32_t near);

/* Index of the first byte that is not as published, or -1 if all `length` bytes are. */
int32_t bench_payload_check(const uint8_t *data, uint32_t length, uint32_t sequence);

#endif
