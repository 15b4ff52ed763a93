/*
 * Samples that stay for a while after their delivery, and samples that go before it: what transient-local writers keep
 * for readers that come late, and what readers with a depth have lost although it still lies in the queue.
 *
 * What a writer keeps are references to shared buffers, never copies. It keeps its last `depth` samples (KEEP_LAST
 * without a depth: one; KEEP_ALL: as many as the pool can spare), and an empty pool takes the oldest back.
 */
#ifndef XRCE_SHM_KEEP_H
#define XRCE_SHM_KEEP_H

#include "xrce_shm_match.h"
#include "xrce_shm_pool.h"

#if XRCE_SHM

struct xrce_client;

/* The writer of a published sample keeps it. Under the lock. */
void xrce_shm_keep(struct xrce_client *client, xrce_buffer_t *buffer);
/* `writer`, which keeps some, gives its oldest back. Under the lock. */
void xrce_shm_forget_one(struct xrce_client *client, xrce_entity_t *writer);

/* For an empty pool, until it has a buffer again. Both under the lock. */
/* Gives back samples that are only kept. */
void xrce_shm_forget(struct xrce_client *client);
/* Takes samples out of the queue that all their readers have lost. The oldest in the queue stays: it may be in
 * delivery just now. So a reader of depth n can hold n + 1 buffers. Time: samples in the queue x their readers. */
void xrce_shm_reclaim(struct xrce_client *client);

/* Hands the kept samples to readers that came late; returns the count of callbacks. Main context. */
uint32_t xrce_shm_replay(struct xrce_client *client);

#endif
#endif
