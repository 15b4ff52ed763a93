/* Records from the firmware to the rig, which drains the ring while a command runs. Main context only. */
#ifndef BENCH_RING_H
#define BENCH_RING_H

#include <stdbool.h>

#include "rig_mailbox.h"

/* Waits until the ring has room for `records`; false if the rig cancelled the command. */
bool bench_ring_wait(uint32_t records);
void bench_ring_put(const rig_record_t *record);

/* The record that was put last. */
const rig_record_t *bench_ring_last(void);

#endif
