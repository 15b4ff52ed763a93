/*
 * What the middleware asks of the C library, the transport and the port, counted.
 *
 * memcpy and its family are caught by the linker (--wrap), so a prebuilt middleware is counted as well. What the
 * compiler turns into plain loads and stores is not seen here: the rig's own scan of RAM is the second witness.
 */
#ifndef BENCH_COUNTERS_H
#define BENCH_COUNTERS_H

#include "rig_mailbox.h"

extern uint32_t bench_counters[RIG_COUNTERS];

#define BENCH_COUNT(what, n) (bench_counters[(what)] += (uint32_t)(n))

#endif
