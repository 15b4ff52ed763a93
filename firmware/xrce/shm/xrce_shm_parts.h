/* What the files of shm/ have for each other, lowest first. */
#ifndef XRCE_SHM_PARTS_H
#define XRCE_SHM_PARTS_H

#include "xrce_sample.h"

/* The pool. Under the lock, from any context. */

static inline xrce_buffer_t *xrce_pool_take(xrce_pool_t *pool)
{
    xrce_buffer_t *buffer = pool->free;

    if (XRCE_LIKELY(buffer != NULL)) {
        pool->free = buffer->next;
        pool->free_count--;
    }
    return buffer;
}

static inline void xrce_pool_give(xrce_pool_t *pool, xrce_buffer_t *buffer)
{
    buffer->next = pool->free;
    pool->free = buffer;
    pool->free_count++;
}

/* One user less of a sample. Inline for delivery; the others take it in one piece. */
static inline void xrce_shm_let_go(xrce_client_t *client, xrce_buffer_t *buffer)
{
    if (--buffer->users != 0u) {
        return;
    }
    if (XRCE_UNLIKELY(buffer->writer->orphans != 0u) && --buffer->writer->orphans == 0u) {
        XRCE_STORE(client->shm.chores, true);
    }
    xrce_pool_give(&client->pool, buffer);
}

void xrce_shm_release(xrce_client_t *client, xrce_buffer_t *buffer);

/* xrce_shm_match.c */

static inline bool xrce_keeps_last(const xrce_entity_t *reader)
{
    return reader->depth != 0u && (reader->qos & XRCE_QOS_KEEP_LAST) != 0u;
}

/* A reader leaves: nobody delivers to it any more. */
void xrce_match_remove_reader(xrce_client_t *client, const xrce_entity_t *reader);

/* Drops the list of a writer that has no sample under way. */
void xrce_match_remove_writer(xrce_client_t *client, xrce_entity_t *writer);

/* One more sample for a reader that keeps only its last few. Under the lock. */
void xrce_shm_limit(xrce_client_t *client, xrce_entity_t *reader);

/* xrce_shm_keep.c */

/* The writer of a published sample keeps it. Under the lock. */
void xrce_shm_keep(xrce_client_t *client, xrce_buffer_t *buffer);
/* `writer`, which keeps some, gives its oldest back. Under the lock. */
void xrce_shm_forget_one(xrce_client_t *client, xrce_entity_t *writer);

/* For an empty pool, until it has a buffer again. Both under the lock. */
/* Gives back samples that are only kept. */
void xrce_shm_forget(xrce_client_t *client);
/* Takes samples out of the queue that all their readers have lost. The oldest in the queue stays: it may be in
 * delivery just now. So a reader of depth n can hold n + 1 buffers. Time: samples in the queue x their readers. */
void xrce_shm_reclaim(xrce_client_t *client);

/* xrce_shm_publish.c */

/* Brings a sample into its queues, by any route but the plain local one. Under the lock. */
void xrce_shm_publish(xrce_client_t *client, xrce_buffer_t *buffer, uint8_t route);

/* xrce_shm_service.c */

/* One whose turn it is; replies for other requesters are passed over. Main context. */
void xrce_service_deliver(xrce_client_t *client, const xrce_buffer_t *buffer, const xrce_entity_t *entity);

/* xrce_shm_echo.c */

/* Whether one more sample may go to this Agent now. */
bool xrce_echo_room(xrce_client_t *client, const xrce_session_t *session);
/* A sample went into the link's stream. */
void xrce_echo_expect(xrce_client_t *client, const xrce_session_t *session, const xrce_buffer_t *buffer);

#endif
