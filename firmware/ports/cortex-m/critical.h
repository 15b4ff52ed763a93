/* The port's own critical section: the same as rig_port_lock, but not counted as a call of the middleware. */
#ifndef RIG_CRITICAL_H
#define RIG_CRITICAL_H

#include <stdint.h>

static inline uint32_t rig_critical_enter(void)
{
    uint32_t masked;

    __asm volatile("mrs %0, primask\n cpsid i" : "=r"(masked)::"memory");
    return masked;
}

static inline void rig_critical_leave(uint32_t masked)
{
    if (masked == 0u) {
        __asm volatile("cpsie i" ::: "memory");
    }
}

#endif
