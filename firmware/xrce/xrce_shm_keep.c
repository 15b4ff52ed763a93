#include "xrce_shm_keep.h"

#if XRCE_SHM

#include "xrce_client.h"

XRCE_COLD void xrce_shm_keep(xrce_client_t *client, xrce_buffer_t *buffer)
{
    xrce_entity_t *writer = buffer->writer;
    uint32_t limit = (writer->qos & XRCE_QOS_KEEP_LAST) == 0u ? UINT16_MAX : writer->depth != 0u ? writer->depth : 1u;

    buffer->users++;
    buffer->number = writer->number++;
    if (writer->kept == NULL) {
        buffer->next_kept = buffer;
    } else {
        buffer->next_kept = writer->kept->next_kept;
        writer->kept->next_kept = buffer;
    }
    writer->kept = buffer;
    if (writer->backlog >= limit) {
        xrce_shm_forget_one(client, writer);
    }
    writer->backlog++;
    client->shm.kept++;
}

XRCE_COLD void xrce_shm_forget_one(xrce_client_t *client, xrce_entity_t *writer)
{
    xrce_buffer_t *oldest = writer->kept->next_kept;

    if (oldest == writer->kept) {
        writer->kept = NULL;
    } else {
        writer->kept->next_kept = oldest->next_kept;
    }
    writer->backlog--;
    client->shm.kept--;
    xrce_shm_let_go(client, oldest);
}

XRCE_COLD void xrce_shm_forget(xrce_client_t *client)
{
    for (uint32_t i = 0; i < client->entities.row_count; i++) {
        xrce_entity_t *writer = &client->entities.rows[i];

        while (client->pool.free == NULL && writer->key != 0u && writer->kept != NULL &&
               writer->kept->next_kept->users == 1u) {
            xrce_shm_forget_one(client, writer);
        }
    }
}

/* Whether the pair's reader has lost the sample; counts those it has lost so far. A pair that still passes over what
 * came before it counts as one that wants the sample: a caution, soon over. */
static bool has_lost(const xrce_edge_t *edge)
{
    xrce_entity_t *reader = edge->reader;
    bool lost = xrce_keeps_last(reader) && reader->number < reader->skip;

    reader->number = (uint16_t)(reader->number + (lost ? 1u : 0u));
    return lost && edge->skip == 0u;
}

XRCE_COLD void xrce_shm_reclaim(xrce_client_t *client)
{
    xrce_buffer_t *before = NULL;
    xrce_buffer_t *buffer = client->shm.head;

    for (; buffer != NULL; buffer = buffer->next) {
        for (const xrce_edge_t *edge = buffer->writer->edges; edge != NULL; edge = edge->next) {
            edge->reader->number = 0;
        }
    }
    buffer = client->shm.head;
    while (buffer != NULL && client->pool.free == NULL) {
        xrce_buffer_t *next = buffer->next;
        bool wanted = before == NULL;

        for (const xrce_edge_t *edge = buffer->writer->edges; edge != NULL; edge = edge->next) {
            wanted = !has_lost(edge) || wanted;
        }
        if (wanted) {
            before = buffer;
        } else {
            for (const xrce_edge_t *edge = buffer->writer->edges; edge != NULL; edge = edge->next) {
                edge->reader->skip--; /* it is not there to be lost any more */
                edge->reader->number--;
            }
            before->next = next;
            if (next == NULL) {
                XRCE_STORE(client->shm.tail, before);
            }
            xrce_shm_let_go(client, buffer);
        }
        buffer = next;
    }
}

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

/* From now on the reader gets what comes by the queue, but for what it has had already: numbers below `end`. Under
 * the lock. */
XRCE_COLD static void admit(xrce_client_t *client, const xrce_entity_t *writer, xrce_edge_t *edge, uint16_t end)
{
    edge->skip = 0;
    for (const xrce_buffer_t *buffer = client->shm.head; buffer != NULL; buffer = buffer->next) {
        if (buffer->writer == writer && xrce_sequence_distance(buffer->number, end) < 0) {
            edge->skip++;
        } else if (buffer->writer == writer) {
            xrce_shm_limit(client, edge->reader);
        }
    }
}

XRCE_COLD static uint32_t replay_pair(xrce_client_t *client, const xrce_entity_t *writer, xrce_edge_t *edge)
{
    const xrce_entity_t *reader = edge->reader;
    uint16_t number;
    uint32_t count = 0;
    uint16_t end;
    xrce_buffer_t *buffer;
    xrce_sample_t sample;

    client->shm.cursor = edge;
    xrce_lock(client);
    end = writer->number;
    number = xrce_keeps_last(reader) && reader->depth < writer->backlog ? reader->depth : writer->backlog;
    number = (uint16_t)(end - number);
    while ((buffer = kept_from(writer, number, end)) != NULL) {
        buffer->users++;
        xrce_unlock(client);
        number = (uint16_t)(buffer->number + 1u);
        sample.data = buffer->data;
        sample.length = buffer->length;
        sample.reader = reader->id;
        sample.session = reader->session;
        sample.local = true;
        count++;
        client->on_sample(client->context, &sample);
        xrce_lock(client);
        xrce_shm_let_go(client, buffer);
        if (client->shm.cursor != edge) {
            break; /* the callback deleted one of the two */
        }
    }
    if (client->shm.cursor == edge) {
        admit(client, writer, edge, end);
    }
    xrce_unlock(client);
    client->shm.cursor = NULL;
    return count;
}

XRCE_COLD uint32_t xrce_shm_replay(xrce_client_t *client)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < client->entities.row_count; i++) {
        const xrce_entity_t *writer = &client->entities.rows[i];
        xrce_edge_t *edge = writer->key != 0u ? writer->edges : NULL;

        while (edge != NULL) {
            if (edge->skip == XRCE_EDGE_HOLD) {
                count += replay_pair(client, writer, edge);
                edge = writer->key != 0u ? writer->edges : NULL; /* callbacks may have changed the list */
            } else {
                edge = edge->next;
            }
        }
    }
    return count;
}

#else
typedef int xrce_shm_keep_unused;
#endif
