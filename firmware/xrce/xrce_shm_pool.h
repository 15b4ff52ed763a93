/*
 * The shared buffers. A buffer is pure payload in the application's memory; what the library must know about it
 * stands in a header elsewhere. One buffer serves all readers and the link: it is free again when the last of its
 * users let go of it. Every function here is called under the port's lock, from any context.
 */
#ifndef XRCE_SHM_POOL_H
#define XRCE_SHM_POOL_H

#include "xrce_config.h"
#include "xrce_types.h"

#if XRCE_SHM

struct xrce_entity;

typedef struct xrce_buffer {
    struct xrce_buffer *next;      /* free list, or the samples in the order of their publishing */
    struct xrce_buffer *next_link; /* samples of one session that wait for the link */
    struct xrce_buffer *next_kept; /* ring of what a writer keeps for late readers */
    struct xrce_entity *writer;
    uint8_t *data;
    uint32_t length;
    uint16_t number; /* kept sample: its writer's count; request: its id */
    uint8_t users; /* 0: free or lent to the application */
    uint8_t flags; /* xrce_buffer_flag */
} xrce_buffer_t;

enum xrce_buffer_flag {
    XRCE_B_BUSY = 0x01, /* the main context copies from it now */
    XRCE_B_LOCAL = 0x02 /* some local reader gets it */
};

typedef struct {
    xrce_buffer_t *free;
    xrce_buffer_t *headers;
    uint32_t buffer_bytes;
    uint32_t count;
    uint32_t free_count;
} xrce_pool_t;

/* Cuts `memory` into `count` buffers of (bytes / count) rounded down to 8. Not under the lock: before all use. */
void xrce_pool_init(xrce_pool_t *pool, xrce_buffer_t *headers, uint32_t count, uint8_t *memory, uint32_t bytes);

static inline xrce_buffer_t *xrce_pool_take(xrce_pool_t *pool)
{
    xrce_buffer_t *buffer = pool->free;

    if (XRCE_LIKELY(buffer != NULL)) {
        pool->free = buffer->next;
        pool->free_count--;
    }
    return buffer;
}

static inline void xrce_pool_give(xrce_pool_t *pool, xrce_buffer_t *buffer)
{
    buffer->next = pool->free;
    pool->free = buffer;
    pool->free_count++;
}

#endif
#endif
