/* The critical section of a single-core board: interrupts off. Nests; safe from interrupts. */
#include <stdint.h>

#include "rig_port.h"

static uint32_t depth;
static uint32_t was_masked;

void rig_port_lock(void)
{
    uint32_t masked;

    __asm volatile("mrs %0, primask\n cpsid i" : "=r"(masked)::"memory");
    if (depth++ == 0u) {
        was_masked = masked;
    }
}

uint32_t rig_port_lock_depth(void)
{
    return depth;
}

void rig_port_unlock(void)
{
    if (--depth == 0u && was_masked == 0u) {
        __asm volatile("cpsie i" ::: "memory");
    }
}
