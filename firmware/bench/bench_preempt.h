/* Contexts that meet, and a spin that sleeps: the middleware is started with bench_preempt_message as its callback. */
#ifndef BENCH_PREEMPT_H
#define BENCH_PREEMPT_H

#include "rig_middleware.h"

int bench_preempt(const uint32_t *arguments, uint32_t *results);
int bench_wake(const uint32_t *arguments, uint32_t *results);
void bench_preempt_message(void *context, const rig_mw_message_t *message);

#endif
