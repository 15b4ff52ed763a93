#include "xrce_client.h"

#include <string.h>

#include "client/xrce_client_parts.h"
#include "entity/xrce_entity.h"
#include "entity/xrce_name.h"
#include "session/xrce_session.h"
#include "shm/xrce_samples.h"
#include "wire/xrce_framing.h"

#define MIN_MTU 64u

/* Lays out the stream memory: buffer headers, receive buffer, sessions, the rest for reassembly. */
XRCE_COLD static int lay_out(xrce_client_t *client, const xrce_client_config_t *config)
{
    uint8_t *at = config->stream_memory;
    uint32_t left = config->stream_bytes;
    int status = xrce_shm_init(client, config, &at, &left);

    if (status < 0) {
        return status;
    }
    if (config->transport == NULL) {
        client->session_count = config->session_count;
        return XRCE_OK;
    }
    client->mtu = (uint16_t)(config->mtu & ~7u);
    client->history = config->history;
    client->session_bytes = xrce_session_memory(client->mtu, config->history);
    if (config->mtu < MIN_MTU || config->history == 0u || (config->history & (config->history - 1u)) != 0u) {
        return XRCE_ERR_ARGUMENT;
    }
    if (left < client->mtu + client->session_bytes) {
        return XRCE_ERR_TOO_LARGE;
    }
    client->receive = at;
    client->session_memory = at + client->mtu;
    left -= client->mtu;
    while (client->session_count < config->session_count && left >= client->session_bytes) {
        client->session_count++;
        left -= client->session_bytes;
    }
    client->reassembly = client->session_memory + client->session_count * client->session_bytes;
    client->reassembly_bytes = left;
    return XRCE_OK;
}

XRCE_COLD int xrce_client_init(xrce_client_t *client, const xrce_client_config_t *config)
{
    int status;

    memset(client, 0, sizeof(*client));
    client->port = *config->port;
    client->transport = config->transport;
    client->on_sample = config->on_sample;
    client->on_service = config->on_service;
    client->context = config->context;
    client->sessions = config->sessions;
    if (config->index_bytes < 2u * config->entity_count || (config->index_bytes & (config->index_bytes - 1u)) != 0u) {
        return XRCE_ERR_ARGUMENT;
    }
    xrce_entities_init(&client->entities, config->entities, config->entity_count, config->index,
                       config->index_bytes);
    xrce_names_init(&client->names, config->names, config->name_count, config->name_text, config->name_bytes);
    for (uint32_t i = 0; i < config->session_count; i++) {
        memset(&client->sessions[i], 0, sizeof(client->sessions[i]));
        client->sessions[i].index = (uint8_t)i;
    }
    status = lay_out(client, config);
    xrce_frame_decoder_init(&client->decoder, client->receive, client->mtu);
    return status;
}

int xrce_client_ping(xrce_client_t *client, uint32_t timeout_ms)
{
    const xrce_peer_t nobody = {0x80, {0, 0, 0, 0}};

    if (client->transport == NULL || client->in_link || client->spinning) {
        return XRCE_ERR_STATE;
    }
    client->pong = XRCE_STATUS_PENDING;
    if (xrce_info_ask(client, &nobody) < 0) {
        return XRCE_ERR_LINK;
    }
    return xrce_client_wait(client, &client->pong, timeout_ms);
}

int xrce_client_time(xrce_client_t *client, uint8_t index, uint32_t timeout_ms, int64_t *offset_ns)
{
    xrce_session_t *session = xrce_client_session(client, index);
    int status;

    if (session == NULL || session->state != XRCE_SESSION_CONNECTED || client->in_link || client->spinning) {
        return session == NULL ? XRCE_ERR_UNKNOWN : XRCE_ERR_STATE;
    }
    if (xrce_time_ask(client, session) < 0) {
        return XRCE_ERR_LINK;
    }
    status = xrce_client_wait(client, &session->time_status, timeout_ms);
    *offset_ns = session->time_offset_ns;
    return status;
}

static int wait_connected(xrce_client_t *client, xrce_session_t *session, uint32_t timeout_ms)
{
    uint32_t begin = client->port.now_ms();

    while (session->state != XRCE_SESSION_CONNECTED) {
        uint32_t spent = client->port.now_ms() - begin;

        if (session->refusal != 0u) {
            return XRCE_ERR_REFUSED;
        }
        if (spent >= timeout_ms) {
            return XRCE_ERR_TIMEOUT;
        }
        (void)xrce_client_step(client, timeout_ms - spent);
    }
    return XRCE_OK;
}

int xrce_client_open(xrce_client_t *client, const uint8_t key[4], uint32_t timeout_ms)
{
    for (uint32_t i = 0; i < client->session_count; i++) {
        xrce_session_t *session = &client->sessions[i];
        int status;

        if (session->state != XRCE_SESSION_CLOSED) {
            continue;
        }
        xrce_session_open(client, session, key,
                          client->transport == NULL ? NULL : client->session_memory + i * client->session_bytes);
        if (client->transport == NULL || timeout_ms == 0u || client->in_link || client->spinning) {
            return (int)i;
        }
        status = wait_connected(client, session, timeout_ms);
        if (status < 0) {
            session->state = XRCE_SESSION_CLOSED;
            return status;
        }
        return (int)i;
    }
    client->refused_table++;
    return XRCE_ERR_TABLE_FULL;
}

int xrce_client_close(xrce_client_t *client, uint8_t index, uint32_t timeout_ms)
{
    xrce_session_t *session = xrce_client_session(client, index);
    int status = XRCE_OK;

    if (session == NULL) {
        return XRCE_ERR_UNKNOWN;
    }
    if (client->in_link || client->spinning) {
        return XRCE_ERR_STATE;
    }
    if (session->state == XRCE_SESSION_CONNECTED) {
        xrce_session_pump(client, session, client->port.now_ms());
        (void)xrce_session_logout(client, session);
        status = xrce_client_wait(client, &session->logout, timeout_ms);
    }
    for (xrce_entity_t *entity = NULL; (entity = xrce_entity_next_of(&client->entities, index, entity)) != NULL;) {
        xrce_object_remove(client, entity);
    }
    xrce_session_disconnected(client, session);
    session->state = XRCE_SESSION_CLOSED;
    xrce_shm_reap(client);
    return status;
}

XRCE_COLD int xrce_service_loan(xrce_client_t *client, uint8_t session, uint8_t kind, uint16_t id, uint32_t length,
                                uint8_t **place)
{
    int status;

    if (!xrce_kind_is_service(kind)) {
        return XRCE_ERR_ARGUMENT;
    }
    if (length > UINT32_MAX - XRCE_IDENTITY_BYTES) {
        return XRCE_ERR_TOO_LARGE;
    }
    status = xrce_sample_loan(client, XRCE_KEY(session, XRCE_OBJECT(id, kind)), length + xrce_kind_head(kind), place);
    if (status == XRCE_OK) {
        *place += xrce_kind_head(kind);
    }
    return status;
}

int xrce_service_cancel(xrce_client_t *client, uint8_t session, uint8_t kind, uint16_t id)
{
    return xrce_kind_is_service(kind) ? xrce_sample_cancel(client, XRCE_KEY(session, XRCE_OBJECT(id, kind)))
                                      : XRCE_ERR_ARGUMENT;
}
