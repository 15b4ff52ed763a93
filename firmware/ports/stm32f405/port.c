/*
 * STM32F405 and F407 (Cortex-M4), as QEMU's netduinoplus2 emulates the first one. Not yet run on silicon.
 * The link to the Agent is USART1 on PA9 (transmit) and PA10 (receive).
 * Sources: ST RM0090 reference manual (RCC, FLASH, GPIO, TIM2-5, USART, DBGMCU), STM32F405 data sheet, Armv7-M
 * architecture reference manual (DWT).
 */
#include "common.h"
#include "critical.h"
#include "preempt.h"
#include "rig_mailbox.h"
#include "rig_port.h"
#include "rig_port_clock.h"
#include "startup.h"

#define RCC 0x40023800u
#define RCC_CR 0x00u
#define RCC_PLLCFGR 0x04u
#define RCC_CFGR 0x08u
#define RCC_AHB1ENR 0x30u
#define RCC_APB1ENR 0x40u
#define RCC_APB2ENR 0x44u
#define RCC_HSIRDY (1u << 1)
#define RCC_HSEON (1u << 16)
#define RCC_HSERDY (1u << 17)
#define RCC_PLLON (1u << 24)
#define RCC_PLLRDY (1u << 25)
#define RCC_PLLSRC_HSE (1u << 22)
#define RCC_SW_PLL 2u
#define RCC_SWS_PLL (2u << 2)
#define RCC_SWS (3u << 2)
#define RCC_APB1_BY_4 (5u << 10)
#define RCC_APB2_BY_2 (4u << 13)
#define RCC_TIM2 (1u << 0)
#define RCC_USART1 (1u << 4)
#define RCC_GPIOA (1u << 0)

#define FLASH_ACR 0x40023C00u
#define FLASH_5_WAIT_STATES 5u
#define FLASH_PREFETCH_AND_CACHES (7u << 8)

#define GPIOA 0x40020000u
#define GPIO_MODER 0x00u
#define GPIO_AFRH 0x24u
#define PIN_TX 9u
#define PIN_RX 10u
#define MODE_ALTERNATE 2u
#define FUNCTION_USART1 7u

#define TIM2 0x40000000u /* 32 bit: milliseconds, and the clock where the cycle counter is not */
#define TIM_CR1 0x00u
#define TIM_EGR 0x14u
#define TIM_CNT 0x24u
#define TIM_PSC 0x28u
#define TIM_ARR 0x2Cu
#define TIM_ENABLE 1u
#define TIM_UPDATE 1u

#define USART1 0x40011000u
#define USART_SR 0x00u
#define USART_DR 0x04u
#define USART_BRR 0x08u
#define USART_CR1 0x0Cu
#define USART_OVERRUN (1u << 3)
#define USART_RECEIVED (1u << 5)
#define USART_ROOM (1u << 7)
#define USART_RUN ((1u << 13) | (1u << 3) | (1u << 2)) /* enable, transmitter, receiver */
#define USART_RECEIVE_IRQ (1u << 5)

#define DEMCR 0xE000EDFCu
#define DEMCR_TRACE (1u << 24)
#define DWT_CTRL 0xE0001000u
#define DWT_CYCCNT 0xE0001004u
#define DBGMCU_CR 0xE0042004u
#define DBG_SLEEP 1u
#define VTOR 0xE000ED08u

#define IRQ_USART1 37u

#define BAUD 115200u
#define HSI_HZ 16000000u
#define CORE_HZ 168000000u
#define PLL_INPUT_HZ 2000000u
#define PLL_TIMES (2u * CORE_HZ / PLL_INPUT_HZ) /* divided by 2 after that */
#define PLL_FOR_USB 7u                          /* 48 MHz; the field must not be below 2 */
#define PATIENCE 100000u                        /* looks at a bit that silicon sets within milliseconds */
#define SETTLED_MS 2u
#define LONGEST_SLEEP_MS 1000u /* SysTick ends it before that */

/* QEMU has no RCC for this chip. Its timers count nanoseconds, and its SysTick 168 MHz, whatever is asked for. A tick of
 * 40 ns is as long as those of the other emulated boards. (Their interrupts come late, by the time of the last reset:
 * nothing here waits for one.) */
#define EMULATED_TIMER_HZ 1000000000u
#define EMULATED_PRESCALER 40u

