/* TIMER0 of an nRF51 or nRF52 as a 32-bit counter at 16 MHz: captured on demand, wraps after 268 s. */
#ifndef RIG_PORT_CLOCK_H
#define RIG_PORT_CLOCK_H

#include <stdint.h>

#ifdef RIG_NRF_CORE_HZ /* of an nRF52, whose SysTick is faster than its timers */
#define RIG_PORT_SYSTICK_HZ RIG_NRF_CORE_HZ
#endif

static inline uint32_t rig_port_clock(void)
{
    *(volatile uint32_t *)0x40008040u = 1; /* TASKS_CAPTURE[0] */
    return *(volatile uint32_t *)0x40008540u; /* CC[0] */
}

#endif
