#include "entity/xrce_entity.h"
#include "session/xrce_session.h"
#include "shm/xrce_samples.h"
#include "stream/xrce_stream.h"
#include "wire/xrce_cdr.h"

static const uint8_t protocol[8] = {0x58, 0x52, 0x43, 0x45, 0x01, 0x00, 0x01, 0x0F}; /* cookie, version, vendor */

#define LOGIN_BYTES 96u

/* Sends CREATE_CLIENT if it is time to. */
XRCE_COLD static void login(xrce_client_t *client, xrce_session_t *session, uint32_t now)
{
    uint8_t message[LOGIN_BYTES];
    xrce_writer_t writer = {.bytes = message, .size = sizeof(message)};
    xrce_peer_t nobody = session->peer;

    if (client->transport == NULL || (session->connect_sent && now - session->connect_at < XRCE_CONNECT_MS)) {
        return;
    }
    session->connect_sent = true;
    session->connect_at = now;
    nobody.session = (session->peer.session & 0x80u) != 0u ? 0x80u : 0x00u;
    /* Peers know this submessage by a length of 16, with and without properties. */
    xrce_bare_open(&writer, &nobody, XRCE_CREATE_CLIENT, 16);
    xrce_write_bytes(&writer, protocol, sizeof(protocol));
    xrce_write_bytes(&writer, session->peer.key, 4);
    xrce_write_u8(&writer, session->peer.session);
    xrce_properties_write(&writer);
    xrce_write_u16(&writer, (uint16_t)(client->mtu - XRCE_SLOT_PREFIX_BYTES));
    (void)xrce_link_send(client, message, writer.at);
}

static void send_heartbeat(xrce_client_t *client, const xrce_session_t *session, uint16_t first, uint16_t last)
{
    uint8_t message[XRCE_BARE_BYTES];
    xrce_writer_t writer = {.bytes = message, .size = sizeof(message)};

    xrce_bare_open(&writer, &session->peer, XRCE_HEARTBEAT, 5);
    xrce_write_u16(&writer, first);
    xrce_write_u16(&writer, last);
    xrce_write_u8(&writer, XRCE_STREAM_RELIABLE);
    (void)xrce_link_send(client, message, writer.at);
}

/* Participant before what lies in it, publishers before writers. */
static uint32_t level_of(const xrce_entity_t *entity)
{
    uint8_t kind = xrce_entity_kind(entity);

    return kind == XRCE_PARTICIPANT ? 0u : kind == XRCE_DATAWRITER || kind == XRCE_DATAREADER ? 2u : 1u;
}

/* False: the stream is full for now. */
static bool announce(xrce_client_t *client, xrce_session_t *session, xrce_entity_t *entity)
{
    if ((entity->flags & XRCE_E_ANNOUNCED) == 0u) {
        int status = xrce_create_send(session, entity, &client->names);

        if (status == XRCE_ERR_NO_BUFFER) {
            return false;
        }
        entity->flags |= XRCE_E_ANNOUNCED;
        if (status < 0) {
            entity->status = XRCE_STATUS_TOO_LONG;
        }
    }
    if ((entity->flags & XRCE_E_READ) != 0u) {
        if (xrce_read_send(session, entity) < 0) {
            return false;
        }
        entity->flags = (uint8_t)(entity->flags & ~XRCE_E_READ);
    }
    return true;
}

static void announce_dirty(xrce_client_t *client, xrce_session_t *session)
{
    for (uint32_t level = 0; level < 3u; level++) {
        for (xrce_entity_t *row = NULL; (row = xrce_entity_next_of(&client->entities, session->index, row)) != NULL;) {
            if (level_of(row) == level && !announce(client, session, row)) {
                return;
            }
        }
    }
    session->dirty = false;
}

void xrce_session_pump(xrce_client_t *client, xrce_session_t *session, uint32_t now)
{
    uint16_t first;
    uint16_t last;

    if (session->state == XRCE_SESSION_OFFLINE) {
        login(client, session, now);
        return;
    }
    if (session->state != XRCE_SESSION_CONNECTED) {
        return;
    }
    if (session->dirty) {
        announce_dirty(client, session);
    }
    (void)xrce_link_flush(client, session);
    xrce_shm_pump(client, session);
    if (xrce_out_heartbeat(&session->out[XRCE_OUT_RELIABLE], now, &first, &last)) {
        if (session->unanswered >= XRCE_SILENCE_MS / XRCE_HEARTBEAT_MS) {
            xrce_session_disconnected(client, session);
            return;
        }
        session->unanswered++;
        send_heartbeat(client, session, first, last);
    }
}

void xrce_session_keep_alive(xrce_client_t *client, xrce_session_t *session, uint32_t now)
{
    uint32_t period = session->unheard == 0u ? XRCE_IDLE_MS : XRCE_CONNECT_MS;

    if (session->state != XRCE_SESSION_CONNECTED || now - session->heard_at < period) {
        return;
    }
    if (session->unheard >= XRCE_IDLE_TRIES) {
        xrce_session_disconnected(client, session);
        return;
    }
    session->unheard++;
    session->heard_at = now;
    (void)xrce_info_ask(client, &session->peer);
}

uint32_t xrce_session_due(const xrce_session_t *session, uint32_t now, uint32_t limit)
{
    uint32_t since;
    uint32_t period;

    if (session->state == XRCE_SESSION_OFFLINE && session->connect_sent) {
        since = now - session->connect_at;
        period = XRCE_CONNECT_MS;
    } else if (session->state == XRCE_SESSION_CONNECTED && xrce_out_unacked(&session->out[XRCE_OUT_RELIABLE])) {
        since = now - session->out[XRCE_OUT_RELIABLE].heartbeat_at;
        period = XRCE_HEARTBEAT_MS;
    } else if (session->state == XRCE_SESSION_CONNECTED) {
        since = now - session->heard_at;
        period = session->unheard == 0u ? XRCE_IDLE_MS : XRCE_CONNECT_MS;
    } else {
        return limit;
    }
    period = since < period ? period - since : 0u;
    return period < limit ? period : limit;
}
