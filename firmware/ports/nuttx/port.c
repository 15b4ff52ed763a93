/*
 * The bench as the first task of NuttX on one core. Lock, wake-up and link are those of ports/posix where NuttX is POSIX;
 * this file has what it does otherwise, and board.h what it does not give at all.
 *
 * Priorities, low to high: rest, main (NuttX's INIT_PRIORITY), the second other context, the waker.
 */
#include <nuttx/config.h>

#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <nuttx/arch.h>
#include <nuttx/irq.h>
#include <nuttx/panic_notifier.h>
#include <nuttx/sched.h>

#include "board.h"
#include "posix.h"
#include "rig_mailbox.h"
#include "rig_port.h"
#include "rig_port_clock.h"

#ifndef CONFIG_EVENT_FD
#error "the bench needs CONFIG_EVENT_FD; README.md of this port has all options"
#endif
#if defined(RIG_LOCK_MUTEX) && !defined(CONFIG_PTHREAD_MUTEX_TYPES)
#error "RIG_LOCK=mutex needs CONFIG_PTHREAD_MUTEX_TYPES"
#endif
#ifdef CONFIG_SMP
#error "the bench of this port is for one core: CONFIG_SMP must be off"
#endif

#define REST_PRIORITY 1
#define SECOND_PRIORITY (CONFIG_INIT_PRIORITY + 10)
#define WAKER_PRIORITY (CONFIG_INIT_PRIORITY + 20)
#define THREAD_STACK 4096u
#define HEAP_LEFT (64u * 1024u) /* for NuttX itself: threads, descriptors */
#define STACK_PAINT 0xA5A5A5A5u
#define CALIBRATION_MS 20u

rig_mailbox_t rig_mailbox;

/* ---- what a crash leaves for the rig, as on bare metal (ports/cortex-m/startup.c) */

volatile uint32_t rig_fault_frame[8]; /* r0-r3, r12, lr, pc, xpsr as stacked; 0 if the fault was none of the core's */
volatile uint32_t rig_fault_happened;
volatile uint32_t rig_fault_line;         /* of an assertion */
const char *volatile rig_fault_file = ""; /* of an assertion */

/* The rig has a breakpoint here: NuttX's exceptions share one vector, where it would stop at each. A page of its own, as a
 * breakpoint slows an emulated board's whole page. */
__attribute__((naked, aligned(1024), section(".text.rig_crashed"))) void rig_crashed(void)
{
    __asm volatile("1: nop\n b 1b\n .balign 1024\n");
}

static int on_panic(struct notifier_block *block, unsigned long action, void *data)
{
    static const uint8_t kept[8] = {REG_R0, REG_R1, REG_R2, REG_R3, REG_R12, REG_LR, REG_PC, REG_XPSR};
    const struct panic_notifier_s *panic = data;
    const uint32_t *registers = panic->regs;

    (void)block;
    (void)action;
    for (int i = 0; i < 8; i++) {
        rig_fault_frame[i] = registers != NULL ? registers[kept[i]] : 0u;
    }
    rig_fault_file = panic->filename != NULL ? panic->filename : "";
    rig_fault_line = (uint32_t)panic->linenum;
    rig_fault_happened = 1;
    rig_port_barrier();
    rig_crashed();
    return 0;
}

/* ---- time */

static uint32_t timeout_scale = 256; /* time-outs of NuttX in one of the clock, 8 bits after the point */

uint32_t rig_port_clock_kind(void)
{
    return RIG_CLOCK_TIMER;
}

uint32_t rig_port_clock_hz(void)
{
    return rig_board_clock_hz();
}

uint32_t rig_port_millis(void)
{
    static uint32_t last;
    static uint32_t part; /* ticks that do not fill a millisecond yet */
    static uint32_t millis;
    uint32_t per_ms = rig_board_clock_hz() / 1000u;
    irqstate_t flags = enter_critical_section();
    uint32_t now = rig_port_clock();
    uint32_t result;

    part += (now - last) % per_ms;
    millis += (now - last) / per_ms + part / per_ms;
    part %= per_ms;
    last = now;
    result = millis;
    leave_critical_section(flags);
    return result;
}

/* A board may believe in another clock than it has: its tick is measured, and time-outs are given in ticks as they are. */
static void calibrate(void)
{
    uint32_t per_ms = rig_board_clock_hz() / 1000u;
    uint32_t begin;
    uint32_t ticks;

    (void)usleep(1); /* to the edge of a tick */
    begin = rig_port_clock();
    (void)usleep((CALIBRATION_MS - 1u) * 1000u); /* NuttX sleeps a tick more than it is asked */
    ticks = rig_port_clock() - begin;
    timeout_scale = (uint32_t)((uint64_t)CALIBRATION_MS * per_ms * 256u / ticks);
}

