/*
 * Shared-memory publishing: the samples of all writers in one queue, in the order of their publishing.
 *
 * Each reader sees its samples in that order, whatever writer they came from. A queue row is the buffer itself, so
 * the queue cannot be full: what limits it is the pool, and the pool says so at the loan.
 */
#include "entity/xrce_entity.h"
#include "shm/xrce_shm_parts.h"
#include "state/xrce_context.h"
#include "wire/xrce_message.h"

/* Whether readers behind the Agent are owed a sample that waits for the link. Reliable ones are for as long as the link
 * shows life, but of a writer that keeps its last few only these; best-effort ones are not. */
XRCE_COLD static bool is_owed(const xrce_session_t *session, const xrce_buffer_t *buffer)
{
    const xrce_entity_t *writer = buffer->writer;
    uint32_t newer = 0;

    if (session->unanswered >= XRCE_STALL_MS / XRCE_HEARTBEAT_MS) {
        return false;
    }
    if ((buffer->flags & XRCE_B_LOCAL) == 0u) { /* this is all that is done with it */
        return true;
    }
    if (writer->remote_readers == 0u || (writer->qos & XRCE_QOS_RELIABLE) == 0u || !xrce_keeps_last(writer)) {
        return writer->remote_readers != 0u && (writer->qos & XRCE_QOS_RELIABLE) != 0u;
    }
    for (const xrce_buffer_t *row = buffer->next_link; row != NULL; row = row->next_link) {
        newer += row->writer == writer ? 1u : 0u;
    }
    return newer < writer->depth;
}

/* Whether a sample only waits for a link, and nobody there is owed it. */
XRCE_COLD static bool may_drop(const xrce_session_t *session, const xrce_buffer_t *buffer)
{
    if ((buffer->flags & XRCE_B_BUSY) != 0u || buffer->users != 1u || is_owed(session, buffer)) {
        return false;
    }
    /* A sample of which some fragments are out can be abandoned only where its length shows the Agent that it was cut. */
    return buffer != session->link_head || session->link_at == 0u || buffer->length <= XRCE_LENGTH_FIELD_MAX;
}

/* Takes the oldest sample of the session out that may be dropped. */
XRCE_COLD static xrce_buffer_t *drop_from(xrce_session_t *session)
{
    xrce_buffer_t *before = NULL;
    xrce_buffer_t *buffer = session->link_head;

    while (buffer != NULL && !may_drop(session, buffer)) {
        before = buffer;
        buffer = buffer->next_link;
    }
    if (buffer != NULL) {
        if (before == NULL) {
            if (session->link_at != 0u) {
                XRCE_STORE(session->link_cut, true);
            }
            XRCE_STORE(session->link_head, buffer->next_link);
        } else {
            before->next_link = buffer->next_link;
        }
        if (session->link_tail == buffer) {
            session->link_tail = before;
        }
    }
    return buffer;
}

/* Samples that local readers have had must not stand in the way of local traffic while the link is slow or dead.
 * Under the lock. */
XRCE_COLD static void drop_unknown(xrce_client_t *client)
{
    for (uint32_t i = 0; i < client->session_count && client->pool.free == NULL; i++) {
        xrce_buffer_t *buffer = drop_from(&client->sessions[i]);

        if (buffer != NULL) {
            client->shm.lost += (buffer->flags & XRCE_B_LOCAL) != 0u && buffer->writer->remote_readers == 0u ? 0u : 1u;
            xrce_shm_release(client, buffer);
        }
    }
}

/* The pool is empty: what need not be there goes. Under the lock. */
XRCE_COLD static xrce_buffer_t *make_room(xrce_client_t *client)
{
    drop_unknown(client);
    if (client->pool.free == NULL && client->shm.kept != 0u) {
        xrce_shm_forget(client);
    }
    if (client->pool.free == NULL) {
        xrce_shm_reclaim(client);
    }
    return xrce_pool_take(&client->pool);
}

/* Most publishers are the one that came last. Under the lock. */
static inline xrce_entity_t *find_writer(xrce_client_t *client, uint32_t key)
{
    xrce_entity_t *writer = client->shm.last;

    if (XRCE_UNLIKELY(writer->key != key)) {
        writer = xrce_entity_find(&client->entities, key);
        if (writer != NULL) {
            client->shm.last = writer;
        }
    }
    return writer;
}

