/* Delivery of what was published, and what is to do between two rounds of it. */
#include "entity/xrce_entity.h"
#include "shm/xrce_samples.h"
#include "shm/xrce_shm_parts.h"
#include "state/xrce_context.h"

/* The oldest kept sample with a number in [first, end), or NULL. Under the lock. */
XRCE_COLD static xrce_buffer_t *kept_from(const xrce_entity_t *writer, uint16_t first, uint16_t end)
{
    xrce_buffer_t *buffer = writer->kept;

    if (buffer != NULL) {
        do {
            buffer = buffer->next_kept;
            if (xrce_sequence_distance(buffer->number, first) >= 0) {
                return xrce_sequence_distance(buffer->number, end) < 0 ? buffer : NULL;
            }
        } while (buffer != writer->kept);
    }
    return NULL;
}

/* Hands a late reader what its writer keeps of the time before they met: from now on it gets what comes by the queue.
 * Returns callbacks made; a callback may delete one of the two, and then moves the cursor. */
XRCE_COLD static uint32_t replay_pair(xrce_client_t *client, const xrce_entity_t *writer, xrce_edge_t *edge)
{
    const xrce_entity_t *reader = edge->reader;
    uint16_t number;
    uint16_t end;
    uint32_t count = 0;
    xrce_buffer_t *buffer;

    client->shm.cursor = edge;
    xrce_lock(client);
    edge->skip &= (uint16_t)~XRCE_EDGE_HOLD;
    end = edge->since;
    number = (uint16_t)(writer->number - writer->backlog); /* of the oldest that is kept */
    if (xrce_keeps_last(reader) && xrce_sequence_distance((uint16_t)(end - reader->depth), number) > 0) {
        number = (uint16_t)(end - reader->depth);
    }
    while (client->shm.cursor == edge && (buffer = kept_from(writer, number, end)) != NULL) {
        const xrce_sample_t sample = {buffer->data, buffer->length, reader->id, reader->session, true};

        buffer->users++;
        xrce_unlock(client);
        number = (uint16_t)(buffer->number + 1u);
        count++;
        client->on_sample(client->context, &sample);
        xrce_lock(client);
        xrce_shm_release(client, buffer);
    }
    xrce_unlock(client);
    return count;
}

/* Whether a pair with something to skip, or a reader with a depth, gets the sample that is its turn. A late reader gets
 * what was kept for it before the first sample that it is owed, and not before: whoever waits for the buffer of a sample
 * that is nothing to it would wait for its callbacks. Requesters and repliers come this way too, and are served here. */
XRCE_SHARED static bool accepts(xrce_client_t *client, xrce_edge_t *edge, const xrce_buffer_t *buffer)
{
    xrce_entity_t *reader = edge->reader;
    bool accepted = true;

    if (XRCE_UNLIKELY(edge->skip == XRCE_EDGE_HOLD)) {
        client->shm.delivered_aside += replay_pair(client, buffer->writer, edge);
        XRCE_STORE(client->shm.chores, true);
        if (client->shm.cursor != edge) {
            return false;
        }
    }
    xrce_lock(client);
    if (edge->skip != 0u) {
        edge->skip--;
        accepted = false;
    } else if (xrce_keeps_last(reader)) {
        accepted = reader->skip == 0u;
        if (accepted) {
            reader->backlog--;
        } else {
            reader->skip--;
        }
    }
    xrce_unlock(client);
    if (accepted && xrce_kind_is_service(xrce_entity_kind(reader))) {
        xrce_service_deliver(client, buffer, reader);
        accepted = false;
    }
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
        uint32_t rare = edge->skip;

        rare |= reader->depth;
        shm->cursor = edge;
        if (XRCE_LIKELY(rare == 0u) || accepts(client, edge, buffer)) {
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

XRCE_COLD static uint32_t replay(xrce_client_t *client)
{
    uint32_t count = 0;

    for (xrce_entity_t *writer = NULL; (writer = xrce_entity_next(&client->entities, writer)) != NULL;) {
        xrce_edge_t *edge = writer->edges;

        while (edge != NULL) {
            if ((edge->skip & XRCE_EDGE_HOLD) != 0u) {
                count += replay_pair(client, writer, edge);
                client->shm.cursor = NULL;
                edge = writer->key != 0u ? writer->edges : NULL; /* callbacks may have changed the list */
            } else {
                edge = edge->next;
            }
        }
    }
    return count;
}

XRCE_COLD void xrce_shm_reap(xrce_client_t *client)
{
    for (xrce_entity_t *writer = NULL; (writer = xrce_entity_next(&client->entities, writer)) != NULL;) {
        if ((writer->flags & XRCE_E_GONE) != 0u && writer->orphans == 0u) {
            xrce_match_remove_writer(client, writer);
            xrce_lock(client);
            writer->key = 0;
            xrce_unlock(client);
        }
    }
}

/* What is seldom to do, between two rounds of delivery. Returns callbacks made. */
XRCE_SHARED static uint32_t chores(xrce_client_t *client)
{
    uint32_t count = client->shm.delivered_aside;

    XRCE_STORE(client->shm.chores, false);
    client->shm.delivered_aside = 0;
    count += replay(client);
    client->shm.delivered += count;
    xrce_shm_reap(client);
    return count;
}

uint32_t xrce_shm_deliver(xrce_client_t *client)
{
    xrce_shm_t *shm = &client->shm;
    xrce_buffer_t *buffer = XRCE_LOAD(shm->head);
    const xrce_buffer_t *last = XRCE_LOAD(shm->tail);
    uint32_t count = 0;

    if (buffer == NULL) {
        return XRCE_UNLIKELY(XRCE_LOAD(shm->chores)) ? chores(client) : 0u;
    }
    for (;;) {
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
        if (buffer == last || next == NULL) { /* the last one may have been taken out meanwhile */
            break;
        }
        buffer = next;
    }
    shm->delivered += count;
    if (XRCE_UNLIKELY(XRCE_LOAD(shm->chores))) {
        count += chores(client);
    }
    return count;
}

/* Loans and kept samples return; a row stays for its accepted samples. */
XRCE_COLD void xrce_samples_leave(xrce_client_t *client, xrce_entity_t *writer)
{
    xrce_match_remove_reader(client, writer);
    xrce_lock(client);
    if (client->shm.last == writer) {
        client->shm.last = &client->shm.nobody;
    }
    if (writer->loan != NULL) {
        xrce_pool_give(&client->pool, writer->loan);
        writer->loan = NULL;
    }
    while (writer->kept != NULL) {
        xrce_shm_forget_one(client, writer);
    }
    for (uint32_t i = 0; i < client->pool.count; i++) {
        const xrce_buffer_t *buffer = &client->pool.headers[i];

        if (buffer->users != 0u && buffer->writer == writer) {
            writer->orphans++;
        }
    }
    xrce_unlock(client);
    xrce_shm_reap(client);
}

XRCE_COLD uint32_t xrce_shm_sleep(xrce_client_t *client, uint32_t wait_ms)
{
    xrce_lock(client);
    if (client->spinning && client->shm.head != NULL) {
        wait_ms = 0;
    } else {
        XRCE_STORE(client->shm.idle, true);
    }
    xrce_unlock(client);
    return wait_ms;
}
