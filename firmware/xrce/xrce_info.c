#include "xrce_info.h"

#include "xrce_cdr.h"
#include "xrce_client.h"

#if XRCE_SHM
static void route_writer(xrce_client_t *client, const xrce_session_t *session, xrce_entity_t *writer)
{
    bool link = client->transport != NULL && session->state == XRCE_SESSION_CONNECTED &&
                (!session->cooperative || writer->remote_readers != 0u);

    xrce_lock(client);
    writer->route = (uint8_t)(link ? writer->route | XRCE_ROUTE_LINK : writer->route & ~XRCE_ROUTE_LINK);
    xrce_unlock(client);
}
#endif

void xrce_info_route(xrce_client_t *client, const xrce_session_t *session)
{
#if XRCE_SHM
    for (uint32_t i = 0; i < client->entities.row_count; i++) {
        xrce_entity_t *entity = &client->entities.rows[i];

        if (entity->key != 0u && entity->session == session->index && xrce_entity_kind(entity) == XRCE_DATAWRITER) {
            route_writer(client, session, entity);
        }
    }
#else
    (void)client;
    (void)session;
#endif
}

void xrce_info_received(xrce_client_t *client, xrce_session_t *session, const xrce_submessage_t *info)
{
#if XRCE_SHM
    xrce_reader_t reader;
    uint16_t object;
    uint16_t remote_readers;
    xrce_entity_t *writer;

    xrce_read_open(&reader, info->payload, info->length, (info->flags & XRCE_LITTLE_ENDIAN) != 0u);
    (void)xrce_read_be16(&reader);
    object = xrce_read_be16(&reader);
    (void)xrce_read_be16(&reader); /* status */
    if (xrce_read_u8(&reader) != 0u || xrce_read_u8(&reader) != 1u || xrce_read_u8(&reader) != XRCE_DATAWRITER) {
        return; /* an INFO about something else */
    }
    remote_readers = xrce_read_u16(&reader);
    writer = xrce_entity_find(&client->entities, XRCE_KEY(session->index, object));
    if (reader.failed || writer == NULL || (object & 0x0Fu) != XRCE_DATAWRITER) {
        return;
    }
    writer->remote_readers = remote_readers;
    route_writer(client, session, writer);
#else
    (void)client;
    (void)session;
    (void)info;
#endif
}