const volatile uint32_t *rig_clock_register = (const volatile uint32_t *)(TIM2 + TIM_CNT);
uint32_t rig_core_hz = HSI_HZ;
static uint32_t timer_hz = HSI_HZ; /* of TIM2's counter */
static uint32_t timer_prescaler = 1;
static uint32_t usart_hz = HSI_HZ;

static uint8_t message_memory[BENCH_MESSAGE_BYTES] __attribute__((aligned(8)));

static uint8_t receive_bytes[2048];
rig_byte_queue_t rig_link_received = {receive_bytes, sizeof(receive_bytes), 0, 0, 0};
const uint32_t rig_link_irq = IRQ_USART1;

static void on_usart1(void)
{
    uint32_t state = REGISTER(USART1 + USART_SR);

    while ((state & (USART_RECEIVED | USART_OVERRUN)) != 0u) {
        uint8_t byte = (uint8_t)REGISTER(USART1 + USART_DR); /* after SR: clears an overrun as well */

        if ((state & USART_RECEIVED) != 0u) {
            rig_byte_queue_put(&rig_link_received, byte);
        }
        state = REGISTER(USART1 + USART_SR);
    }
    rig_woken = true;
}

extern uint32_t rig_stack_top[];

__attribute__((section(".vectors"), used)) void *const rig_vectors[16 + 82] = {
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
    [16 + IRQ_USART1] = on_usart1,
};

/* Waits until the bits are set, for as long as silicon may take. */
static bool set_in_time(uint32_t address, uint32_t mask, uint32_t wanted)
{
    for (uint32_t looks = 0; looks < PATIENCE; looks++) {
        if ((REGISTER(address) & mask) == wanted) {
            return true;
        }
    }
    return false;
}

/* The core from 16 MHz to 168 MHz, APB1 at 42 and APB2 at 84 MHz: or as far as the oscillators follow. A timer counts at
 * twice the clock of a bus that is divided. */
static void start_clocks(void)
{
    uint32_t source_hz = HSI_HZ;
    uint32_t source = 0;

    if ((REGISTER(RCC + RCC_CR) & (RCC_HSIRDY | RCC_HSERDY)) == 0u) { /* no chip runs without an oscillator: emulated */
        rig_core_hz = CORE_HZ;
        timer_hz = EMULATED_TIMER_HZ / EMULATED_PRESCALER;
        timer_prescaler = EMULATED_PRESCALER;
        return;
    }
    if (CRYSTAL_HZ != 0u) {
        REGISTER(RCC + RCC_CR) |= RCC_HSEON;
        if (set_in_time(RCC + RCC_CR, RCC_HSERDY, RCC_HSERDY)) {
            source_hz = CRYSTAL_HZ;
            source = RCC_PLLSRC_HSE;
        }
    }
    REGISTER(RCC + RCC_PLLCFGR) = source_hz / PLL_INPUT_HZ | PLL_TIMES << 6 | source | PLL_FOR_USB << 24;
    REGISTER(RCC + RCC_CR) |= RCC_PLLON;
    if (!set_in_time(RCC + RCC_CR, RCC_PLLRDY, RCC_PLLRDY)) {
        return; /* as after reset: all at 16 MHz, and every rate follows from that */
    }
    REGISTER(FLASH_ACR) = FLASH_5_WAIT_STATES | FLASH_PREFETCH_AND_CACHES; /* before the core is that fast */
    REGISTER(RCC + RCC_CFGR) = RCC_APB1_BY_4 | RCC_APB2_BY_2;
    REGISTER(RCC + RCC_CFGR) = RCC_APB1_BY_4 | RCC_APB2_BY_2 | RCC_SW_PLL;
    if (set_in_time(RCC + RCC_CFGR, RCC_SWS, RCC_SWS_PLL)) {
        rig_core_hz = CORE_HZ;
        usart_hz = CORE_HZ / 2u;
        timer_hz = CORE_HZ / 2u;
    } else { /* still the chip's own oscillator, with the buses divided */
        usart_hz = HSI_HZ / 2u;
        timer_hz = HSI_HZ / 2u;
    }
}

static void start_timer(void)
{
    REGISTER(RCC + RCC_APB1ENR) |= RCC_TIM2;
    (void)REGISTER(RCC + RCC_APB1ENR); /* a peripheral answers two cycles after its clock is on */
    REGISTER(TIM2 + TIM_PSC) = timer_prescaler - 1u;
    REGISTER(TIM2 + TIM_ARR) = 0xFFFFFFFFu;
    REGISTER(TIM2 + TIM_EGR) = TIM_UPDATE; /* takes the prescaler over */
    REGISTER(TIM2 + TIM_CR1) = TIM_ENABLE;
}

