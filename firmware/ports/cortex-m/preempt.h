/* The handlers of the two other contexts, for a board's vector table. */
#ifndef RIG_PREEMPT_H
#define RIG_PREEMPT_H

#include <stdint.h>

void rig_systick(void);
void rig_pendsv(void);

#endif
