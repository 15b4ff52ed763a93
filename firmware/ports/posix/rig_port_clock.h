/* CLOCK_MONOTONIC in nanoseconds, low 32 bits: wraps after 4.3 s, which bounds a single measured interval. */
#ifndef RIG_PORT_CLOCK_H
#define RIG_PORT_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint32_t rig_port_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec);
}

#endif
