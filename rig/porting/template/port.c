/*
 * @NAME@ (@CORE@). Not yet run on silicon.
 * Sources: (the manuals that the numbers below are from)
 */
#include "common.h"
#include "critical.h"
#include "preempt.h"
#include "rig_mailbox.h"
#include "rig_port.h"
#include "rig_port_clock.h"
#include "startup.h"
#include "todo.h"

/* ---- numbers of the chip */

RIG_TODO("the rates that start_clocks() makes: of the core, and of the timer's counter")
#define CORE_HZ 16000000u
#define TIMER_HZ 16000000u

RIG_TODO("the UART to the Agent: addresses, bits, the number of its interrupt")
#define UART 0x40000000u
#define UART_STATE (UART + 0x00u)
#define UART_DATA (UART + 0x04u)
#define UART_RECEIVED (1u << 5) /* of UART_STATE: a byte is there */
#define UART_ROOM (1u << 7)     /* of UART_STATE: a byte can be written */
#define IRQ_UART 0u

RIG_TODO("how many interrupts the chip has beside the core's own 16")
#define IRQS 32u

#define LONGEST_SLEEP_MS 1000u /* SysTick ends it before that, and whoever sleeps looks at the time */

/* ---- memory */

static uint8_t message_memory[BENCH_MESSAGE_BYTES] __attribute__((aligned(8)));

static uint8_t receive_bytes[@RECEIVE@]; /* a power of two */
rig_byte_queue_t rig_link_received = {receive_bytes, sizeof(receive_bytes), 0, 0, 0};
const uint32_t rig_link_irq = IRQ_UART;
const uint32_t rig_core_hz = CORE_HZ;

uint8_t *rig_port_memory(uint32_t *bytes)
{
    *bytes = sizeof(message_memory);
    return message_memory;
}

/* ---- link */

static void on_uart(void)
{
    RIG_TODO("what the UART wants for its interrupt to end: here reading the byte does it, and errors are cleared with it")
    while ((REGISTER(UART_STATE) & UART_RECEIVED) != 0u) {
        rig_byte_queue_put(&rig_link_received, (uint8_t)REGISTER(UART_DATA));
    }
    rig_woken = true;
}

int rig_link_write(void *context, const uint8_t *bytes, size_t length)
{
    (void)context;
    for (size_t i = 0; i < length; i++) {
        while ((REGISTER(UART_STATE) & UART_ROOM) == 0u) {
            /* one byte at 115,200 baud: 87 us */
        }
        REGISTER(UART_DATA) = bytes[i];
    }
    return (int)length;
}

/* ---- vectors: the chip takes the first two words for its stack and its first instruction */

extern uint32_t rig_stack_top[];

__attribute__((section(".vectors"), used)) void *const rig_vectors[16 + IRQS] = {
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
    [16 + IRQ_UART] = on_uart,
};

/* ---- start */

static void start_clocks(void)
{
    RIG_TODO("the core's clock, wait states of the flash first. Every wait for a bit has an end")
}

static void start_timer(void)
{
    RIG_TODO("the timer of rig_port_clock.h: its clock, prescaler, reload value 0xFFFFFFFF, run")
}

static void start_uart(void)
{
    RIG_TODO("the UART: its clock, pins, 115200 baud 8N1, transmitter, receiver, interrupt when a byte has come")
    rig_irq_enable(IRQ_UART);
}

#define VTOR 0xE000ED08u

int rig_port_start(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    REGISTER(VTOR) = (uint32_t)(uintptr_t)rig_vectors; /* whoever started us, a boot loader too; a Cortex-M0 has none */
    start_clocks();
    start_timer();
    start_uart();
    return 0;
}

/* ---- time: as it stands, for a timer as rig_port_clock.h wants it */

uint32_t rig_port_clock_kind(void)
{
    return RIG_CLOCK_TIMER; /* RIG_CLOCK_DWT if rig_port_clock() reads the core's cycle counter */
}

uint32_t rig_port_clock_hz(void)
{
    return TIMER_HZ;
}

uint32_t rig_port_millis(void)
{
    static uint32_t last;
    static uint32_t part; /* ticks that do not fill a millisecond yet */
    static uint32_t millis;
    uint32_t now;
    uint32_t result;
    uint32_t masked = rig_critical_enter();

    now = REGISTER(TIMER_COUNTER);
    part += (now - last) % (TIMER_HZ / 1000u);
    millis += (now - last) / (TIMER_HZ / 1000u) + part / (TIMER_HZ / 1000u);
    part %= TIMER_HZ / 1000u;
    last = now;
    result = millis;
    rig_critical_leave(masked);
    return result;
}

void rig_port_idle(uint32_t ms)
{
    RIG_TODO("does SysTick count while the core sleeps? On Nordic's chips it does not: end the sleep by a timer, as ports/nrf5")
    rig_systick_sleep((ms < LONGEST_SLEEP_MS ? ms : LONGEST_SLEEP_MS) * (CORE_HZ / 1000u));
}
