/* What common.c and a board's port.c have for each other. */
#ifndef RIG_COMMON_H
#define RIG_COMMON_H

#include <stdbool.h>
#include <stdint.h>

#include "byte_queue.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define NVIC_ENABLE 0xE000E100u
#define NVIC_DISABLE 0xE000E180u

/* `irq`: the number in the chip's manual, 0 for the first interrupt that is not the core's own. */
static inline void rig_irq_enable(uint32_t irq)
{
    REGISTER(NVIC_ENABLE + 4u * (irq / 32u)) = 1u << irq % 32u;
}

static inline void rig_irq_disable(uint32_t irq)
{
    REGISTER(NVIC_DISABLE + 4u * (irq / 32u)) = 1u << irq % 32u;
}

/* Set by wake() and by the board's interrupts: ends a sleep. */
extern volatile bool rig_woken;

/* The board's UART: its interrupt's number, the queue that the interrupt fills, and how bytes go out. */
extern const uint32_t rig_link_irq;
extern rig_byte_queue_t rig_link_received;
int rig_link_write(void *context, const uint8_t *bytes, size_t length);

#endif
