/*
 * The other contexts of a bare Cortex-M board: SysTick, and PendSV below it.
 *
 * PendSV has the lowest priority and is set pending by SysTick: it begins when that is over, and the next one can come
 * into it.
 */
#include "preempt.h"

#include <stddef.h>

#include "rig_port.h"

#define SYSTICK_CTRL (*(volatile uint32_t *)0xE000E010u)
#define SYSTICK_RELOAD (*(volatile uint32_t *)0xE000E014u)
#define SYSTICK_VALUE (*(volatile uint32_t *)0xE000E018u)
#define SYSTICK_RUN 7u /* processor clock, interrupt, enable */
#define SYSTICK_LONGEST 0x00FFFFFFu
#define ICSR (*(volatile uint32_t *)0xE000ED04u)
#define ICSR_PENDSV (1u << 28)
#define SHPR3 (*(volatile uint32_t *)0xE000ED20u)
#define SHPR3_PENDSV_LOWEST (0xFFu << 16)

static uint32_t (*volatile running[RIG_PORT_OTHERS])(void);
static volatile uint32_t latest;

static void arm(uint32_t ticks)
{
    SYSTICK_CTRL = 0;
    if (ticks != 0u) {
        SYSTICK_RELOAD = ticks < SYSTICK_LONGEST ? ticks : SYSTICK_LONGEST;
        SYSTICK_VALUE = 0;
        SYSTICK_CTRL = SYSTICK_RUN;
    }
}

void rig_systick(void)
{
    uint32_t late = SYSTICK_RELOAD - SYSTICK_VALUE; /* it went on counting when it was due */
    uint32_t (*handler)(void) = running[0];
    uint32_t ticks = 0;

    SYSTICK_CTRL = 0; /* or a handler longer than its pause would be pending again, and main never run */
    latest = late > latest ? late : latest;
    if (handler != NULL) {
        ticks = handler();
        if (ticks == 0u) {
            running[0] = NULL; /* a call that lasted longer than the pause before it has made the next one pending */
        }
    }
    arm(ticks);
    if (running[1] != NULL) {
        ICSR = ICSR_PENDSV;
    }
}

void rig_pendsv(void)
{
    uint32_t (*handler)(void) = running[1];

    if (handler != NULL) {
        uint32_t ticks = handler();

        if (ticks == 0u) {
            running[1] = NULL;
        } else if (running[0] == NULL) {
            arm(ticks); /* nobody else sets the pace */
        }
    }
}

void rig_port_preempt_at(uint32_t other, uint32_t (*handler)(void), uint32_t point)
{
    (void)other;
    (void)handler;
    (void)point;
}

uint32_t rig_port_points(void)
{
    return 0;
}

void rig_port_preempt(uint32_t other, uint32_t (*handler)(void), uint32_t ticks)
{
    running[other] = handler;
    SHPR3 |= SHPR3_PENDSV_LOWEST;
    if (handler != NULL) {
        arm(ticks);
    } else if (running[0] == NULL && running[1] == NULL) {
        arm(0);
    }
}

uint32_t rig_port_held_off(void)
{
    uint32_t longest = latest;

    latest = 0;
    return longest;
}
