/*
 * Which local readers get a writer's samples: decided when entities come and go, so that publishing only walks a
 * list. A pair matches when its names are the same row (that is: the same topic and type texts) and the reader's
 * QoS asks for no more than the writer's offers. Main context only; changes lists under the port's lock.
 */
#include "entity/xrce_entity.h"
#include "shm/xrce_samples.h"
#include "shm/xrce_shm_parts.h"
#include "state/xrce_context.h"

/* Request-offered rules of DDS for reliability and durability. */
static bool qos_fits(uint8_t offered, uint8_t requested)
{
    const uint8_t asked = XRCE_QOS_RELIABLE | XRCE_QOS_TRANSIENT_LOCAL;

    return (requested & asked & ~offered) == 0u;
}

/* One that is gone has no name. */
XRCE_COLD static bool matches(const xrce_entity_t *writer, const xrce_entity_t *reader)
{
    return writer->name == reader->name && writer->name != XRCE_NONE && qos_fits(writer->qos, reader->qos);
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
        edge->skip |= XRCE_EDGE_HOLD;
        edge->since = writer->number;
        XRCE_STORE(client->shm.chores, true);
    }
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = edge;
    if (client->shm.cursor == &client->shm.start && client->shm.start.next == NULL && client->shm.head != NULL &&
        client->shm.head->writer == writer) {
        client->shm.start.next = edge; /* the walk of a sample's pairs has lost its last one, and passes over this one */
    }
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

/* Pairs a new endpoint with all it matches, as far as the table goes. */
XRCE_COLD static int match_add(xrce_client_t *client, xrce_entity_t *entity)
{
    uint8_t kind = xrce_entity_kind(entity);

    for (xrce_entity_t *other = NULL; (other = xrce_entity_next(&client->entities, other)) != NULL;) {
        uint8_t theirs = xrce_entity_kind(other);

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

XRCE_COLD int xrce_samples_enter(xrce_client_t *client, xrce_entity_t *entity, uint32_t key)
{
    uint8_t kind = key & 0x0Fu;

    entity->echoed = 0xFFFF; /* nothing so far comes back to it */
    if (kind == XRCE_DATAWRITER && (entity->qos & XRCE_QOS_TRANSIENT_LOCAL) != 0u) {
        entity->route = XRCE_ROUTE_KEEP;
    }
    if (kind == XRCE_REQUESTER) {
        entity->topic = ++client->shm.requesters;
    }
    xrce_lock(client);
    xrce_entity_enter(&client->entities, entity, key);
    xrce_unlock(client);
    return xrce_kind_is_endpoint(kind) ? match_add(client, entity) : XRCE_OK;
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
    for (xrce_entity_t *writer = NULL; (writer = xrce_entity_next(&client->entities, writer)) != NULL;) {
        xrce_edge_t *before = NULL;
        xrce_edge_t **link = &writer->edges;

        if (*link == NULL) {
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

/* Readers that keep only their last few lose the oldest for each new one beyond that. */
XRCE_COLD void xrce_shm_limit(xrce_client_t *client, xrce_entity_t *reader)
{
    if (!xrce_keeps_last(reader)) {
        return;
    }
    if (reader->backlog < reader->depth) {
        reader->backlog++;
    } else {
        reader->skip++;
        client->shm.lost++;
    }
}

XRCE_COLD static void route_writer(xrce_client_t *client, const xrce_session_t *session, xrce_entity_t *writer)
{
    bool link = client->transport != NULL && session->state == XRCE_SESSION_CONNECTED &&
                (!session->cooperative || writer->remote_readers != 0u);

    xrce_lock(client);
    writer->route = (uint8_t)(link ? writer->route | XRCE_ROUTE_LINK : writer->route & ~XRCE_ROUTE_LINK);
    xrce_unlock(client);
}

XRCE_COLD void xrce_shm_route(xrce_client_t *client, const xrce_session_t *session)
{
    for (xrce_entity_t *row = NULL; (row = xrce_entity_next_of(&client->entities, session->index, row)) != NULL;) {
        route_writer(client, session, row); /* for others than writers it means nothing */
    }
}

XRCE_COLD void xrce_shm_on_info(xrce_client_t *client, const xrce_session_t *session, xrce_reader_t *reader,
                                uint16_t object)
{
    uint16_t remote_readers;
    xrce_entity_t *writer;

    (void)xrce_read_be16(reader); /* status */
    if (xrce_read_u8(reader) != 0u || xrce_read_u8(reader) != 1u || xrce_read_u8(reader) != XRCE_DATAWRITER) {
        return; /* an INFO about something else */
    }
    remote_readers = xrce_read_u16(reader);
    writer = xrce_entity_find(&client->entities, XRCE_KEY(session->index, object));
    if (!reader->failed && writer != NULL && (object & 0x0Fu) == XRCE_DATAWRITER) {
        writer->remote_readers = remote_readers;
        route_writer(client, session, writer);
    }
}
