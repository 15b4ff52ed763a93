#include "xrce_shm_queue.h"

#if XRCE_SHM

#include "xrce_client.h"

/* Whether a sample only waits for a link behind which nobody is known to want it. */
static bool may_drop(const xrce_session_t *session, const xrce_buffer_t *buffer)
{
    if ((buffer->flags & (XRCE_B_BUSY | XRCE_B_LOCAL)) != XRCE_B_LOCAL || buffer->users != 1u ||
        buffer->writer->remote_readers != 0u) {
        return false;
    }
    /* One that is in part in fragments can be given up only where its length tells the Agent that it was cut. */
    return buffer != session->link_head || session->link_at == 0u || buffer->length <= XRCE_LENGTH_FIELD_MAX;
}

/* Takes the oldest sample of the session out that may be dropped. */
static xrce_buffer_t *drop_from(xrce_session_t *session)
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
static xrce_buffer_t *drop_unknown(xrce_client_t *client)
{
    for (uint32_t i = 0; i < client->session_count; i++) {
        xrce_buffer_t *buffer = drop_from(&client->sessions[i]);

        if (buffer != NULL) {
            xrce_shm_let_go(client, buffer);
            return xrce_pool_take(&client->pool);
        }
    }
    return NULL;
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
        buffer = drop_unknown(client);
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

/* Readers that keep only their last few lose the oldest for each new one beyond that. Under the lock. */
static void limit_readers(xrce_client_t *client, const xrce_entity_t *writer)
{
    for (const xrce_edge_t *edge = writer->edges; edge != NULL; edge = edge->next) {
        xrce_entity_t *reader = edge->reader;

        if (reader->depth == 0u || (reader->qos & XRCE_QOS_KEEP_LAST) == 0u) {
            continue;
        }
        if (reader->backlog < reader->depth) {
            reader->backlog++;
        } else {
            reader->skip++;
            client->shm.lost++;
        }
    }
}

/* Any route but the plain local one. Under the lock. */
static void publish_elsewhere(xrce_client_t *client, xrce_buffer_t *buffer, uint8_t route)
{
    const uint8_t both = XRCE_ROUTE_LOCAL | XRCE_ROUTE_LINK;

    if ((route & both) == both && buffer->length > client->sessions[buffer->writer->session].link_limit) {
        route = (uint8_t)(route & ~XRCE_ROUTE_LINK);
        client->shm.withheld++;
    }
    buffer->users = 1; /* ours, until it is in all its queues */
    buffer->flags = (route & XRCE_ROUTE_LOCAL) != 0u ? XRCE_B_LOCAL : 0u;
    if ((route & XRCE_ROUTE_LIMITED) != 0u) {
        limit_readers(client, buffer->writer);
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
    xrce_shm_let_go(client, buffer);
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
        publish_elsewhere(client, buffer, writer->route);
    }
    xrce_unlock(client);
    client->port.wake();
    return XRCE_OK;
}

int xrce_sample_cancel(xrce_client_t *client, uint32_t key)
{
    xrce_entity_t *writer;
    int status = XRCE_ERR_STATE;

    xrce_lock(client);
    writer = find_writer(client, key);
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

void xrce_shm_let_go(xrce_client_t *client, xrce_buffer_t *buffer)
{
    if (--buffer->users != 0u) {
        return;
    }
    if (XRCE_UNLIKELY(buffer->writer->orphans != 0u) && --buffer->writer->orphans == 0u) {
        client->shm.reap = true;
    }
    xrce_pool_give(&client->pool, buffer);
}

/* Whether a pair with something to skip, or a reader with a depth, gets the sample that is its turn. */
static bool accepts(const xrce_client_t *client, xrce_edge_t *edge)
{
    xrce_entity_t *reader = edge->reader;
    bool accepted = true;

    if (edge->skip != 0u) {
        edge->skip--;
        return false;
    }
    if ((reader->qos & XRCE_QOS_KEEP_LAST) == 0u) {
        return true;
    }
    xrce_lock(client);
    if (reader->skip != 0u) {
        reader->skip--;
        accepted = false;
    } else {
        reader->backlog--;
    }
    xrce_unlock(client);
    return accepted;
}

static inline uint32_t deliver_one(xrce_client_t *client, const xrce_buffer_t *buffer)
{
    xrce_shm_t *shm = &client->shm;
    xrce_edge_t *edge = buffer->writer->edges;
    xrce_sample_t sample;
    uint32_t count = 0;

    sample.data = buffer->data;
    sample.length = buffer->length;
    sample.local = true;
    while (edge != NULL) {
        const xrce_entity_t *reader = edge->reader;

        shm->cursor = edge;
        if (XRCE_LIKELY((edge->skip | reader->depth) == 0u) || accepts(client, edge)) {
            sample.reader = reader->id;
            sample.session = reader->session;
            count++;
            client->on_sample(client->context, &sample);
        }
        edge = shm->cursor->next;
    }
    shm->cursor = NULL;
    return count;
}

uint32_t xrce_shm_deliver(xrce_client_t *client)
{
    xrce_shm_t *shm = &client->shm;
    xrce_buffer_t *buffer = XRCE_LOAD(shm->head);
    const xrce_buffer_t *last = XRCE_LOAD(shm->tail);
    uint32_t count = 0;

    if (buffer == NULL) {
        return 0;
    }
    for (;;) {
        bool end = buffer == last;
        xrce_buffer_t *next;

        count += deliver_one(client, buffer);
        xrce_lock(client);
        next = buffer->next;
        XRCE_STORE(shm->head, next);
        if (next == NULL) {
            XRCE_STORE(shm->tail, next);
        }
        xrce_shm_let_go(client, buffer);
        xrce_unlock(client);
        if (end) {
            break;
        }
        buffer = next;
    }
    shm->delivered += count;
    if (shm->reap) {
        xrce_shm_reap(client);
    }
    return count;
}

void xrce_shm_retire(xrce_client_t *client, xrce_entity_t *writer)
{
    xrce_lock(client);
    if (client->shm.last == writer) {
        client->shm.last = &client->shm.nobody;
    }
    if (writer->loan != NULL) {
        xrce_pool_give(&client->pool, writer->loan);
        writer->loan = NULL;
    }
    for (uint32_t i = 0; i < client->pool.count; i++) {
        const xrce_buffer_t *buffer = &client->pool.headers[i];

        writer->orphans += buffer->users != 0u && buffer->writer == writer ? 1u : 0u;
    }
    xrce_unlock(client);
    if (writer->orphans == 0u) {
        xrce_match_remove_writer(client, writer);
        xrce_entity_free(&client->entities, writer);
    }
}

void xrce_shm_reap(xrce_client_t *client)
{
    client->shm.reap = false;
    for (uint32_t i = 0; i < client->entities.row_count; i++) {
        xrce_entity_t *writer = &client->entities.rows[i];

        if (writer->key != 0u && (writer->flags & XRCE_E_GONE) != 0u && writer->orphans == 0u) {
            xrce_match_remove_writer(client, writer);
            xrce_entity_free(&client->entities, writer);
        }
    }
}

#else
typedef int xrce_shm_queue_unused;
#endif
