#include "entity/xrce_entity.h"
#include "session/xrce_session.h"
#include "shm/xrce_samples.h"
#include "stream/xrce_stream.h"
#include "wire/xrce_cdr.h"

#define INFO_ACTIVITY 2u

int xrce_info_ask(xrce_client_t *client, const xrce_peer_t *peer)
{
    uint8_t message[XRCE_BARE_BYTES];
    xrce_writer_t writer = {.bytes = message, .size = sizeof(message)};

    xrce_bare_open(&writer, peer, XRCE_GET_INFO, 8);
    xrce_write_be16(&writer, XRCE_REQUEST_FIRST);
    xrce_write_be16(&writer, XRCE_OBJECT_AGENT);
    xrce_write_u32(&writer, INFO_ACTIVITY);
    return xrce_link_send(client, message, writer.at);
}

void xrce_info_answer(xrce_client_t *client, const xrce_session_t *session, const xrce_submessage_t *question)
{
    uint8_t message[XRCE_BARE_BYTES];
    xrce_writer_t writer = {.bytes = message, .size = sizeof(message)};

    if (question->length < 4u) {
        return;
    }
    xrce_bare_open(&writer, &session->peer, XRCE_INFO, 8);
    xrce_write_bytes(&writer, question->payload, 2); /* its request id */
    xrce_write_be16(&writer, XRCE_OBJECT_CLIENT);
    xrce_write_u16(&writer, 0); /* status */
    xrce_write_u8(&writer, 0);  /* no configuration, */
    xrce_write_u8(&writer, 0);  /* no activity: that we answer is all there is to say */
    (void)xrce_link_send(client, message, writer.at);
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

    xrce_submessage_open(&reader, info);
    (void)xrce_read_be16(&reader);
    object = xrce_read_be16(&reader);
    if (object == XRCE_OBJECT_AGENT) {
        on_agent_info(client, session, info);
    } else {
        xrce_shm_on_info(client, session, &reader, object);
    }
}
