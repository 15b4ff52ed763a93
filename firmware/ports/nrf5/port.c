/*
 * Nordic nRF51 and nRF52: the same timers and the same UART at the same places. Pins, interrupts and receive buffer are
 * the board's. Sources: nRF51 Series Reference Manual, nRF52840 Product Specification (the UART is its deprecated one, without DMA).
 */
#include "common.h"
#include "critical.h"
#include "preempt.h"
#include "rig_mailbox.h"
#include "rig_port.h"
#include "rig_port_clock.h"
#include "startup.h"

#define CLOCK_HFCLKSTART 0x40000000u
#define CLOCK_HFCLKSTARTED 0x40000100u

#define TIMER0 0x40008000u /* the clock: 32 bit, 16 MHz */
#define TIMER1 0x40009000u /* ends a sleep: 16 bit, 31,250 Hz */
#define TIMER_START 0x000u
#define TIMER_STOP 0x004u
#define TIMER_CLEAR 0x00Cu
#define TIMER_COMPARE0 0x140u
#define TIMER_INTENSET 0x304u
#define TIMER_MODE 0x504u
#define TIMER_BITMODE 0x508u
#define TIMER_PRESCALER 0x510u
#define TIMER_CC0 0x540u

#define UART0 0x40002000u
#define UART_STARTRX 0x000u
#define UART_STARTTX 0x008u
#define UART_RXDRDY 0x108u
#define UART_TXDRDY 0x11Cu
#define UART_INTENSET 0x304u
#define UART_ENABLE 0x500u
#define UART_PSELTXD 0x50Cu
#define UART_PSELRXD 0x514u
#define UART_RXD 0x518u
#define UART_TXD 0x51Cu
#define UART_BAUDRATE 0x524u
#define UART_115200 0x01D7E000u

#define IRQ_UART0 2u
#define IRQ_TIMER1 9u

#define CLOCK_HZ 16000000u
#define TICKS_PER_MS (CLOCK_HZ / 1000u)
#define SLEEP_HZ 31250u
#define LONGEST_SLEEP_MS 2000u /* 16 bits at SLEEP_HZ hold 2,097 ms */

static uint8_t message_memory[BENCH_MESSAGE_BYTES] __attribute__((aligned(8)));

static uint8_t receive_bytes[RIG_NRF_RECEIVE_BYTES];
rig_byte_queue_t rig_link_received = {receive_bytes, sizeof(receive_bytes), 0, 0, 0};
const uint32_t rig_link_irq = IRQ_UART0;

static void on_uart(void)
{
    while (REGISTER(UART0 + UART_RXDRDY) != 0u) {
        REGISTER(UART0 + UART_RXDRDY) = 0;
        rig_byte_queue_put(&rig_link_received, (uint8_t)REGISTER(UART0 + UART_RXD));
    }
    rig_woken = true;
}

static void on_timer1(void)
{
    REGISTER(TIMER1 + TIMER_COMPARE0) = 0;
    REGISTER(TIMER1 + TIMER_STOP) = 1;
    rig_woken = true;
}

extern uint32_t rig_stack_top[];

__attribute__((section(".vectors"), used)) void *const rig_vectors[16 + RIG_NRF_IRQS] = {
    rig_stack_top,
    rig_reset,
    rig_hard_fault, /* NMI */
    rig_hard_fault,
#if __ARM_ARCH >= 7
    rig_hard_fault, /* MemManage, BusFault, UsageFault */
    rig_hard_fault,
    rig_hard_fault,
#endif
    [11] = rig_hard_fault,
    [14] = rig_pendsv,
    [15] = rig_systick,
    [16 + IRQ_UART0] = on_uart,
    [16 + IRQ_TIMER1] = on_timer1,
};

int rig_port_start(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    REGISTER(CLOCK_HFCLKSTART) = 1; /* the UART's baud rate needs the crystal; a timer asks for it by itself */

    REGISTER(TIMER0 + TIMER_MODE) = 0;
    REGISTER(TIMER0 + TIMER_BITMODE) = 3;
    REGISTER(TIMER0 + TIMER_PRESCALER) = 0;
    REGISTER(TIMER0 + TIMER_CLEAR) = 1;
    REGISTER(TIMER0 + TIMER_START) = 1;

    REGISTER(TIMER1 + TIMER_MODE) = 0;
    REGISTER(TIMER1 + TIMER_BITMODE) = 0;
    REGISTER(TIMER1 + TIMER_PRESCALER) = 9;
    REGISTER(TIMER1 + TIMER_INTENSET) = 1u << 16;

    REGISTER(UART0 + UART_PSELTXD) = RIG_NRF_PIN_TXD;
    REGISTER(UART0 + UART_PSELRXD) = RIG_NRF_PIN_RXD;
    REGISTER(UART0 + UART_BAUDRATE) = UART_115200;
    REGISTER(UART0 + UART_ENABLE) = 4;
    REGISTER(UART0 + UART_INTENSET) = 1u << 2; /* RXDRDY */
    REGISTER(UART0 + UART_STARTTX) = 1;
    REGISTER(UART0 + UART_STARTRX) = 1;
    rig_irq_enable(IRQ_UART0);
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
    uint32_t result;
    uint32_t masked = rig_critical_enter();

    uint32_t now = rig_port_clock();
    part += now - last;
    last = now;
    while (part >= 1000u * TICKS_PER_MS) { /* a Cortex-M0 has no divider: whole seconds first */
        part -= 1000u * TICKS_PER_MS;
        millis += 1000u;
    }
    while (part >= TICKS_PER_MS) {
        part -= TICKS_PER_MS;
        millis++;
    }
    result = millis;
    rig_critical_leave(masked);
    return result;
}

void rig_port_idle(uint32_t ms)
{
    if (ms > LONGEST_SLEEP_MS) {
        ms = LONGEST_SLEEP_MS;
    }
    __asm volatile("cpsid i" ::: "memory"); /* from here to WFI no interrupt can be missed */
    if (!rig_woken && ms != 0u) {
        REGISTER(TIMER1 + TIMER_COMPARE0) = 0;
        REGISTER(TIMER1 + TIMER_CC0) = ms * SLEEP_HZ / 1000u + 1u;
        REGISTER(TIMER1 + TIMER_CLEAR) = 1;
        REGISTER(TIMER1 + TIMER_START) = 1;
        __asm volatile("dsb\n wfi" ::: "memory");
        REGISTER(TIMER1 + TIMER_STOP) = 1;
    }
    __asm volatile("cpsie i\n isb" ::: "memory"); /* the interrupt that woke us runs here */
    rig_woken = false;
}

int rig_link_write(void *context, const uint8_t *bytes, size_t length)
{
    (void)context;
    for (size_t i = 0; i < length; i++) {
        REGISTER(UART0 + UART_TXDRDY) = 0;
        REGISTER(UART0 + UART_TXD) = bytes[i];
        while (REGISTER(UART0 + UART_TXDRDY) == 0u) {
            /* one byte at 115,200 baud: 87 us */
        }
    }
    return (int)length;
}

uint8_t *rig_port_memory(uint32_t *bytes)
{
    *bytes = sizeof(message_memory);
    return message_memory;
}
