/* The clock of all measurements: CMSDK timer 0 of the MPS2 boards, which NuttX leaves alone, free-running at 25 MHz. It
 * counts down; its complement counts up and wraps after 171 s. Another board has another clock here: one load, no call. */
#ifndef RIG_PORT_CLOCK_H
#define RIG_PORT_CLOCK_H

#include <stdint.h>

static inline uint32_t rig_port_clock(void)
{
    return ~*(volatile uint32_t *)0x40000004u;
}

#endif
