/*
 * Arm MPS2, with the AN500 image (Cortex-M7) as QEMU's mps2-an500 emulates it. NuttX takes SysTick; the CMSDK timers are
 * free: timer 0 is the clock, timer 1 and the dual timer's first half are due when they are told.
 * Sources: CMSDK technical reference manual, Arm dual-timer module (SP804).
 */
#include <stddef.h>

#include <nuttx/arch.h>
#include <nuttx/irq.h>

#include "board.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define TIMER0 0x40000000u
#define TIMER1 0x40001000u
#define TIMER_CTRL 0x00u
#define TIMER_VALUE 0x04u
#define TIMER_RELOAD 0x08u
#define TIMER_INTCLEAR 0x0Cu
#define TIMER_ENABLE (1u << 0)
#define TIMER_IRQ (1u << 3)

#define DUAL 0x40002000u
#define DUAL_LOAD 0x00u
#define DUAL_VALUE 0x04u
#define DUAL_CTRL 0x08u
#define DUAL_INTCLEAR 0x0Cu
#define DUAL_FREE_RUNNING_32BIT (1u << 1)
#define DUAL_IRQ (1u << 5)
#define DUAL_ENABLE (1u << 7)

#define IRQ_FIRST 16 /* NuttX numbers exceptions first */
#define IRQ_TIMER1 (IRQ_FIRST + 9)
#define IRQ_DUAL (IRQ_FIRST + 10)

#define CLOCK_HZ 25000000u

const char rig_board_link_device[] = "/dev/ttyS0";

static void (*when_due)(uint32_t timer);

static int on_timer1(int irq, void *context, void *argument)
{
    (void)irq;
    (void)context;
    (void)argument;
    REGISTER(TIMER1 + TIMER_INTCLEAR) = 1;
    when_due(0);
    return 0;
}

static int on_dual(int irq, void *context, void *argument)
{
    (void)irq;
    (void)context;
    (void)argument;
    REGISTER(DUAL + DUAL_INTCLEAR) = 1;
    when_due(1);
    return 0;
}

int rig_board_start(void (*due)(uint32_t timer))
{
    int error;

    when_due = due;
    REGISTER(TIMER0 + TIMER_RELOAD) = 0xFFFFFFFFu;
    REGISTER(TIMER0 + TIMER_VALUE) = 0xFFFFFFFFu;
    REGISTER(TIMER0 + TIMER_CTRL) = TIMER_ENABLE;
    error = irq_attach(IRQ_TIMER1, on_timer1, NULL);
    if (error == 0) {
        error = irq_attach(IRQ_DUAL, on_dual, NULL);
    }
    if (error == 0) {
        up_enable_irq(IRQ_TIMER1);
        up_enable_irq(IRQ_DUAL);
    }
    return error;
}

uint32_t rig_board_clock_hz(void)
{
    return CLOCK_HZ;
}

void rig_board_arm(uint32_t timer, uint32_t ticks)
{
    if (timer == 0u) {
        REGISTER(TIMER1 + TIMER_CTRL) = 0;
        REGISTER(TIMER1 + TIMER_INTCLEAR) = 1;
        if (ticks != 0u) {
            REGISTER(TIMER1 + TIMER_RELOAD) = ticks;
            REGISTER(TIMER1 + TIMER_VALUE) = ticks;
            REGISTER(TIMER1 + TIMER_CTRL) = TIMER_ENABLE | TIMER_IRQ;
        }
    } else {
        REGISTER(DUAL + DUAL_CTRL) = 0;
        REGISTER(DUAL + DUAL_INTCLEAR) = 1;
        if (ticks != 0u) {
            REGISTER(DUAL + DUAL_LOAD) = ticks;
            REGISTER(DUAL + DUAL_CTRL) = DUAL_ENABLE | DUAL_IRQ | DUAL_FREE_RUNNING_32BIT;
        }
    }
}

uint32_t rig_board_late(uint32_t timer)
{
    if (timer == 0u) {
        return REGISTER(TIMER1 + TIMER_RELOAD) - REGISTER(TIMER1 + TIMER_VALUE); /* it goes on from the reload value */
    }
    return ~REGISTER(DUAL + DUAL_VALUE); /* this one goes on from the greatest */
}
