#include "bench_payload.h"

#include <stdbool.h>

static uint32_t first_state(uint32_t sequence)
{
    uint32_t state = (sequence + 1u) * 2654435761u;

    return state != 0u ? state : 0x9E3779B9u; /* xorshift never leaves zero */
}

static uint32_t next_state(uint32_t state)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

static bool aligned(const uint8_t *p)
{
    return ((uintptr_t)p & 3u) == 0u;
}

void bench_payload_write(uint8_t *place, uint32_t length, uint32_t sequence)
{
    uint32_t state = first_state(sequence);
    uint32_t word = sequence;
    uint32_t i = 0;

    if (aligned(place)) {
        for (; i + 4u <= length; i += 4u) {
            *(uint32_t *)(void *)(place + i) = word;
            word = state = next_state(state);
        }
    }
    for (uint32_t byte = i & 3u; i < length; i++) {
        place[i] = (uint8_t)(word >> (8u * byte));
        byte = (byte + 1u) & 3u;
        if (byte == 0u) {
            word = state = next_state(state);
        }
    }
}

uint32_t bench_payload_sequence(const uint8_t *data, uint32_t length, uint32_t near)
{
    uint32_t low = 0;
    uint32_t bytes = length < 4u ? length : 4u;

    for (uint32_t i = 0; i < bytes; i++) {
        low |= (uint32_t)data[i] << (8u * i);
    }
    if (bytes < 4u) {
        uint32_t mask = (1u << (8u * bytes)) - 1u;
        uint32_t distance = (low - near) & mask;

        /* the nearest number with these low bits, at or after `near`, or just before it (a repeat) */
        low = distance > (mask >> 1) ? near - ((mask + 1u) - distance) : near + distance;
    }
    return low;
}

int32_t bench_payload_check(const uint8_t *data, uint32_t length, uint32_t sequence)
{
    uint32_t state = first_state(sequence);
    uint32_t word = sequence;
    uint32_t i = 0;

    if (aligned(data)) {
        for (; i + 4u <= length; i += 4u) {
            if (*(const uint32_t *)(const void *)(data + i) != word) {
                return (int32_t)i;
            }
            word = state = next_state(state);
        }
    }
    for (uint32_t byte = i & 3u; i < length; i++) {
        if (data[i] != (uint8_t)(word >> (8u * byte))) {
            return (int32_t)i;
        }
        byte = (byte + 1u) & 3u;
        if (byte == 0u) {
            word = state = next_state(state);
        }
    }
    return -1;
}
