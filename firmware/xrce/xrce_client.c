#include "xrce_client.h"

#include <string.h>

#include "xrce_info.h"
#include "xrce_object.h"
#include "xrce_receive.h"
#include "xrce_time.h"

#define MIN_MTU 64u
#define SPIN_ROUNDS 64u /* messages from the link that one spin works on, so that a flood cannot hold it */

/* Lays out the stream memory: buffer headers, receive buffer, sessions, the rest for reassembly. */
XRCE_COLD static int lay_out(xrce_client_t *client, const xrce_client_config_t *config)
{
    uint8_t *at = config->stream_memory;
    uint32_t left = config->stream_bytes;

#if XRCE_SHM
    uint32_t headers = config->buffer_count * (uint32_t)sizeof(xrce_buffer_t);

    headers = (headers + 7u) & ~7u;
    if (config->buffer_count > UINT32_MAX / sizeof(xrce_buffer_t) - 1u || headers > left) {
        return XRCE_ERR_TOO_LARGE;
    }
    xrce_pool_init(&client->pool, (xrce_buffer_t *)(void *)at, config->buffer_count, config->buffer_memory,
                   config->buffer_bytes);
    at += headers;
    left -= headers;
#endif
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
#if XRCE_SHM
    if (config->buffer_count > UINT16_MAX) {
        return XRCE_ERR_ARGUMENT;
    }
#endif
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
#if XRCE_SHM
    client->shm.last = &client->shm.nobody;
    for (uint32_t i = config->edge_count; i-- > 0u;) {
        config->edges[i].next = client->shm.free_edges;
        client->shm.free_edges = &config->edges[i];
    }
#endif
    status = lay_out(client, config);
    xrce_frame_decoder_init(&client->decoder, client->receive, client->mtu);
    return status;
}

/* The link. */

static int write_piece(void *context, const uint8_t *bytes, size_t length)
{
    const xrce_transport_t *transport = context;
    int sent = transport->write(transport->context, bytes, length);

    return sent < 0 ? XRCE_ERR_LINK : sent;
}

int xrce_client_send(void *context, const uint8_t *bytes, uint32_t length)
{
    const xrce_client_t *client = context;
    const xrce_transport_t *transport = client->transport;
    void *sink = (void *)(uintptr_t)transport;

    if (transport == NULL) {
        return XRCE_ERR_LINK;
    }
    if (!transport->framed) {
        return write_piece(sink, bytes, length);
    }
    return xrce_frame_write(write_piece, sink, XRCE_ADDRESS_CLIENT, XRCE_ADDRESS_AGENT, bytes, length);
}

static void receive_message(xrce_client_t *client, const uint8_t *message, uint32_t length)
{
    xrce_header_t header;

    if (xrce_header_read(&header, message, length) < 0) {
        return;
    }
    if ((header.session & 0x7Fu) == 0u) {
        xrce_info_pong(client, message, length, header.bytes);
        return;
    }
    client->in_link = true;
    for (uint32_t i = 0; i < client->session_count; i++) {
        xrce_session_t *session = &client->sessions[i];

        if (session->state != XRCE_SESSION_CLOSED && session->peer.session == header.session &&
            (header.key == NULL || memcmp(header.key, session->peer.key, 4) == 0)) {
            xrce_session_receive(client, session, &header, message, length);
            break;
        }
    }
    client->in_link = false;
}

/* All frames in the chunk that was read. */
static void receive_chunk(xrce_client_t *client)
{
    while (client->chunk_at < client->chunk_end) {
        uint32_t used = 0;
        int length = xrce_frame_decode(&client->decoder, client->chunk + client->chunk_at,
                                       (uint32_t)client->chunk_end - client->chunk_at, &used);

        client->chunk_at = (uint16_t)(client->chunk_at + used);
        if (length > 0 && client->decoder.destination == XRCE_ADDRESS_CLIENT) {
            receive_message(client, client->receive, (uint32_t)length);
        }
    }
}

static uint32_t pump_all(xrce_client_t *client, uint32_t limit)
{
    uint32_t now = client->port.now_ms();

    for (uint32_t i = 0; i < client->session_count; i++) {
        xrce_session_pump(client, &client->sessions[i], now);
        limit = xrce_session_due(&client->sessions[i], now, limit);
    }
    return limit;
}

/* From now on publishers wake us. Returns how long to wait: not at all if there is something to deliver. */
XRCE_COLD static uint32_t fall_asleep(xrce_client_t *client, uint32_t wait_ms)
{
#if XRCE_SHM
    xrce_lock(client);
    if (client->spinning && client->shm.head != NULL) {
        wait_ms = 0;
    } else {
        XRCE_STORE(client->shm.idle, true);
    }
    xrce_unlock(client);
#else
    (void)client;
#endif
    return wait_ms;
}

static void awake(xrce_client_t *client)
{
#if XRCE_SHM
    XRCE_STORE(client->shm.idle, false);
#else
    (void)client;
#endif
}

