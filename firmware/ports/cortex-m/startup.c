/*
 * Reset, faults and the stack of a bare Cortex-M board. The vector table proper is the board's (vectors.c).
 */
#include "startup.h"

#include <stdint.h>

#include "rig_port.h"

extern uint32_t rig_stack_bottom[], rig_stack_top[];
extern uint32_t rig_data_load[], rig_data_begin[], rig_data_end[], rig_bss_begin[], rig_bss_end[];

int main(int argc, char **argv);

#define STACK_PAINT 0xA5A5A5A5u

/* What a crash leaves for the rig: found by symbol, read through the probe. */
volatile uint32_t rig_fault_frame[8]; /* r0-r3, r12, lr, pc, xpsr as stacked */
volatile uint32_t rig_fault_status;   /* CFSR; 0 on a Cortex-M0 */
volatile uint32_t rig_fault_happened;

void rig_port_barrier(void)
{
    __asm volatile("dmb" ::: "memory");
}

void rig_port_stack(uint32_t *reserved, uint32_t *used)
{
    const uint32_t *word = rig_stack_bottom;

    while (word < rig_stack_top && *word == STACK_PAINT) {
        word++;
    }
    *reserved = (uint32_t)((uintptr_t)rig_stack_top - (uintptr_t)rig_stack_bottom);
    *used = (uint32_t)((uintptr_t)rig_stack_top - (uintptr_t)word);
}

void rig_port_stack_forget(void)
{
    uint32_t *paint_end;

    __asm volatile("mov %0, sp" : "=r"(paint_end));
    for (volatile uint32_t *word = rig_stack_bottom; word < paint_end; word++) { /* by a loop: a call's frame lies there */
        *word = STACK_PAINT;
    }
}

__attribute__((noreturn)) void rig_reset(void)
{
    uint32_t *from = rig_data_load;
    uint32_t *paint_end;

    __asm volatile("mov %0, sp" : "=r"(paint_end));
    for (uint32_t *to = rig_data_begin; to < rig_data_end;) {
        *to++ = *from++;
    }
    for (uint32_t *to = rig_bss_begin; to < rig_bss_end;) {
        *to++ = 0;
    }
    for (uint32_t *to = rig_stack_bottom; to < paint_end - 8;) {
        *to++ = STACK_PAINT;
    }
    (void)main(0, 0);
    for (;;) {
        __asm volatile("wfi");
    }
}

__attribute__((used)) void rig_fault(const uint32_t *frame);

void rig_fault(const uint32_t *frame)
{
    for (int i = 0; i < 8; i++) {
        rig_fault_frame[i] = frame[i];
    }
#if __ARM_ARCH >= 7
    rig_fault_status = *(volatile uint32_t *)0xE000ED28u;
#endif
    rig_port_barrier();
    rig_fault_happened = 1;
    for (;;) {
        __asm volatile("nop");
    }
}

/* Hands the stacked registers to rig_fault, whichever stack was in use. A page of its own: the debug probe keeps a
 * breakpoint here, and a breakpoint slows an emulated board's whole page. */
__attribute__((naked, aligned(1024), section(".text.rig_hard_fault"))) void rig_hard_fault(void)
{
    __asm volatile("movs r0, #4\n"
                   "mov  r1, lr\n"
                   "tst  r0, r1\n"
                   "beq  1f\n"
                   "mrs  r0, psp\n"
                   "b    2f\n"
                   "1: mrs r0, msp\n"
                   "2: ldr r1, =rig_fault\n"
                   "bx   r1\n"
                   ".ltorg\n"
                   ".balign 1024\n");
}
