/* CMSDK timer 0, free-running at 25 MHz. It counts down; its complement counts up and wraps after 171 s. */
#ifndef RIG_PORT_CLOCK_H
#define RIG_PORT_CLOCK_H

#include <stdint.h>

static inline uint32_t rig_port_clock(void)
{
    return ~*(volatile uint32_t *)0x40000004u;
}

#endif