int xrce_sample_loan(xrce_client_t *client, uint32_t key, uint32_t length, uint8_t **place)
{
    xrce_entity_t *writer;
    xrce_buffer_t *buffer;
    int status = XRCE_OK;

    xrce_lock(client);
    writer = find_writer(client, key);
    if (XRCE_UNLIKELY(writer == NULL || writer->loan != NULL || length > client->pool.buffer_bytes)) {
        status = writer == NULL        ? XRCE_ERR_UNKNOWN
                 : writer->loan != NULL ? XRCE_ERR_STATE
                                        : XRCE_ERR_TOO_LARGE;
        xrce_unlock(client);
        return status;
    }
    buffer = xrce_pool_take(&client->pool);
    if (XRCE_UNLIKELY(buffer == NULL)) {
        buffer = make_room(client);
        if (buffer == NULL) {
            client->shm.refused++;
            xrce_unlock(client);
            return XRCE_ERR_NO_BUFFER;
        }
    }
    writer->loan = buffer;
    xrce_unlock(client);
    buffer->writer = writer;
    buffer->length = length;
    *place = buffer->data;
    return status;
}

/* Under the lock. */
static inline void queue_append(xrce_shm_t *shm, xrce_buffer_t *buffer)
{
    xrce_buffer_t *tail = shm->tail;

    buffer->next = NULL;
    XRCE_STORE(shm->tail, buffer); /* before the head: who sees a head must see a tail */
    if (tail != NULL) {
        tail->next = buffer;
    } else {
        XRCE_STORE(shm->head, buffer);
    }
}

XRCE_COLD void xrce_shm_publish(xrce_client_t *client, xrce_buffer_t *buffer, uint8_t route)
{
    const uint8_t both = XRCE_ROUTE_LOCAL | XRCE_ROUTE_LINK;

    /* An Agent that tells who reads gets what somebody reads, however long. To any other Agent, samples with local
     * readers go only if they can be abandoned midway, when their buffer is needed here. */
    if ((route & both) == both && buffer->length > XRCE_LENGTH_FIELD_MAX &&
        !client->sessions[buffer->writer->session].cooperative) {
        route = (uint8_t)(route & ~XRCE_ROUTE_LINK);
        client->shm.withheld++;
    }
    buffer->users = 1; /* ours, until it is in all its queues */
    buffer->flags = (route & XRCE_ROUTE_LOCAL) != 0u ? XRCE_B_LOCAL : 0u;
    if ((route & XRCE_ROUTE_LIMITED) != 0u) {
        for (const xrce_edge_t *edge = buffer->writer->edges; edge != NULL; edge = edge->next) {
            xrce_shm_limit(client, edge->reader);
        }
    }
    if ((route & XRCE_ROUTE_KEEP) != 0u) {
        xrce_shm_keep(client, buffer);
    }
    if ((route & XRCE_ROUTE_LOCAL) != 0u) {
        buffer->users++;
        queue_append(&client->shm, buffer);
    }
    if ((route & XRCE_ROUTE_LINK) != 0u) {
        xrce_session_t *session = &client->sessions[buffer->writer->session];

        buffer->users++;
        buffer->next_link = NULL;
        if (session->link_tail != NULL) {
            session->link_tail->next_link = buffer;
        } else {
            XRCE_STORE(session->link_head, buffer);
        }
        session->link_tail = buffer;
    }
    xrce_shm_release(client, buffer);
}

int xrce_sample_publish(xrce_client_t *client, uint32_t key)
{
    xrce_entity_t *writer;
    xrce_buffer_t *buffer;

    xrce_lock(client);
    writer = find_writer(client, key);
    if (XRCE_UNLIKELY(writer == NULL || writer->loan == NULL)) {
        xrce_unlock(client);
        return writer == NULL ? XRCE_ERR_UNKNOWN : XRCE_ERR_STATE;
    }
    buffer = writer->loan;
    writer->loan = NULL;
    if (XRCE_LIKELY(writer->route == XRCE_ROUTE_LOCAL)) {
        buffer->users = 1;
        queue_append(&client->shm, buffer);
    } else {
        xrce_shm_publish(client, buffer, writer->route);
    }
    xrce_unlock(client);
    xrce_wake(client);
    return XRCE_OK;
}

XRCE_COLD int xrce_sample_cancel(xrce_client_t *client, uint32_t key)
{
    xrce_entity_t *writer;
    int status = XRCE_ERR_STATE;

    xrce_lock(client);
    writer = xrce_entity_find(&client->entities, key);
    if (writer == NULL) {
        status = XRCE_ERR_UNKNOWN;
    } else if (writer->loan != NULL) {
        xrce_pool_give(&client->pool, writer->loan);
        writer->loan = NULL;
        status = XRCE_OK;
    }
    xrce_unlock(client);
    return status;
}