static void start_usart(void)
{
    uint32_t modes;

    REGISTER(RCC + RCC_AHB1ENR) |= RCC_GPIOA;
    REGISTER(RCC + RCC_APB2ENR) |= RCC_USART1;
    (void)REGISTER(RCC + RCC_APB2ENR);
    REGISTER(GPIOA + GPIO_AFRH) |= FUNCTION_USART1 << 4u * (PIN_TX - 8u) | FUNCTION_USART1 << 4u * (PIN_RX - 8u);
    modes = REGISTER(GPIOA + GPIO_MODER) & ~(3u << 2u * PIN_TX | 3u << 2u * PIN_RX); /* all else as it is: the debug pins */
    REGISTER(GPIOA + GPIO_MODER) = modes | MODE_ALTERNATE << 2u * PIN_TX | MODE_ALTERNATE << 2u * PIN_RX;
    REGISTER(USART1 + USART_BRR) = (usart_hz + BAUD / 2u) / BAUD;
    REGISTER(USART1 + USART_CR1) = USART_RUN | USART_RECEIVE_IRQ;
    rig_irq_enable(IRQ_USART1);
}

/* Takes the cycle counter as the clock if it counts, and goes on counting while the core sleeps: on many chips it stops
 * then, unless the chip is told to keep its clocks on for a debugger. QEMU has none. */
static void choose_clock(void)
{
    uint32_t cycles;
    uint32_t ticks;
    uint32_t expected;

    REGISTER(DBGMCU_CR) |= DBG_SLEEP;
    REGISTER(DEMCR) |= DEMCR_TRACE;
    REGISTER(DWT_CYCCNT) = 0;
    REGISTER(DWT_CTRL) |= 1u;
    ticks = REGISTER(TIM2 + TIM_CNT);
    cycles = REGISTER(DWT_CYCCNT);
    rig_port_idle(SETTLED_MS);
    cycles = REGISTER(DWT_CYCCNT) - cycles;
    ticks = REGISTER(TIM2 + TIM_CNT) - ticks;
    expected = (uint32_t)((uint64_t)ticks * rig_core_hz / timer_hz);
    if (cycles > expected - expected / 64u && cycles < expected + expected / 64u) {
        rig_clock_register = (const volatile uint32_t *)DWT_CYCCNT;
    }
}

int rig_port_start(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    REGISTER(VTOR) = (uint32_t)(uintptr_t)rig_vectors; /* whatever the boot pins show at address 0 */
    start_clocks();
    start_timer();
    choose_clock();
    start_usart();
    return 0;
}

uint32_t rig_port_clock_kind(void)
{
    return rig_clock_register == (const volatile uint32_t *)DWT_CYCCNT ? RIG_CLOCK_DWT : RIG_CLOCK_TIMER;
}

uint32_t rig_port_clock_hz(void)
{
    return rig_port_clock_kind() == RIG_CLOCK_DWT ? rig_core_hz : timer_hz;
}

uint32_t rig_port_millis(void)
{
    static uint32_t last;
    static uint32_t part; /* ticks that do not fill a millisecond yet */
    static uint32_t millis;
    uint32_t ticks_per_ms = timer_hz / 1000u;
    uint32_t now;
    uint32_t result;
    uint32_t masked = rig_critical_enter();

    now = REGISTER(TIM2 + TIM_CNT); /* never the cycle counter: a debugger may stop that */
    part += (now - last) % ticks_per_ms;
    millis += (now - last) / ticks_per_ms + part / ticks_per_ms;
    part %= ticks_per_ms;
    last = now;
    result = millis;
    rig_critical_leave(masked);
    return result;
}

void rig_port_idle(uint32_t ms)
{
    rig_systick_sleep((ms < LONGEST_SLEEP_MS ? ms : LONGEST_SLEEP_MS) * (rig_core_hz / 1000u));
}

int rig_link_write(void *context, const uint8_t *bytes, size_t length)
{
    (void)context;
    for (size_t i = 0; i < length; i++) {
        while ((REGISTER(USART1 + USART_SR) & USART_ROOM) == 0u) {
            /* one byte at 115,200 baud: 87 us */
        }
        REGISTER(USART1 + USART_DR) = bytes[i];
    }
    return (int)length;
}

uint8_t *rig_port_memory(uint32_t *bytes)
{
    *bytes = sizeof(message_memory);
    return message_memory;
}
