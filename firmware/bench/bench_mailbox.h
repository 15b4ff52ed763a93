/* The mailbox of this firmware: where it lies, and whether the rig wants the running command to end. */
#ifndef BENCH_MAILBOX_H
#define BENCH_MAILBOX_H

#include <stdbool.h>

#include "rig_mailbox.h"

extern rig_mailbox_t *bench_mailbox;

extern const char rig_identity[]; /* variant and operating system, a space between: found by its ELF symbol */

/* Fills it in and announces it. `middleware` and `version` are the backend's, `capabilities` its rig_mw_capability. */
void bench_mailbox_open(const char *middleware, const char *version, uint32_t capabilities);

bool bench_cancelled(void);

/* Stands still until the rig lets go. */
void bench_hold(void);

#endif
