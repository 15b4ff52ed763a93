#include "bench_counters.h"

#include <string.h>

uint32_t bench_counters[RIG_COUNTERS];

void *__real_memcpy(void *to, const void *from, size_t bytes);
void *__real_memmove(void *to, const void *from, size_t bytes);
void *__real_memset(void *to, int value, size_t bytes);
void *__wrap_memcpy(void *to, const void *from, size_t bytes);
void *__wrap_memmove(void *to, const void *from, size_t bytes);
void *__wrap_memset(void *to, int value, size_t bytes);

void *__wrap_memcpy(void *to, const void *from, size_t bytes)
{
    BENCH_COUNT(RIG_COUNT_COPY_CALLS, 1);
    BENCH_COUNT(RIG_COUNT_COPY_BYTES, bytes);
    return __real_memcpy(to, from, bytes);
}

void *__wrap_memmove(void *to, const void *from, size_t bytes)
{
    BENCH_COUNT(RIG_COUNT_COPY_CALLS, 1);
    BENCH_COUNT(RIG_COUNT_COPY_BYTES, bytes);
    return __real_memmove(to, from, bytes);
}

void *__wrap_memset(void *to, int value, size_t bytes)
{
    BENCH_COUNT(RIG_COUNT_SET_CALLS, 1);
    return __real_memset(to, value, bytes);
}

/* The middleware's calls into the port; the bench's own idling goes another way and is not counted. */
void __real_rig_port_wake(void);
void __real_rig_port_wait(uint32_t ms);
void __wrap_rig_port_wake(void);
void __wrap_rig_port_wait(uint32_t ms);

void __wrap_rig_port_wake(void)
{
    BENCH_COUNT(RIG_COUNT_WAITS, 1);
    __real_rig_port_wake();
}

void __wrap_rig_port_wait(uint32_t ms)
{
    BENCH_COUNT(RIG_COUNT_WAITS, 1);
    __real_rig_port_wait(ms);
}
