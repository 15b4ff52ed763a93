/* What the NuttX port needs of a board and NuttX does not give: a clock of single instructions and two timers. One file
 * below boards/ for each, named by RIG_BOARD; the clock itself is rig_port_clock.h. */
#ifndef RIG_NUTTX_BOARD_H
#define RIG_NUTTX_BOARD_H

#include <stdint.h>

#define RIG_BOARD_TIMERS 2u

/* The device that leads to the Agent. No console may be on it. */
extern const char rig_board_link_device[];

/* Starts the clock, and makes the timers' interrupts known to NuttX: each calls `due` with its number, in the interrupt,
 * once after it was armed. Returns 0, or a negated errno. */
int rig_board_start(void (*due)(uint32_t timer));

uint32_t rig_board_clock_hz(void);

/* Arms a timer: due in `ticks` of the clock, 0: never. From any context; interrupts of the timer itself are held back. */
void rig_board_arm(uint32_t timer, uint32_t ticks);

/* Ticks since a timer was due. In its interrupt, before it is armed anew. */
uint32_t rig_board_late(uint32_t timer);

#endif