int xrce_client_step(xrce_client_t *client, uint32_t wait_ms)
{
    const xrce_transport_t *transport = client->transport;
    int got;

    if (client->in_link) {
        return 0;
    }
    if (wait_ms != 0u) {
        wait_ms = fall_asleep(client, wait_ms);
    }
    if (transport == NULL) {
        if (wait_ms != 0u) {
            client->port.wait(wait_ms);
        }
        awake(client);
        return 0;
    }
    if (wait_ms != 0u) { /* idle: never in the middle of traffic */
        for (uint32_t i = 0; i < client->session_count; i++) {
            xrce_session_keep_alive(client, &client->sessions[i], client->port.now_ms());
        }
    }
    wait_ms = pump_all(client, wait_ms);
    if (wait_ms > INT32_MAX) {
        wait_ms = INT32_MAX;
    }
    got = transport->read(transport->context, transport->framed ? client->chunk : client->receive,
                          transport->framed ? XRCE_CHUNK_BYTES : client->mtu, (int)wait_ms);
    awake(client);
    if (transport->framed) {
        client->chunk_at = 0;
        client->chunk_end = (uint16_t)(got > 0 ? got : 0);
        receive_chunk(client);
    } else if (got > 0) {
        receive_message(client, client->receive, (uint32_t)got);
    }
    if (got > 0) {
        (void)pump_all(client, 0); /* what came may have made room, or asked for an answer */
    }
    return got > 0 ? 1 : 0;
}

void xrce_client_deliver_link(xrce_client_t *client, const xrce_entity_t *reader, const uint8_t *data,
                              uint32_t length)
{
    xrce_sample_t sample;

    sample.data = data;
    sample.length = length;
    sample.reader = reader->id;
    sample.session = reader->session;
    sample.local = false;
    client->delivered_link++;
    client->on_sample(client->context, &sample);
}

int xrce_client_wait(xrce_client_t *client, const uint8_t *status, uint32_t timeout_ms)
{
    uint32_t begin = client->port.now_ms();

    if (client->transport == NULL || client->in_link || client->spinning || timeout_ms == 0u) {
        return XRCE_OK;
    }
    while (*status == XRCE_STATUS_PENDING) {
        uint32_t spent = client->port.now_ms() - begin;

        if (spent >= timeout_ms) {
            return XRCE_ERR_TIMEOUT;
        }
        (void)xrce_client_step(client, timeout_ms - spent);
    }
    if (*status == XRCE_STATUS_MISMATCH) {
        return XRCE_ERR_MISMATCH;
    }
    return *status >= 0x80u ? XRCE_ERR_REFUSED : XRCE_OK;
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

/* Sessions. */

xrce_session_t *xrce_client_session(xrce_client_t *client, uint8_t index)
{
    if (index >= client->session_count || client->sessions[index].state == XRCE_SESSION_CLOSED) {
        return NULL;
    }
    return &client->sessions[index];
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
    for (uint32_t i = 0; i < client->entities.row_count; i++) {
        xrce_entity_t *entity = &client->entities.rows[i];

        if (entity->key != 0u && entity->session == index && (entity->flags & XRCE_E_GONE) == 0u) {
            xrce_object_remove(client, entity);
        }
    }
    xrce_session_disconnected(client, session);
    session->state = XRCE_SESSION_CLOSED;
#if XRCE_SHM
    xrce_shm_reap(client);
#endif
    return status;
}

/* Spinning. */

static uint32_t deliver_local(xrce_client_t *client)
{
#if XRCE_SHM
    return xrce_shm_deliver(client);
#else
    (void)client;
    return 0;
#endif
}

/* Whether a spin that delivered local samples may leave the link alone. */
static bool link_idle(xrce_client_t *client)
{
    if (client->transport == NULL) {
        return true;
    }
    if (++client->streak >= XRCE_LINK_EVERY) {
        return false;
    }
#if XRCE_SHM
    for (uint32_t i = 0; i < client->session_count; i++) {
        if (XRCE_LOAD(client->sessions[i].link_head) != NULL) {
            return false;
        }
    }
#endif
    return true;
}

static uint32_t spin_link(xrce_client_t *client, uint32_t timeout_ms, uint32_t count)
{
    uint32_t begin = client->port.now_ms();
    uint32_t spent = 0;

    client->streak = 0;
    for (uint32_t round = 0; round < SPIN_ROUNDS || count == 0u; round++) {
        uint32_t before = client->delivered_link;
        int got = xrce_client_step(client, count != 0u ? 0u : timeout_ms - spent);

        count += client->delivered_link - before;
        count += deliver_local(client);
        if (got == 0 && count != 0u) {
            break;
        }
        spent = client->port.now_ms() - begin;
        if (spent >= timeout_ms && (got == 0 || round >= SPIN_ROUNDS)) {
            break;
        }
        spent = spent < timeout_ms ? spent : timeout_ms;
    }
    return count;
}

int xrce_client_spin(xrce_client_t *client, uint32_t timeout_ms)
{
    uint32_t count;

    if (client->spinning || client->in_link) {
        return XRCE_ERR_STATE;
    }
    client->spinning = true;
    count = deliver_local(client);
    if (count == 0u || !link_idle(client)) {
        count = spin_link(client, timeout_ms, count);
    }
    client->spinning = false;
    return (int)count;
}
