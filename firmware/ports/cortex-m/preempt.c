/* The second context of a bare Cortex-M board: the SysTick interrupt. */
#include "preempt.h"

#include <stddef.h>

#include "rig_port.h"

#define SYSTICK_CTRL (*(volatile uint32_t *)0xE000E010u)
#define SYSTICK_RELOAD (*(volatile uint32_t *)0xE000E014u)
#define SYSTICK_VALUE (*(volatile uint32_t *)0xE000E018u)
#define SYSTICK_RUN 7u /* processor clock, interrupt, enable */
#define SYSTICK_LONGEST 0x00FFFFFFu

static uint32_t (*volatile running)(void);

static void arm(uint32_t cycles)
{
    SYSTICK_CTRL = 0;
    if (cycles != 0u) {
        SYSTICK_RELOAD = cycles < SYSTICK_LONGEST ? cycles : SYSTICK_LONGEST;
        SYSTICK_VALUE = 0;
        SYSTICK_CTRL = SYSTICK_RUN;
    }
}

void rig_systick(void)
{
    uint32_t (*handler)(void) = running;
    uint32_t cycles;

    SYSTICK_CTRL = 0; /* or a handler longer than its pause would be pending again, and main never run */
    cycles = handler != NULL ? handler() : 0u;
    if (cycles == 0u) {
        running = NULL; /* so that no call follows, whatever is pending */
    }
    arm(cycles);
}

void rig_port_preempt(uint32_t (*handler)(void))
{
    running = handler;
    arm(handler != NULL ? 1000u : 0u);
}
