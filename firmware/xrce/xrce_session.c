#include "xrce_session.h"

#include <string.h>

#include "xrce_cdr.h"
#include "xrce_client.h"
#include "xrce_create.h"
#include "xrce_data.h"
#include "xrce_info.h"

#define LOGIN_BYTES 96u
#define ACKNACK_BYTES 5u

static const uint8_t protocol[8] = {0x58, 0x52, 0x43, 0x45, 0x01, 0x00, 0x01, 0x0F}; /* cookie, version, vendor */

uint16_t xrce_session_request(xrce_session_t *session)
{
    uint16_t request;

#if XRCE_SHM
    xrce_lock(session->client);
    request = xrce_session_request_next(session);
    xrce_unlock(session->client);
#else
    request = xrce_session_request_next(session); /* one context only */
#endif
    return request;
}

uint16_t xrce_session_request_next(xrce_session_t *session)
{
    uint16_t request = session->next_request++;

    if (session->next_request < XRCE_REQUEST_FIRST) {
        session->next_request = XRCE_REQUEST_FIRST;
    }
    return request;
}

uint32_t xrce_session_memory(uint32_t slot_bytes, uint32_t history)
{
    return slot_bytes * (1u + 2u * history);
}

XRCE_COLD void xrce_session_open(xrce_client_t *client, xrce_session_t *session, const uint8_t key[4], uint8_t *memory)
{
    uint8_t index = session->index;
    uint32_t slot = client->mtu & ~7u;

    memset(session, 0, sizeof(*session));
    session->index = index;
#if XRCE_SHM
    session->client = client;
#endif
    session->state = XRCE_SESSION_OFFLINE;
    /* Several sessions are told apart by the key in the header; all of them, or an Agent that takes one without a key
     * for the only one at our address would end it as soon as the next one logs in. */
    session->peer.session = (uint8_t)(client->session_count > 1u ? index + 1u : 0x81u);
    memcpy(session->peer.key, key, 4);
    session->next_request = XRCE_REQUEST_FIRST;
    if (memory != NULL) {
        xrce_out_init(&session->out[XRCE_OUT_BEST_EFFORT], XRCE_STREAM_BEST_EFFORT, memory, slot, 1);
        xrce_out_init(&session->out[XRCE_OUT_RELIABLE], XRCE_STREAM_RELIABLE, memory + slot, slot, client->history);
        xrce_in_init(&session->in, memory + slot * (1u + client->history), slot, client->history);
    }
}

/* Opens a message outside the streams; returns the header's length. */
static uint32_t bare_header(const xrce_session_t *session, uint8_t *message)
{
    return xrce_header_write(message, &session->peer, XRCE_STREAM_NONE, 0);
}

XRCE_COLD static void write_properties(xrce_writer_t *writer)
{
#if XRCE_SHM
    xrce_write_u8(writer, 1);
    xrce_write_u32(writer, 2);
    xrce_write_string(writer, "uxr_sm");
    xrce_write_string(writer, "1");
    xrce_write_string(writer, "rig_lo"); /* we can withhold samples that nobody behind the Agent wants */
    xrce_write_string(writer, "1");
#else
    xrce_write_u8(writer, 0);
#endif
}

