/* Small firmware for the tests of the probe and board rooms: counts, logs over RTT, crashes on command.
 *
 * The test writes `demo_command`; the loop obeys and clears it. No startup files, no library.
 */
#include <stdint.h>

enum {
    CMD_NONE, CMD_LOG, CMD_BKPT, CMD_BAD_READ, CMD_WRITE, CMD_UNDEFINED, CMD_BKPT_PSP, CMD_SLEEP, CMD_LOCKUP, CMD_MEASURE,
    CMD_STORES, CMD_STORES_CRASH, CMD_ASSERT
};

typedef struct {
    const char *name;
    char *buffer;
    uint32_t size;
    volatile uint32_t write;
    volatile uint32_t read;
    uint32_t flags;
} rtt_channel_t;

static struct {
    char mark[16];
    int32_t up_count;
    int32_t down_count;
    rtt_channel_t up;
} _SEGGER_RTT; /* the name that RTT readers look for */

extern uint32_t link_data_load, link_data_start, link_data_end, link_bss_start, link_bss_end, link_stack_top;

volatile uint32_t demo_counter;
volatile uint32_t demo_command;
volatile uint32_t demo_ticks;
volatile uint32_t demo_passed_bkpt;
volatile uint32_t demo_measured;
volatile uint32_t demo_target[4] __attribute__((aligned(16)));
volatile uint32_t demo_done;
volatile uint32_t demo_hold;
uint8_t demo_stored[256];
volatile uint32_t demo_initialised = 0x600DDA7Au;
static char log_buffer[64];
static uint32_t process_stack[64];

static void log_put(const char *text) {
    for (; *text != '\0'; ++text) {
        uint32_t next = (_SEGGER_RTT.up.write + 1u) % sizeof log_buffer;
        while (next == _SEGGER_RTT.up.read) { }
        log_buffer[_SEGGER_RTT.up.write] = *text;
        _SEGGER_RTT.up.write = next;
    }
}

static void log_init(void) {
    static const char mark[] = "SEGGER RTT";
    _SEGGER_RTT.up_count = 1;
    _SEGGER_RTT.up.name = "log";
    _SEGGER_RTT.up.buffer = log_buffer;
    _SEGGER_RTT.up.size = sizeof log_buffer;
    for (uint32_t i = 0; i < sizeof mark; ++i) {
        ((volatile char *)_SEGGER_RTT.mark)[i] = mark[i];
    }
}

__attribute__((noinline)) void demo_write(void) {
    demo_target[2] = demo_counter;
    __asm volatile("nop\n nop\n nop");
}

__attribute__((noinline)) void demo_crash(void) {
    /* No memory there on either board, so a bus fault. */
    (void)*(volatile uint32_t *)0xA0000000u;
}

__attribute__((noinline)) void demo_tick(void) { ++demo_ticks; }

/* One store of every kind, each to bytes of its own; the second part is for cores that have 32-bit stores. */
__attribute__((noinline)) void demo_stores(void) {
    register uint8_t *to __asm("r0") = demo_stored;
    __asm volatile(
        ".syntax unified\n ldr r4, =0x44332211\n ldr r5, =0x88776655\n ldr r6, =0xCCBBAA99\n movs r7, #12\n"
        "str r4, [r0]\n strb r5, [r0, #5]\n strh r6, [r0, #6]\n"
        "str r5, [r0, r7]\n adds r0, #16\n"
        "strb r4, [r0, r7]\n adds r0, #16\n strh r5, [r0, r7]\n adds r0, #16\n"
        "stmia r0!, {r4-r7}\n"
        "push {r4-r6, lr}\n str r6, [sp, #4]\n add sp, #16\n"
        : "+r"(to) : : "r4", "r5", "r6", "r7", "memory");
#if __ARM_ARCH >= 7
    __asm volatile(
        "str.w r4, [r0, #260-256]!\n str.w r5, [r0], #8\n str.w r6, [r0, #-4]\n str.w r4, [r0, #12]\n"
        "strb.w r4, [r0, #3]\n strh.w r5, [r0, #4]\n movs r7, #2\n str.w r5, [r0, r7, lsl #3]\n adds r0, #32\n"
        "strd r4, r5, [r0]\n strd r5, r6, [r0, #8]!\n strd r6, r4, [r0], #16\n"
        "stmdb r0!, {r4, r5}\n stmia.w r0!, {r4, r6}\n adds r0, #8\n"
        "ldrex r7, [r0]\n strex r7, r4, [r0]\n ldrexb r7, [r0]\n strexb r7, r5, [r0]\n"
        "stmdb sp!, {r4-r8}\n add sp, #20\n"
        : "+r"(to) : : "r4", "r5", "r6", "r7", "memory");
#endif
    demo_done = 1;
    while (demo_hold != 0) { }
}

