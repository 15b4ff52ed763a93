/* The handlers of the two other contexts, for a board's vector table. */
#ifndef RIG_PREEMPT_H
#define RIG_PREEMPT_H

#include <stdint.h>

void rig_systick(void);
void rig_pendsv(void);

/* A rig_port_idle for chips whose SysTick counts on while the core sleeps: until an interrupt, wake(), or `ticks` of the
 * processor's clock, at most 2^24, which SysTick counts beside the pauses of the other contexts. */
void rig_systick_sleep(uint32_t ticks);

#endif
