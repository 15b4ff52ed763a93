#include "xrce_shm_match.h"

#if XRCE_SHM

#include "xrce_client.h"

bool xrce_match_qos(uint8_t offered, uint8_t requested)
{
    const uint8_t asked = XRCE_QOS_RELIABLE | XRCE_QOS_TRANSIENT_LOCAL;

    return (requested & asked & ~offered) == 0u;
}

XRCE_COLD static bool matches(const xrce_entity_t *writer, const xrce_entity_t *reader)
{
    return writer->name == reader->name && writer->name != XRCE_NONE && xrce_match_qos(writer->qos, reader->qos);
}

/* Samples of `writer` that wait for local readers now. */
XRCE_COLD static uint32_t under_way(const xrce_client_t *client, const xrce_entity_t *writer)
{
    uint32_t count = 0;

    for (const xrce_buffer_t *buffer = client->shm.head; buffer != NULL; buffer = buffer->next) {
        count += buffer->writer == writer ? 1u : 0u;
    }
    return count;
}

XRCE_COLD static void route_local(xrce_entity_t *writer)
{
    uint8_t route = (uint8_t)(writer->route & (XRCE_ROUTE_LINK | XRCE_ROUTE_KEEP));

    for (const xrce_edge_t *edge = writer->edges; edge != NULL; edge = edge->next) {
        route |= XRCE_ROUTE_LOCAL;
        if (xrce_keeps_last(edge->reader)) {
            route |= XRCE_ROUTE_LIMITED;
        }
    }
    writer->route = route;
}

/* Appends, so that readers are served in the order of their creation. */
XRCE_COLD static void pair(xrce_client_t *client, xrce_entity_t *writer, xrce_entity_t *reader)
{
    xrce_edge_t *edge;
    xrce_edge_t **end = &writer->edges;

    xrce_lock(client);
    edge = client->shm.free_edges;
    client->shm.free_edges = edge->next;
    edge->next = NULL;
    edge->reader = reader;
    edge->skip = (uint16_t)under_way(client, writer);
    if (writer->kept != NULL && (reader->qos & XRCE_QOS_TRANSIENT_LOCAL) != 0u) {
        edge->skip = XRCE_EDGE_HOLD;
        XRCE_STORE(client->shm.chores, true);
    }
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = edge;
    route_local(writer);
    xrce_unlock(client);
}

/* The kind that hears what `kind` says; 0: nobody. */
XRCE_COLD static uint8_t hearer_of(uint8_t kind)
{
    return (uint8_t)(kind >= XRCE_REQUESTER    ? XRCE_REQUESTER + XRCE_REPLIER - kind
                     : kind == XRCE_DATAWRITER ? XRCE_DATAREADER
                                               : 0);
}

XRCE_COLD int xrce_match_add(xrce_client_t *client, xrce_entity_t *entity)
{
    uint8_t kind = xrce_entity_kind(entity);

    for (uint32_t i = 0; i < client->entities.row_count; i++) {
        xrce_entity_t *other = &client->entities.rows[i];
        uint8_t theirs = xrce_entity_kind(other);

        if (other->key == 0u || (other->flags & XRCE_E_GONE) != 0u) {
            continue;
        }
        for (uint32_t speaks = 0; speaks < 2u; speaks++) {
            xrce_entity_t *writer = speaks != 0u ? entity : other;
            xrce_entity_t *reader = speaks != 0u ? other : entity;

            if (hearer_of(speaks != 0u ? kind : theirs) != (speaks != 0u ? theirs : kind) ||
                !matches(writer, reader)) {
                continue;
            }
            if (client->shm.free_edges == NULL) {
                return XRCE_ERR_TABLE_FULL;
            }
            pair(client, writer, reader);
        }
    }
    return XRCE_OK;
}

/* Takes *link out of its list; `before` is the pair before it or NULL. Under the lock. */
XRCE_SHARED static void detach(xrce_client_t *client, xrce_edge_t **link, xrce_edge_t *before)
{
    xrce_shm_t *shm = &client->shm;
    xrce_edge_t *edge = *link;

    *link = edge->next;
    if (shm->cursor == edge) { /* its callback removes it: go on behind it */
        shm->start.next = edge->next;
        shm->cursor = before == NULL ? &shm->start : before;
    } else if (shm->cursor == &shm->start && shm->start.next == edge) {
        shm->start.next = edge->next;
    }
    edge->next = shm->free_edges;
    shm->free_edges = edge;
}

XRCE_COLD void xrce_match_remove_reader(xrce_client_t *client, const xrce_entity_t *reader)
{
    for (uint32_t i = 0; i < client->entities.row_count; i++) {
        xrce_entity_t *writer = &client->entities.rows[i];
        xrce_edge_t *before = NULL;
        xrce_edge_t **link = &writer->edges;

        if (writer->key == 0u || writer->edges == NULL) {
            continue;
        }
        xrce_lock(client);
        while (*link != NULL) {
            if ((*link)->reader == reader) {
                detach(client, link, before);
            } else {
                before = *link;
                link = &before->next;
            }
        }
        route_local(writer);
        xrce_unlock(client);
    }
}

XRCE_COLD void xrce_match_remove_writer(xrce_client_t *client, xrce_entity_t *writer)
{
    xrce_lock(client);
    while (writer->edges != NULL) {
        detach(client, &writer->edges, NULL);
    }
    xrce_unlock(client);
}

#else
typedef int xrce_shm_match_unused;
#endif
