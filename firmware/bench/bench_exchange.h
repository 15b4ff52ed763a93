/* Samples of one writer, published and spun for in the main context. */
#ifndef BENCH_EXCHANGE_H
#define BENCH_EXCHANGE_H

#include "rig_middleware.h"

int bench_exchange(const uint32_t *arguments, uint32_t *results);
int bench_publish(const uint32_t *arguments);
void bench_on_message(void *context, const rig_mw_message_t *message);

/* Least ticks from a callback's last reading of the clock to where the callback was called. */
uint32_t bench_exchange_recording(uint32_t repeats);

#endif
