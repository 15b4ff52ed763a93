/* Entry points that a board's vector table names. */
#ifndef RIG_STARTUP_H
#define RIG_STARTUP_H

void rig_reset(void);
void rig_hard_fault(void);

#endif
