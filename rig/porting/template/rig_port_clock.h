/* The clock of all measurements: a 32-bit timer that counts up, wraps at 2^32, and counts on while the core sleeps. */
#ifndef RIG_PORT_CLOCK_H
#define RIG_PORT_CLOCK_H

#include <stdint.h>

#include "todo.h"

RIG_TODO("the address of the timer's counter register")
#define TIMER_COUNTER 0x40000024u

/* SysTick counts the core's clock. If the timer has that rate too, take this line away. */
#define RIG_PORT_SYSTICK_HZ rig_core_hz
extern const uint32_t rig_core_hz;

static inline uint32_t rig_port_clock(void)
{
    return *(volatile uint32_t *)TIMER_COUNTER;
}

#endif
