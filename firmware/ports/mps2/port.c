/*
 * Arm MPS2 with the AN385 image (Cortex-M3) and others that have CMSDK timers and UART 0 at the same places, as QEMU
 * emulates them: the AN386 (Cortex-M4) and the AN500 (Cortex-M7).
 * Sources: Arm AN385 application note, CMSDK technical reference manual.
 */
#include "common.h"
#include "critical.h"
#include "preempt.h"
#include "rig_mailbox.h"
#include "rig_port.h"
#include "rig_port_clock.h"
#include "startup.h"

#define TIMER0 0x40000000u /* the clock */
#define TIMER1 0x40001000u /* ends a sleep */
#define TIMER_CTRL 0x00u
#define TIMER_VALUE 0x04u
#define TIMER_RELOAD 0x08u
#define TIMER_INTCLEAR 0x0Cu
#define TIMER_ENABLE (1u << 0)
#define TIMER_IRQ (1u << 3)

#define UART0 0x40004000u
#define UART_DATA 0x00u
#define UART_STATE 0x04u
#define UART_CTRL 0x08u
#define UART_INTCLEAR 0x0Cu
#define UART_BAUDDIV 0x10u
#define UART_TX_FULL (1u << 0)
#define UART_RX_FULL (1u << 1)
#define UART_TX_ENABLE (1u << 0)
#define UART_RX_ENABLE (1u << 1)
#define UART_RX_IRQ (1u << 3)
#define UART_RX_INTERRUPT (1u << 1)

#define IRQ_UART0_RX 0u
#define IRQ_TIMER1 9u

#define CLOCK_HZ 25000000u
#define TICKS_PER_MS (CLOCK_HZ / 1000u)
#define LONGEST_SLEEP_MS 10000u /* well below a wrap of the clock */

/* PSRAM holds nothing but messages. */
static uint8_t message_memory[16u * 1024u * 1024u] __attribute__((section(".psram"), aligned(8)));

static uint8_t receive_bytes[4096];
rig_byte_queue_t rig_link_received = {receive_bytes, sizeof(receive_bytes), 0, 0, 0};
const uint32_t rig_link_irq = IRQ_UART0_RX;

static void on_uart_receive(void)
{
    while ((REGISTER(UART0 + UART_STATE) & UART_RX_FULL) != 0u) {
        rig_byte_queue_put(&rig_link_received, (uint8_t)REGISTER(UART0 + UART_DATA));
        REGISTER(UART0 + UART_INTCLEAR) = UART_RX_INTERRUPT;
    }
    rig_woken = true;
}

static void on_timer1(void)
{
    REGISTER(TIMER1 + TIMER_CTRL) = 0;
    REGISTER(TIMER1 + TIMER_INTCLEAR) = 1;
    rig_woken = true;
}

extern uint32_t rig_stack_top[];

__attribute__((section(".vectors"), used)) void *const rig_vectors[16 + 10] = {
    rig_stack_top,
    rig_reset,
    rig_hard_fault, /* NMI */
    rig_hard_fault,
    rig_hard_fault, /* MemManage, BusFault, UsageFault */
    rig_hard_fault,
    rig_hard_fault,
    [11] = rig_hard_fault,
    [14] = rig_pendsv,
    [15] = rig_systick,
    [16 + IRQ_UART0_RX] = on_uart_receive,
    [16 + IRQ_TIMER1] = on_timer1,
};

int rig_port_start(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    REGISTER(TIMER0 + TIMER_RELOAD) = 0xFFFFFFFFu;
    REGISTER(TIMER0 + TIMER_VALUE) = 0xFFFFFFFFu;
    REGISTER(TIMER0 + TIMER_CTRL) = TIMER_ENABLE;
    REGISTER(UART0 + UART_BAUDDIV) = CLOCK_HZ / 115200u;
    REGISTER(UART0 + UART_CTRL) = UART_TX_ENABLE | UART_RX_ENABLE | UART_RX_IRQ;
    rig_irq_enable(IRQ_UART0_RX);
    rig_irq_enable(IRQ_TIMER1);
    return 0;
}

uint32_t rig_port_clock_kind(void)
{
    return RIG_CLOCK_TIMER;
}

uint32_t rig_port_clock_hz(void)
{
    return CLOCK_HZ;
}

uint32_t rig_port_millis(void)
{
    static uint32_t last;
    static uint32_t part; /* ticks that do not fill a millisecond yet */
    static uint32_t millis;
    uint32_t now;
    uint32_t result;
    uint32_t masked = rig_critical_enter();

    now = rig_port_clock();
    part += (now - last) % TICKS_PER_MS;
    millis += (now - last) / TICKS_PER_MS + part / TICKS_PER_MS;
    part %= TICKS_PER_MS;
    last = now;
    result = millis;
    rig_critical_leave(masked);
    return result;
}

/* Sleeps until an interrupt, wake() if `wakeable`, or `ms` milliseconds. */
static void sleep_for(uint32_t ms, bool wakeable)
{
    if (ms > LONGEST_SLEEP_MS) {
        ms = LONGEST_SLEEP_MS;
    }
    __asm volatile("cpsid i" ::: "memory"); /* from here to WFI no interrupt can be missed */
    if (!(wakeable && rig_woken) && ms != 0u) {
        REGISTER(TIMER1 + TIMER_VALUE) = ms * TICKS_PER_MS;
        REGISTER(TIMER1 + TIMER_RELOAD) = ms * TICKS_PER_MS;
        REGISTER(TIMER1 + TIMER_CTRL) = TIMER_ENABLE | TIMER_IRQ;
        __asm volatile("dsb\n wfi" ::: "memory");
        REGISTER(TIMER1 + TIMER_CTRL) = 0;
    }
    __asm volatile("cpsie i\n isb" ::: "memory"); /* the interrupt that woke us runs here */
    if (wakeable) {
        rig_woken = false;
    }
    REGISTER(TIMER1 + TIMER_INTCLEAR) = 1;
}

void rig_port_idle(uint32_t ms)
{
    sleep_for(ms, true);
}

int rig_link_write(void *context, const uint8_t *bytes, size_t length)
{
    (void)context;
    for (size_t i = 0; i < length; i++) {
        while ((REGISTER(UART0 + UART_STATE) & UART_TX_FULL) != 0u) {
            sleep_for(1, false); /* the line is slower than we are; a wake-up is for the read that follows */
        }
        REGISTER(UART0 + UART_DATA) = bytes[i];
    }
    return (int)length;
}

uint8_t *rig_port_memory(uint32_t *bytes)
{
    *bytes = sizeof(message_memory);
    return message_memory;
}
