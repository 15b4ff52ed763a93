/* The cycle counter of the core, or TIM2 where there is none that can be relied on: port.c finds out at start. Both are
 * 32 bits wide and count up. */
#ifndef RIG_PORT_CLOCK_H
#define RIG_PORT_CLOCK_H

#include <stdint.h>

extern const volatile uint32_t *rig_clock_register;
extern uint32_t rig_core_hz;

/* SysTick counts the core's clock, and TIM2 another one. */
#define RIG_PORT_SYSTICK_HZ rig_core_hz

static inline uint32_t rig_port_clock(void)
{
    return *rig_clock_register;
}

#endif
