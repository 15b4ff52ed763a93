/* The middleware's life: started with the bench's link and memory, its entities made from the words of a command. */
#ifndef BENCH_MIDDLEWARE_H
#define BENCH_MIDDLEWARE_H

#include "rig_middleware.h"

bool bench_started(void);

/* rig_link_state; bench_start makes the link whole. */
void bench_link(uint32_t state);

/* Starts the middleware anew with the arguments of RIG_CMD_START. */
int bench_start(const uint32_t *arguments, uint32_t *results, rig_mw_on_message_t on_message,
                rig_mw_on_service_t on_service);
void bench_stop(void);

/* The arguments of RIG_CMD_CREATE, and its texts: name NUL type NUL reply type NUL, within `bytes`. */
#define BENCH_CREATE_ARGUMENTS 11u
int bench_create(const uint32_t *arguments, const char *text, uint32_t bytes);

#endif