int rig_posix_timeout(uint32_t ms)
{
    uint32_t scaled = (uint32_t)((uint64_t)ms * timeout_scale / 256u);

    return (int)(scaled != 0u || ms == 0u ? scaled : 1u);
}

/* Between commands: the rig writes into RAM, and nobody wakes us. */
void rig_port_idle(uint32_t ms)
{
    (void)usleep((useconds_t)(ms * 500u)); /* a tick is the least that NuttX sleeps */
}

/* ---- rest */

/* NuttX's idle loop need not sleep. A core that runs on takes an emulated board's time with it, faster than an Agent can
 * answer. */
static void *rest(void *argument)
{
    for (;;) {
        __asm volatile("dsb\n wfi" ::: "memory");
    }
    return argument;
}

/* ---- wake-up */

static sem_t from_interrupt;

static void *pass_on(void *argument)
{
    for (;;) {
        while (sem_wait(&from_interrupt) != 0) {
        }
        rig_posix_wake();
    }
    return argument;
}

/* An interrupt has no descriptors: a thread of the bench writes for it. */
void rig_port_wake(void)
{
    if (up_interrupt_context()) {
        (void)sem_post(&from_interrupt);
    } else {
        rig_posix_wake();
    }
}

/* ---- link */

/* No more is read than is there: a driver that finds its buffer empty switches the interrupt off and on, and a byte that
 * comes in between may be reported by none. */
static int link_read(void *context, uint8_t *bytes, size_t capacity, int timeout_ms)
{
    int there = 0;

    (void)context;
    if (ioctl(rig_posix_link_fd, FIONREAD, (unsigned long)(uintptr_t)&there) < 0 || there <= 0) {
        if (timeout_ms == 0) {
            return 0;
        }
        there = rig_posix_link_wait(timeout_ms) &&
                        ioctl(rig_posix_link_fd, FIONREAD, (unsigned long)(uintptr_t)&there) >= 0
                    ? there
                    : 0;
    }
    return there > 0 ? rig_posix_link_take(bytes, (size_t)there < capacity ? (size_t)there : capacity) : 0;
}

const struct rig_port_link *rig_port_link(void)
{
    static const struct rig_port_link link = {true, rig_posix_link_write, link_read};

    return &link;
}

/* NuttX's drivers cannot be asked to hold back: all interrupts are. */
void rig_port_link_quiet(bool quiet)
{
    static irqstate_t before;

    if (quiet) {
        before = enter_critical_section();
    } else {
        leave_critical_section(before);
    }
}

/* ---- other contexts: an interrupt, and a thread above the main one. A mutex is for threads only: then both are. */

typedef struct {
    uint32_t (*volatile handler)(void);
    sem_t due;
    volatile bool busy;
} other_t;

static other_t others[RIG_PORT_OTHERS];
static volatile uint32_t latest;

static bool is_thread(uint32_t other)
{
#ifdef RIG_LOCK_MUTEX
    (void)other;
    return true;
#else
    return other != 0u;
#endif
}

static void call(uint32_t other)
{
    other_t *self = &others[other];
    uint32_t (*handler)(void) = self->handler;
    uint32_t ticks = handler != NULL ? handler() : 0u;

    if (ticks == 0u) {
        self->handler = NULL;
    } else if (self->handler != NULL) {
        rig_board_arm(other, ticks);
    }
}

static void *call_when_due(void *argument)
{
    uint32_t other = (uint32_t)(uintptr_t)argument;

    for (;;) {
        while (sem_wait(&others[other].due) != 0) {
        }
        others[other].busy = true;
        call(other);
        others[other].busy = false;
    }
    return argument;
}

static void on_due(uint32_t other)
{
    uint32_t late = rig_board_late(other);

    rig_board_arm(other, 0);
    if (is_thread(other)) {
        (void)sem_post(&others[other].due);
    } else {
        latest = late > latest ? late : latest;
        call(other);
    }
}

void rig_posix_point(void)
{
}

void rig_port_preempt_at(uint32_t other, uint32_t (*handler)(void), uint32_t point)
{
    (void)other;
    (void)handler;
    (void)point;
}

uint32_t rig_port_points(void)
{
    return 0; /* its interrupts come at any instruction */
}

