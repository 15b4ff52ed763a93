/*
 * Samples that stay for a while after their delivery, and samples that go before it: what transient-local writers keep
 * for readers that come late, and what readers with a depth have lost although it still lies in the queue.
 *
 * What a writer keeps are references to shared buffers, never copies. It keeps its last `depth` samples (KEEP_LAST
 * without a depth: one; KEEP_ALL: as many as the pool can spare), and an empty pool takes the oldest back.
 */
#include "entity/xrce_entity.h"
#include "shm/xrce_shm_parts.h"

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
    xrce_shm_release(client, oldest);
}

XRCE_COLD void xrce_shm_forget(xrce_client_t *client)
{
    for (xrce_entity_t *writer = NULL; (writer = xrce_entity_next(&client->entities, writer)) != NULL;) {
        while (client->pool.free == NULL && writer->kept != NULL && writer->kept->next_kept->users == 1u) {
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
            xrce_shm_release(client, buffer);
        }
        buffer = next;
    }
}
