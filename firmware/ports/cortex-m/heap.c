/* The heap of a bare Cortex-M board: the RAM behind all data. Nothing of the bench uses it; a middleware may, and what it
 * takes is counted. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "bench_counters.h"
#include "rig_port.h"

extern uint8_t end[], rig_ram_end[]; /* from the linker script */

static uint32_t now;
static uint32_t most;

void *_sbrk(ptrdiff_t bytes);

/* The C library's malloc asks here for more. */
void *_sbrk(ptrdiff_t bytes)
{
    uint8_t *place = end + now;

    if (bytes > rig_ram_end - place || bytes < -(ptrdiff_t)now) {
        errno = ENOMEM;
        return (void *)-1; /* NOLINT: as sbrk has it */
    }
    now += (uint32_t)bytes;
    most = now > most ? now : most;
    return place;
}

uint32_t rig_port_heap(void)
{
    return most;
}

/* Calls of the malloc family, caught by the linker. */
void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);

void *__wrap_malloc(size_t bytes)
{
    BENCH_COUNT(RIG_COUNT_ALLOCATIONS, 1);
    return __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    BENCH_COUNT(RIG_COUNT_ALLOCATIONS, 1);
    return __real_calloc(count, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
    BENCH_COUNT(RIG_COUNT_ALLOCATIONS, 1);
    return __real_realloc(old, bytes);
}