__attribute__((noinline)) void demo_stores_crash(void) {
    demo_stored[0] = 1;
    demo_crash();
}

static void use_process_stack(void) {
    __asm volatile("msr psp, %0\n msr control, %1\n isb" : : "r"(process_stack + 64), "r"(2) : "memory");
    __asm volatile("bkpt 2");
    __asm volatile("msr control, %0\n isb" : : "r"(0) : "memory");
}

/* Ticks of the MPS2 boards' 25 MHz timer 0 (control, value, reload) for a loop of fixed length. */
static void measure(void) {
    volatile uint32_t *timer = (volatile uint32_t *)0x40000000u;
    timer[2] = 0xFFFFFFFFu;
    timer[1] = 0xFFFFFFFFu;
    timer[0] = 1;
    uint32_t start = timer[1];
    for (uint32_t i = 0; i < 100000; ++i) {
        __asm volatile("nop");
    }
    demo_measured = start - timer[1];
}

#ifdef SHARED_ENTRY
void rig_crashed(void);
#endif

static void obey(uint32_t command) {
    switch (command) {
    case CMD_LOG: log_put("obeyed\n"); break;
    case CMD_BKPT: __asm volatile("bkpt 1"); ++demo_passed_bkpt; break;
    case CMD_BAD_READ: demo_crash(); break;
    case CMD_WRITE: demo_write(); break;
    case CMD_UNDEFINED: __asm volatile(".hword 0xDE00"); break;
    case CMD_BKPT_PSP: use_process_stack(); ++demo_passed_bkpt; break;
    case CMD_SLEEP: for (;;) { __asm volatile("wfi"); }
    case CMD_LOCKUP: __asm volatile("cpsid i\n svc 0"); break;
    case CMD_MEASURE: measure(); break;
    case CMD_STORES: demo_stores(); break;
    case CMD_STORES_CRASH: demo_stores_crash(); break;
#ifdef SHARED_ENTRY
    case CMD_ASSERT: rig_crashed(); break;
#endif
    default: break;
    }
}

int main(void) {
    log_init();
    log_put("hello from the demo\n");
    for (;;) {
        ++demo_counter;
        demo_tick();
#ifdef SHARED_ENTRY
        __asm volatile("svc 0");
#endif
        if (demo_command != CMD_NONE) {
            uint32_t command = demo_command;
            demo_command = CMD_NONE;
            obey(command);
        }
    }
}

void Reset_Handler(void) {
    uint32_t *from = &link_data_load;
    for (uint32_t *to = &link_data_start; to < &link_data_end;) { *to++ = *from++; }
    for (uint32_t *to = &link_bss_start; to < &link_bss_end;) { *to++ = 0; }
    (void)main();
    for (;;) { }
}

/* A page of its own: the debugger's hook there makes execution from the page slow. */
__attribute__((aligned(1024))) void HardFault_Handler(void) {
    for (;;) { }
}

#ifdef SHARED_ENTRY
/* As firmware of an operating system may have it: one entry for all exceptions, and a crash that it keeps by itself. */
volatile uint32_t rig_fault_frame[8];
const char *volatile rig_fault_file = "demo.c";
volatile uint32_t rig_fault_line = 7;
volatile uint32_t demo_calls;

__attribute__((noinline, aligned(1024))) void rig_crashed(void) {
    for (;;) { __asm volatile("nop"); }
}

__attribute__((used)) void dispatch(const uint32_t *frame) {
    uint32_t exception;
    __asm volatile("mrs %0, ipsr" : "=r"(exception));
    if (exception >= 11) {
        ++demo_calls;
        return;
    }
    for (int i = 0; i < 8; ++i) { rig_fault_frame[i] = frame[i]; }
    rig_crashed();
}

__attribute__((naked, aligned(1024))) void shared_entry(void) {
    __asm volatile("mrs r0, msp\n b dispatch\n");
}

__attribute__((section(".vectors"), used)) static void *const vectors[16] = {
    &link_stack_top, (void *)Reset_Handler, [2 ... 15] = (void *)shared_entry,
};
#else
__attribute__((section(".vectors"), used)) static void *const vectors[16] = {
    &link_stack_top, (void *)Reset_Handler, (void *)HardFault_Handler, (void *)HardFault_Handler,
};
#endif

#ifdef PADDING
#define TEXT(x) #x
#define VALUE(x) TEXT(x)
__asm(".section .rodata.padding, \"a\"\n.fill " VALUE(PADDING) ", 1, 0x5A\n.previous");
#endif