void rig_port_preempt(uint32_t other, uint32_t (*handler)(void), uint32_t ticks)
{
    irqstate_t flags = enter_critical_section();

    others[other].handler = handler;
    rig_board_arm(other, handler != NULL ? ticks : 0u);
    leave_critical_section(flags);
    while (handler == NULL && others[other].busy) {
        (void)usleep(1); /* it waits for a mutex, or it would not have let us run */
    }
}

#ifndef RIG_LOCK_MUTEX
uint32_t rig_port_held_off(void)
{
    uint32_t longest = latest;

    latest = 0;
    return longest;
}
#endif

/* ---- memory */

static uint8_t *memory;
static uint32_t memory_bytes;

void *__real_malloc(size_t bytes); /* the bench's own is not counted as the middleware's */

static bool take_memory(void)
{
    struct mallinfo heap = mallinfo();

    memory_bytes = heap.mxordblk > (int)HEAP_LEFT ? ((uint32_t)heap.mxordblk - HEAP_LEFT) & ~7u : 0u;
    memory = __real_malloc(memory_bytes);
    return memory != NULL;
}

uint8_t *rig_port_memory(uint32_t *bytes)
{
    *bytes = memory_bytes;
    return memory;
}

void *rig_port_mailbox(void)
{
    return &rig_mailbox;
}

uint32_t rig_port_address(const void *pointer)
{
    return (uint32_t)(uintptr_t)pointer;
}

/* ---- the main task's stack, painted by ourselves */

static volatile uint32_t *stack_bottom;
static uint32_t stack_words;

static void find_stack(void)
{
    struct stackinfo_s stack;

    if (nxsched_get_stackinfo(0, &stack) == 0) {
        stack_bottom = stack.stack_base_ptr;
        stack_words = (uint32_t)(stack.adj_stack_size / sizeof(uint32_t));
    }
}

void rig_port_stack(uint32_t *reserved, uint32_t *used)
{
    uint32_t untouched = 0;

    while (untouched < stack_words && stack_bottom[untouched] == STACK_PAINT) {
        untouched++;
    }
    *reserved = stack_words * (uint32_t)sizeof(uint32_t);
    *used = (stack_words - untouched) * (uint32_t)sizeof(uint32_t);
}

void rig_port_stack_forget(void)
{
    volatile uint32_t *paint_end;

    __asm volatile("mov %0, sp" : "=r"(paint_end));
    for (volatile uint32_t *word = stack_bottom; word < paint_end; word++) {
        *word = STACK_PAINT;
    }
}

void rig_port_barrier(void)
{
    atomic_thread_fence(memory_order_seq_cst);
}

/* ---- start */

static bool start_thread(void *(*run)(void *), void *argument, int priority)
{
    struct sched_param schedule = {.sched_priority = priority};
    pthread_attr_t attributes;
    pthread_t thread;

    return pthread_attr_init(&attributes) == 0 && pthread_attr_setstacksize(&attributes, THREAD_STACK) == 0 &&
           pthread_attr_setschedpolicy(&attributes, SCHED_FIFO) == 0 &&
           pthread_attr_setschedparam(&attributes, &schedule) == 0 &&
           pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED) == 0 &&
           pthread_create(&thread, &attributes, run, argument) == 0;
}

static bool start_threads(void)
{
    if (sem_init(&from_interrupt, 0, 0) != 0 || !start_thread(rest, NULL, REST_PRIORITY) ||
        !start_thread(pass_on, NULL, WAKER_PRIORITY)) {
        return false;
    }
    for (uint32_t other = 0; other < RIG_PORT_OTHERS; other++) {
        if (sem_init(&others[other].due, 0, 0) != 0 ||
            (is_thread(other) &&
             !start_thread(call_when_due, (void *)(uintptr_t)other, SECOND_PRIORITY + (other == 0u ? 1 : 0)))) {
            return false;
        }
    }
    return true;
}

int rig_port_start(int argc, char **argv)
{
    static struct notifier_block panics = {.notifier_call = on_panic};

    (void)argc;
    (void)argv;
    panic_notifier_chain_register(&panics);
    find_stack();
    rig_port_stack_forget();
    if (rig_posix_wake_start() != 0 || rig_board_start(on_due) != 0 || !start_threads() ||
        rig_posix_open_serial(rig_board_link_device) != 0 || !take_memory()) {
        return 1;
    }
#ifdef RIG_LOCK_MUTEX
    if (rig_posix_lock_start() != 0) {
        return 1;
    }
#endif
    calibrate();
    return 0;
}

bool rig_port_stopped(void)
{
    return false;
}
