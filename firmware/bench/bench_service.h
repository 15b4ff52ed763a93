/* Requests of one requester; every replier answers with the request's own bytes. */
#ifndef BENCH_SERVICE_H
#define BENCH_SERVICE_H

#include "rig_middleware.h"

int bench_service(const uint32_t *arguments, uint32_t *results);
void bench_on_service(void *context, const rig_mw_service_message_t *message);

#endif
