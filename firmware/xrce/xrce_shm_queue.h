/*
 * Shared-memory publishing and delivery: the samples of all writers in one queue, in the order of their publishing.
 *
 * Each reader sees its samples in that order, whatever writer they came from. A queue row is the buffer itself, so
 * the queue cannot be full: what limits it is the pool, and the pool says so at the loan.
 */
#ifndef XRCE_SHM_QUEUE_H
#define XRCE_SHM_QUEUE_H

#include "xrce_shm_match.h"
#include "xrce_shm_pool.h"

#if XRCE_SHM

typedef struct {
    xrce_buffer_t *head;
    xrce_buffer_t *tail;
    xrce_edge_t *cursor;    /* the pair whose callback runs; moved when that pair is removed */
    xrce_edge_t *free_edges;
    xrce_entity_t *last;    /* writer found last; checked by its key */
    bool idle;              /* the main context may be asleep: who publishes must wake it */
    bool chores;            /* a gone writer has no more samples, a late reader waits, a service was delivered */
    uint32_t delivered_service; /* since the last chores */
    uint32_t refused;
    uint16_t kept;          /* by all writers, for late readers */
    uint32_t withheld;      /* samples over XRCE_LENGTH_FIELD_MAX that stayed with their local readers */
    uint32_t lost;
    uint32_t delivered;
    xrce_edge_t start;      /* stands before the first pair, for a cursor whose pair was first */
    xrce_entity_t nobody;   /* what `last` points to when there is none: its key is nobody's */
} xrce_shm_t;

/* Loan, publish and cancel of xrce_data.h are here too. */

/* Calls the readers for every sample accepted before this call; returns the count of callbacks. Main context. */
uint32_t xrce_shm_deliver(struct xrce_client *client);

/* Brings a sample into its queues, by any route but the plain local one. Under the lock. */
void xrce_shm_publish(struct xrce_client *client, xrce_buffer_t *buffer, uint8_t route);
/* One more sample for a reader that keeps only its last few. Under the lock. */
void xrce_shm_limit(struct xrce_client *client, xrce_entity_t *reader);

/* One user less of a sample. Under the lock. */
void xrce_shm_let_go(struct xrce_client *client, xrce_buffer_t *buffer);

/* A writer is deleted: its loan returns, its accepted samples are still delivered, then its row is freed. The
 * entity is hidden already. Main context. */
void xrce_shm_retire(struct xrce_client *client, xrce_entity_t *writer);
/* Frees the rows of gone writers whose last sample was delivered. Main context. */
void xrce_shm_reap(struct xrce_client *client);

#endif
#endif
