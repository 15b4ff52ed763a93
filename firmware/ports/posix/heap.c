/*
 * What the linked code takes of the heap, seen by the linker (--wrap): the malloc family and, on a host, sbrk and
 * anonymous mappings. The C library's own allocations, and the kernel's, are not the middleware's and go another way.
 */
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "bench_counters.h"
#include "rig_port.h"

#ifndef __NuttX__
#include <sys/mman.h>
#include <unistd.h>
#endif

static _Atomic size_t now;
static _Atomic size_t most;

static void took(size_t bytes)
{
    size_t sum = atomic_fetch_add(&now, bytes) + bytes;
    size_t seen = atomic_load(&most);

    while (sum > seen && !atomic_compare_exchange_weak(&most, &seen, sum)) {
    }
}

static size_t size_of(void *place)
{
    return place != NULL ? malloc_usable_size(place) : 0u;
}

static void *allocated(void *place)
{
    BENCH_COUNT(RIG_COUNT_ALLOCATIONS, 1);
    took(size_of(place));
    return place;
}

static void gave(void *place)
{
    atomic_fetch_sub(&now, size_of(place));
}

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
int __real_posix_memalign(void **place, size_t alignment, size_t bytes);
void __real_free(void *place);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);
int __wrap_posix_memalign(void **place, size_t alignment, size_t bytes);
void __wrap_free(void *place);

void *__wrap_malloc(size_t bytes)
{
    return allocated(__real_malloc(bytes));
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return allocated(__real_calloc(count, bytes));
}

void *__wrap_realloc(void *old, size_t bytes)
{
    size_t before = size_of(old);
    void *place = __real_realloc(old, bytes);

    if (place != NULL || bytes == 0u) {
        atomic_fetch_sub(&now, before);
    }
    return allocated(place);
}

void *__wrap_aligned_alloc(size_t alignment, size_t bytes)
{
    return allocated(__real_aligned_alloc(alignment, bytes));
}

int __wrap_posix_memalign(void **place, size_t alignment, size_t bytes)
{
    int error = __real_posix_memalign(place, alignment, bytes);

    (void)allocated(error == 0 ? *place : NULL);
    return error;
}

void __wrap_free(void *place)
{
    gave(place);
    __real_free(place);
}

#ifndef __NuttX__
void *__real_sbrk(intptr_t bytes);
void *__real_mmap(void *place, size_t bytes, int protection, int flags, int fd, off_t offset);
void *__wrap_sbrk(intptr_t bytes);
void *__wrap_mmap(void *place, size_t bytes, int protection, int flags, int fd, off_t offset);

void *__wrap_sbrk(intptr_t bytes)
{
    void *place = __real_sbrk(bytes);

    if (bytes > 0 && place != (void *)-1) {
        BENCH_COUNT(RIG_COUNT_ALLOCATIONS, 1);
        took((size_t)bytes);
    }
    return place;
}

void *__wrap_mmap(void *place, size_t bytes, int protection, int flags, int fd, off_t offset)
{
    void *mapped = __real_mmap(place, bytes, protection, flags, fd, offset);

    if ((flags & MAP_ANONYMOUS) != 0 && mapped != MAP_FAILED) {
        BENCH_COUNT(RIG_COUNT_ALLOCATIONS, 1);
        took(bytes);
    }
    return mapped;
}
#endif

uint32_t rig_port_heap(void)
{
    size_t bytes = atomic_load(&most);

    return bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)bytes;
}