XRCE_COLD void xrce_session_connect(xrce_client_t *client, xrce_session_t *session, uint32_t now)
{
    uint8_t message[LOGIN_BYTES];
    xrce_peer_t nobody = session->peer;
    xrce_writer_t writer;
    uint32_t header;

    if (client->transport == NULL || (session->connect_sent && now - session->connect_at < XRCE_CONNECT_MS)) {
        return;
    }
    session->connect_sent = true;
    session->connect_at = now;
    nobody.session = (session->peer.session & 0x80u) != 0u ? 0x80u : 0x00u;
    header = xrce_header_write(message, &nobody, XRCE_STREAM_NONE, 0);
    xrce_write_open(&writer, message + header + XRCE_SUBHEADER_BYTES, LOGIN_BYTES - header - XRCE_SUBHEADER_BYTES);
    xrce_write_bytes(&writer, protocol, sizeof(protocol));
    xrce_write_bytes(&writer, session->peer.key, 4);
    xrce_write_u8(&writer, session->peer.session);
    write_properties(&writer);
    xrce_write_u16(&writer, (uint16_t)(client->mtu - XRCE_SLOT_PREFIX_BYTES));
    /* Peers know this submessage by a length of 16, with and without properties. */
    xrce_subheader_write(message + header, XRCE_CREATE_CLIENT, XRCE_LITTLE_ENDIAN, 16);
    (void)xrce_client_send(client, message, header + XRCE_SUBHEADER_BYTES + writer.at);
}

/* Whatever the Agent knew of our entities is gone: all must be told again. */
XRCE_COLD static void announce_all(xrce_client_t *client, xrce_session_t *session)
{
    for (uint32_t i = 0; i < client->entities.row_count; i++) {
        xrce_entity_t *entity = &client->entities.rows[i];

        if (entity->key == 0u || entity->session != session->index) {
            continue;
        }
        entity->flags = (uint8_t)(entity->flags & ~XRCE_E_ANNOUNCED);
        entity->status = XRCE_STATUS_PENDING;
        entity->remote_readers = 0;
        if (entity->wanted.max_samples != 0u) {
            entity->flags |= XRCE_E_READ;
        }
    }
    session->dirty = true;
}

#if XRCE_SHM
/* Samples that waited for the link have been delivered locally; the link cannot take them any more. */
XRCE_COLD static void drop_link_samples(xrce_client_t *client, xrce_session_t *session)
{
    xrce_lock(client);
    while (session->link_head != NULL) {
        xrce_buffer_t *buffer = session->link_head;

        session->link_head = buffer->next_link;
        client->shm.lost += (buffer->flags & XRCE_B_LOCAL) != 0u && buffer->writer->remote_readers == 0u ? 0u : 1u;
        xrce_shm_let_go(client, buffer);
    }
    session->link_tail = NULL;
    session->link_at = 0;
    session->link_cut = false;
    xrce_unlock(client);
}
#endif

XRCE_COLD void xrce_session_disconnected(xrce_client_t *client, xrce_session_t *session)
{
    if (session->state == XRCE_SESSION_CONNECTED) {
        session->state = XRCE_SESSION_OFFLINE;
    }
    session->connect_sent = false;
    session->unanswered = 0;
    session->unheard = 0;
    session->heard_at = client->port.now_ms();
    session->cooperative = false;
    xrce_out_reset(&session->out[XRCE_OUT_BEST_EFFORT]);
    xrce_out_reset(&session->out[XRCE_OUT_RELIABLE]);
    xrce_in_reset(&session->in);
    xrce_fragment_reset(client, &session->fragment);
    session->best_effort_expected = 0;
    xrce_info_route(client, session);
#if XRCE_SHM
    drop_link_samples(client, session);
#else
    for (uint32_t i = 0; i < client->entities.row_count; i++) {
        if (client->entities.rows[i].session == session->index) {
            client->entities.rows[i].loan = NULL; /* its place in the stream is gone */
        }
    }
#endif
}

XRCE_COLD void xrce_session_connected(xrce_client_t *client, xrce_session_t *session, bool cooperative)
{
    xrce_session_disconnected(client, session); /* both sides begin with empty streams */
    session->state = XRCE_SESSION_CONNECTED;
    session->cooperative = cooperative;
#if XRCE_SHM
    memset(client->echoes.mode, XRCE_ECHO_UNKNOWN, sizeof(client->echoes.mode)); /* it may be another Agent */
    client->echoes.first = client->echoes.next;
#endif
    announce_all(client, session);
    xrce_info_route(client, session);
}

