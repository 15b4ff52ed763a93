/*
 * Bytes from one interrupt to the main context. One producer, one consumer; a full queue drops and counts.
 */
#ifndef RIG_BYTE_QUEUE_H
#define RIG_BYTE_QUEUE_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint8_t *bytes;
    uint32_t capacity;      /* a power of two */
    volatile uint32_t head; /* producer */
    volatile uint32_t tail; /* consumer */
    volatile uint32_t dropped;
} rig_byte_queue_t;

static inline void rig_byte_queue_put(rig_byte_queue_t *queue, uint8_t byte)
{
    if (queue->head - queue->tail == queue->capacity) {
        queue->dropped++;
        return;
    }
    queue->bytes[queue->head & (queue->capacity - 1u)] = byte;
    queue->head++;
}

static inline size_t rig_byte_queue_take(rig_byte_queue_t *queue, uint8_t *to, size_t capacity)
{
    size_t taken = 0;

    while (taken < capacity && queue->tail != queue->head) {
        to[taken++] = queue->bytes[queue->tail & (queue->capacity - 1u)];
        queue->tail++;
    }
    return taken;
}

#endif
