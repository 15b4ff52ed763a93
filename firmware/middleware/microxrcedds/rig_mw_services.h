/* Requests and replies on the Client. Knows no streams but the one it is given; its memory is lent. */
#ifndef RIG_MW_SERVICES_H
#define RIG_MW_SERVICES_H

#include <uxr/client/client.h>

#include "rig_middleware.h"

typedef struct {
    uxrSession *session;
    uxrStreamId out;       /* requests, replies and what is asked of the Agent go here */
    uxrStreamId in;        /* replies and requests are asked for on it */
    uint8_t *staging;      /* the message that is being written: the Client copies it into its stream */
    uint32_t staging_bytes;
    uint32_t longest;      /* what the stream can ever hold */
    rig_mw_on_service_t on_service;
    void *context;
    rig_mw_statistics_t *statistics;
    /* Gives the `length` bytes of `buffer` in one piece, or NULL: no memory for so many. */
    const uint8_t *(*gather)(ucdrBuffer *buffer, uint32_t length);
} rig_mw_services_t;

/* Uses a new session from now on; `services` is copied. */
void rig_mw_services_attach(const rig_mw_services_t *services);
/* No session any more. */
void rig_mw_services_detach(void);
/* Asks the Agent for all that comes to a requester or replier. */
int rig_mw_services_ask(uint8_t kind, uint16_t id);

#endif
