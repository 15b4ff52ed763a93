/*
 * The other contexts of a bare Cortex-M board: SysTick, and PendSV below it.
 *
 * PendSV has the lowest priority and is set pending by SysTick: it begins when that is over, and the next one can come
 * into it. SysTick counts the processor's clock. Where the port's clock is another one, its rig_port_clock.h defines
 * RIG_PORT_SYSTICK_HZ, and ticks are converted.
 */
#include "preempt.h"

#include <stddef.h>

#include "common.h"
#include "rig_port.h"
#include "rig_port_clock.h"

#define SYSTICK_CTRL (*(volatile uint32_t *)0xE000E010u)
#define SYSTICK_RELOAD (*(volatile uint32_t *)0xE000E014u)
#define SYSTICK_VALUE (*(volatile uint32_t *)0xE000E018u)
#define SYSTICK_RUN 7u /* processor clock, interrupt, enable */
#define SYSTICK_ENABLED 1u
#define SYSTICK_LONGEST 0x00FFFFFFu
#define ICSR (*(volatile uint32_t *)0xE000ED04u)
#define ICSR_PENDSV (1u << 28)
#define ICSR_FORGET_SYSTICK (1u << 25)
#define SHPR3 (*(volatile uint32_t *)0xE000ED20u)
#define SHPR3_PENDSV_LOWEST (0xFFu << 16)

#ifdef RIG_PORT_SYSTICK_HZ
#define TO_SYSTICK(ticks) scaled(ticks, RIG_PORT_SYSTICK_HZ, rig_port_clock_hz())
#define FROM_SYSTICK(ticks) scaled(ticks, rig_port_clock_hz(), RIG_PORT_SYSTICK_HZ)

/* Never 0 of something: that would be no call at all. */
static uint32_t scaled(uint32_t ticks, uint32_t to, uint32_t from)
{
    uint32_t result = to == from ? ticks : (uint32_t)((uint64_t)ticks * to / from);

    return result == 0u && ticks != 0u ? 1u : result;
}
#else
#define TO_SYSTICK(ticks) (ticks)
#define FROM_SYSTICK(ticks) (ticks)
#endif

static uint32_t (*volatile running[RIG_PORT_OTHERS])(void);
static volatile uint32_t latest;
static volatile uint32_t left; /* of a pause that is longer than SysTick's 24 bits */

static void count_down(uint32_t ticks)
{
    uint32_t now = ticks < SYSTICK_LONGEST ? ticks : SYSTICK_LONGEST;

    left = ticks - now;
    SYSTICK_RELOAD = now;
    SYSTICK_VALUE = 0;
    SYSTICK_CTRL = SYSTICK_RUN;
}

static void arm(uint32_t ticks)
{
    SYSTICK_CTRL = 0;
    left = 0;
    if (ticks != 0u) {
        count_down(TO_SYSTICK(ticks));
    }
}

void rig_systick(void)
{
    uint32_t late = SYSTICK_RELOAD - SYSTICK_VALUE; /* it went on counting when it was due */
    uint32_t (*handler)(void) = running[0];
    uint32_t ticks = 0;

    SYSTICK_CTRL = 0; /* or a handler longer than its pause would be pending again, and main never run */
    if (left != 0u) {
        count_down(left);
        return;
    }
    if (running[0] == NULL && running[1] == NULL) {
        return; /* it ended a sleep */
    }
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

void rig_systick_sleep(uint32_t ticks)
{
    uint32_t longest = ticks < SYSTICK_LONGEST ? ticks : SYSTICK_LONGEST;

    __asm volatile("cpsid i" ::: "memory"); /* from here to WFI no interrupt can be missed */
    if (!rig_woken && longest != 0u) {
        bool borrowed = (SYSTICK_CTRL & SYSTICK_ENABLED) == 0u;
        uint32_t until_call = SYSTICK_VALUE;

        if (borrowed) {
            count_down(longest);
        } else if (until_call > longest) { /* the other context's pause, in two pieces */
            left += until_call - longest;
            SYSTICK_RELOAD = longest;
            SYSTICK_VALUE = 0;
        }
        __asm volatile("dsb\n wfi" ::: "memory");
        if (borrowed) {
            SYSTICK_CTRL = 0;
            ICSR = ICSR_FORGET_SYSTICK;
        }
    }
    __asm volatile("cpsie i\n isb" ::: "memory"); /* the interrupt that woke us runs here */
    rig_woken = false;
}

uint32_t rig_port_held_off(void)
{
    uint32_t longest = latest;

    latest = 0;
    return FROM_SYSTICK(longest);
}