int xrce_session_logout(xrce_client_t *client, xrce_session_t *session)
{
    uint8_t message[XRCE_MAX_HEADER_BYTES + XRCE_SUBHEADER_BYTES + 4u];
    uint32_t at = bare_header(session, message);

    xrce_subheader_write(message + at, XRCE_DELETE, XRCE_LITTLE_ENDIAN, 4);
    at += XRCE_SUBHEADER_BYTES;
    message[at++] = 0;
    message[at++] = XRCE_REQUEST_LOGOUT;
    message[at++] = (uint8_t)(XRCE_OBJECT_CLIENT >> 8);
    message[at++] = (uint8_t)(XRCE_OBJECT_CLIENT & 0xFFu);
    session->logout = XRCE_STATUS_PENDING;
    return xrce_client_send(client, message, at);
}

void xrce_session_acknack(xrce_client_t *client, const xrce_session_t *session)
{
    uint8_t message[XRCE_MAX_HEADER_BYTES + XRCE_SUBHEADER_BYTES + ACKNACK_BYTES];
    uint32_t at = bare_header(session, message);
    uint16_t missing = xrce_in_missing(&session->in);

    xrce_subheader_write(message + at, XRCE_ACKNACK, XRCE_LITTLE_ENDIAN, ACKNACK_BYTES);
    at += XRCE_SUBHEADER_BYTES;
    message[at++] = (uint8_t)session->in.expected;
    message[at++] = (uint8_t)(session->in.expected >> 8);
    message[at++] = (uint8_t)(missing >> 8); /* the bitmap alone is big-endian */
    message[at++] = (uint8_t)missing;
    message[at++] = XRCE_STREAM_RELIABLE;
    (void)xrce_client_send(client, message, at);
}

static void send_heartbeat(xrce_client_t *client, const xrce_session_t *session, uint16_t first, uint16_t last)
{
    uint8_t message[XRCE_MAX_HEADER_BYTES + XRCE_SUBHEADER_BYTES + 5u];
    uint32_t at = bare_header(session, message);

    xrce_subheader_write(message + at, XRCE_HEARTBEAT, XRCE_LITTLE_ENDIAN, 5);
    at += XRCE_SUBHEADER_BYTES;
    message[at++] = (uint8_t)first;
    message[at++] = (uint8_t)(first >> 8);
    message[at++] = (uint8_t)last;
    message[at++] = (uint8_t)(last >> 8);
    message[at++] = XRCE_STREAM_RELIABLE;
    (void)xrce_client_send(client, message, at);
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
        for (uint32_t i = 0; i < client->entities.row_count; i++) {
            xrce_entity_t *entity = &client->entities.rows[i];

            if (entity->key != 0u && entity->session == session->index && (entity->flags & XRCE_E_GONE) == 0u &&
                level_of(entity) == level && !announce(client, session, entity)) {
                return;
            }
        }
    }
    session->dirty = false;
}

int xrce_session_flush(xrce_client_t *client, xrce_session_t *session)
{
    uint32_t now = client->port.now_ms();
    int reliable = xrce_out_flush(&session->out[XRCE_OUT_RELIABLE], xrce_client_send, client, now);
    int best_effort = xrce_out_flush(&session->out[XRCE_OUT_BEST_EFFORT], xrce_client_send, client, now);

    return best_effort < 0 ? best_effort : reliable;
}

void xrce_session_pump(xrce_client_t *client, xrce_session_t *session, uint32_t now)
{
    uint16_t first;
    uint16_t last;

    if (session->state == XRCE_SESSION_OFFLINE) {
        xrce_session_connect(client, session, now);
        return;
    }
    if (session->state != XRCE_SESSION_CONNECTED) {
        return;
    }
    if (session->dirty) {
        announce_dirty(client, session);
    }
    (void)xrce_session_flush(client, session);
#if XRCE_SHM
    xrce_data_pump(client, session);
#endif
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
