#include "xrce_info.h"

#include "xrce_cdr.h"
#include "xrce_client.h"

#define INFO_ACTIVITY 2u

#if XRCE_SHM
XRCE_COLD static void route_writer(xrce_client_t *client, const xrce_session_t *session, xrce_entity_t *writer)
{
    bool link = client->transport != NULL && session->state == XRCE_SESSION_CONNECTED &&
                (!session->cooperative || writer->remote_readers != 0u);

    xrce_lock(client);
    writer->route = (uint8_t)(link ? writer->route | XRCE_ROUTE_LINK : writer->route & ~XRCE_ROUTE_LINK);
    xrce_unlock(client);
}
#endif

#if XRCE_SHM
/* How many readers behind the Agent a writer of ours has. `reader` stands behind the object's id. */
XRCE_COLD static void on_writer_info(xrce_client_t *client, const xrce_session_t *session, xrce_reader_t *reader,
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
#endif

XRCE_COLD void xrce_info_route(xrce_client_t *client, const xrce_session_t *session)
{
#if XRCE_SHM
    for (uint32_t i = 0; i < client->entities.row_count; i++) {
        xrce_entity_t *entity = &client->entities.rows[i];

        if (entity->key != 0u && entity->session == session->index) { /* for others than writers it means nothing */
            route_writer(client, session, entity);
        }
    }
#else
    (void)client;
    (void)session;
#endif
}

int xrce_info_ask(xrce_client_t *client, const xrce_peer_t *peer)
{
    uint8_t message[XRCE_MAX_HEADER_BYTES + XRCE_SUBHEADER_BYTES + 8u];
    uint32_t header = xrce_header_write(message, peer, XRCE_STREAM_NONE, 0);
    xrce_writer_t writer;

    xrce_subheader_write(message + header, XRCE_GET_INFO, XRCE_LITTLE_ENDIAN, 8);
    xrce_write_open(&writer, message + header + XRCE_SUBHEADER_BYTES, 8);
    xrce_write_be16(&writer, XRCE_REQUEST_FIRST);
    xrce_write_be16(&writer, XRCE_OBJECT_AGENT);
    xrce_write_u32(&writer, INFO_ACTIVITY);
    return xrce_client_send(client, message, header + XRCE_SUBHEADER_BYTES + writer.at);
}

void xrce_info_answer(xrce_client_t *client, const xrce_session_t *session, const xrce_submessage_t *question)
{
    uint8_t message[XRCE_MAX_HEADER_BYTES + XRCE_SUBHEADER_BYTES + 8u];
    uint32_t at = xrce_header_write(message, &session->peer, XRCE_STREAM_NONE, 0);
    xrce_writer_t writer;

    if (question->length < 4u) {
        return;
    }
    xrce_subheader_write(message + at, XRCE_INFO, XRCE_LITTLE_ENDIAN, 8);
    xrce_write_open(&writer, message + at + XRCE_SUBHEADER_BYTES, 8);
    xrce_write_bytes(&writer, question->payload, 2); /* its request id */
    xrce_write_be16(&writer, XRCE_OBJECT_CLIENT);
    xrce_write_u16(&writer, 0); /* status */
    xrce_write_u8(&writer, 0);  /* no configuration, */
    xrce_write_u8(&writer, 0);  /* no activity: that we answer is all there is to say */
    (void)xrce_client_send(client, message, at + XRCE_SUBHEADER_BYTES + writer.at);
}

void xrce_info_pong(xrce_client_t *client, const uint8_t *message, uint32_t length, uint32_t at)
{
    xrce_submessage_t submessage;

    while (xrce_submessage_next(&submessage, message, length, &at) > 0) {
        const uint8_t *payload = submessage.payload;

        if (submessage.id == XRCE_INFO && submessage.length >= 4u &&
            ((uint32_t)payload[2] << 8 | payload[3]) == XRCE_OBJECT_AGENT) {
            client->pong = XRCE_STATUS_OK;
        }
    }
}

/* The second status byte of an answer to a ping inside a session: whether the Agent knows that session. */
static void on_agent_info(xrce_client_t *client, xrce_session_t *session, const xrce_submessage_t *info)
{
    if (info->length >= 6u && info->payload[5] == 0u) {
        xrce_session_disconnected(client, session);
    }
}

void xrce_info_received(xrce_client_t *client, xrce_session_t *session, const xrce_submessage_t *info)
{
    xrce_reader_t reader;
    uint16_t object;

    xrce_read_open(&reader, info->payload, info->length, (info->flags & XRCE_LITTLE_ENDIAN) != 0u);
    (void)xrce_read_be16(&reader);
    object = xrce_read_be16(&reader);
    if (object == XRCE_OBJECT_AGENT) {
        on_agent_info(client, session, info);
        return;
    }
#if XRCE_SHM
    on_writer_info(client, session, &reader, object);
#endif
}
