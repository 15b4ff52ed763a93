/* Put before every source of the reference client in a bench build: the payload bytes that its framing moves by a
 * loop are counted like those of memcpy. */
#ifndef BENCH_COPY_HOOK_H
#define BENCH_COPY_HOOK_H

#include <stdint.h>

extern uint32_t bench_counters[];

#define XRCE_ON_COPY(bytes) (bench_counters[1] += (uint32_t)(bytes)) /* RIG_COUNT_COPY_BYTES */

#endif
