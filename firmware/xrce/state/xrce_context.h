/*
 * The ways out to the application: the lock of its port, its wake-up, its callback for services.
 */
#ifndef XRCE_CONTEXT_H
#define XRCE_CONTEXT_H

#include "xrce_state.h"

static inline void xrce_lock(const xrce_client_t *client)
{
    client->port.lock();
}

static inline void xrce_unlock(const xrce_client_t *client)
{
    client->port.unlock();
}

#if XRCE_SHM
/* After publishing, without the lock. A wake-up cannot be lost: the main context says under the lock that it is going
 * to sleep, and looks at the queue there; so either it sees the sample, or the publisher sees that it sleeps. */
static inline void xrce_wake(const xrce_client_t *client)
{
    if (XRCE_UNLIKELY(XRCE_LOAD(client->shm.idle))) {
        client->port.wake();
    }
}
#endif

/* Hands a request or reply to the application as one for `entity`. Main context. */
void xrce_hand_over(xrce_client_t *client, xrce_service_sample_t *message, const xrce_entity_t *entity);

#endif
