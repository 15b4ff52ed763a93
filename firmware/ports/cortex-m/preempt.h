/* The SysTick handler, for a board's vector table. */
#ifndef RIG_PREEMPT_H
#define RIG_PREEMPT_H

#include <stdint.h>

void rig_systick(void);

#endif
