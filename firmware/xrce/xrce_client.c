#include "xrce_client.h"

#include <string.h>

#include "xrce_create.h"
#include "xrce_data.h"
#include "xrce_info.h"

#define MIN_MTU 64u
#define SPIN_ROUNDS 64u /* messages from the link that one spin works on, so that a flood cannot hold it */

/* Lays out the stream memory: buffer headers, receive buffer, sessions, the rest for reassembly. */
static int lay_out(xrce_client_t *client, const xrce_client_config_t *config)
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

int xrce_client_init(xrce_client_t *client, const xrce_client_config_t *config)
{
    int status;

    memset(client, 0, sizeof(*client));
    client->port = *config->port;
    client->transport = config->transport;
    client->on_sample = config->on_sample;
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

int xrce_client_step(xrce_client_t *client, uint32_t wait_ms)
{
    const xrce_transport_t *transport = client->transport;
    int got;

    if (client->in_link) {
        return 0;
    }
    if (transport == NULL) {
        if (wait_ms != 0u) {
            client->port.wait(wait_ms);
        }
        return 0;
    }
    wait_ms = pump_all(client, wait_ms);
    if (wait_ms > INT32_MAX) {
        wait_ms = INT32_MAX;
    }
    if (transport->framed) {
        got = transport->read(transport->context, client->chunk, XRCE_CHUNK_BYTES, (int)wait_ms);
        client->chunk_at = 0;
        client->chunk_end = (uint16_t)(got > 0 ? got : 0);
        receive_chunk(client);
    } else {
        got = transport->read(transport->context, client->receive, client->mtu, (int)wait_ms);
        if (got > 0) {
            receive_message(client, client->receive, (uint32_t)got);
        }
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

/* Steps until *status is no longer pending. Callbacks do not wait: they get XRCE_OK at once. */
static int wait_for(xrce_client_t *client, const uint8_t *status, uint32_t timeout_ms)
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
    return *status >= 0x80u ? XRCE_ERR_REFUSED : XRCE_OK;
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

/* Entities. */

/* Makes it and all that lies in it unknown here. */
static void remove_local(xrce_client_t *client, xrce_entity_t *entity)
{
    uint16_t object = xrce_entity_object(entity);
    uint8_t session = entity->session;

    xrce_lock(client);
    xrce_entity_hide(&client->entities, entity);
    xrce_unlock(client);
    for (uint32_t i = 0; i < client->entities.row_count; i++) {
        xrce_entity_t *child = &client->entities.rows[i];

        if (child->key != 0u && child->session == session && child->parent == object &&
            (child->flags & XRCE_E_GONE) == 0u) {
            remove_local(client, child); /* at most participant, publisher, writer */
        }
    }
    xrce_name_release(&client->names, entity->name);
    entity->name = XRCE_NONE;
#if XRCE_SHM
    if (xrce_entity_kind(entity) == XRCE_DATAREADER) {
        xrce_match_remove_reader(client, entity);
    }
    if (xrce_entity_kind(entity) == XRCE_DATAWRITER) {
        xrce_shm_retire(client, entity);
        return;
    }
#endif
    xrce_entity_free(&client->entities, entity);
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
        status = wait_for(client, &session->logout, timeout_ms);
    }
    for (uint32_t i = 0; i < client->entities.row_count; i++) {
        xrce_entity_t *entity = &client->entities.rows[i];

        if (entity->key != 0u && entity->session == index && (entity->flags & XRCE_E_GONE) == 0u) {
            remove_local(client, entity);
        }
    }
    xrce_session_disconnected(client, session);
    session->state = XRCE_SESSION_CLOSED;
#if XRCE_SHM
    xrce_shm_reap(client);
#endif
    return status;
}

static bool is_endpoint(uint8_t kind)
{
    return kind == XRCE_DATAWRITER || kind == XRCE_DATAREADER;
}

static uint16_t parent_of(const xrce_create_t *create)
{
    switch (create->kind) {
    case XRCE_PARTICIPANT:
        return 0;
    case XRCE_DATAWRITER:
        return XRCE_OBJECT(create->parent, XRCE_PUBLISHER);
    case XRCE_DATAREADER:
        return XRCE_OBJECT(create->parent, XRCE_SUBSCRIBER);
    default:
        return XRCE_OBJECT(create->parent, XRCE_PARTICIPANT);
    }
}

/* Texts of its own, or for an endpoint those of its topic. */
static int take_name(xrce_client_t *client, const xrce_create_t *create, xrce_entity_t *entity)
{
    int row = XRCE_NONE;

    if (is_endpoint(create->kind)) {
        const xrce_entity_t *topic =
            xrce_entity_find(&client->entities, XRCE_KEY(create->session, XRCE_OBJECT(create->topic, XRCE_TOPIC)));

        if (topic == NULL) {
            return XRCE_ERR_UNKNOWN;
        }
        row = topic->name;
        xrce_name_share(&client->names, topic->name);
    } else if (create->kind == XRCE_TOPIC || (create->text[0] != NULL && create->text[0][0] != '\0')) {
        if (create->text[0] == NULL || (create->kind == XRCE_TOPIC && create->text[1] == NULL)) {
            return XRCE_ERR_ARGUMENT;
        }
        row = xrce_name_take(&client->names, create->text);
    }
    if (row >= 0) {
        entity->name = (uint8_t)row;
    }
    return row < 0 ? row : XRCE_OK;
}

/* Enters the entity into the tables of this MCU. */
static int create_local(xrce_client_t *client, const xrce_create_t *create, xrce_entity_t **out)
{
    uint32_t key = XRCE_KEY(create->session, XRCE_OBJECT(create->id, create->kind));
    xrce_entity_t *entity = xrce_entity_vacant(&client->entities);
    int status;

    if (entity == NULL) {
        return XRCE_ERR_TABLE_FULL;
    }
    entity->parent = parent_of(create);
    if (entity->parent != 0u &&
        xrce_entity_find(&client->entities, XRCE_KEY(create->session, entity->parent)) == NULL) {
        return XRCE_ERR_UNKNOWN;
    }
    entity->form = create->form;
    entity->mode = create->mode;
    entity->qos = create->qos;
    entity->depth = create->depth;
    entity->topic = XRCE_OBJECT(create->topic, XRCE_TOPIC);
    entity->flags = create->reliable_stream ? XRCE_E_RELIABLE_STREAM : 0u;
    entity->status = XRCE_STATUS_PENDING;
    status = take_name(client, create, entity);
    if (status < 0) {
        return status;
    }
    xrce_lock(client);
    xrce_entity_enter(&client->entities, entity, key);
    xrce_unlock(client);
#if XRCE_SHM
    if (is_endpoint(create->kind)) {
        status = xrce_match_add(client, entity);
        if (status < 0) {
            remove_local(client, entity);
            return status;
        }
    }
#endif
    *out = entity;
    return XRCE_OK;
}

static int check_create(xrce_client_t *client, const xrce_create_t *create)
{
    if (create->kind < XRCE_PARTICIPANT || create->kind > XRCE_REPLIER || create->id > 0xFFFu ||
        create->parent > 0xFFFu || create->topic > 0xFFFu || create->form < XRCE_REF || create->form > XRCE_BIN) {
        return XRCE_ERR_ARGUMENT;
    }
    if (create->kind > XRCE_DATAREADER || create->form != XRCE_BIN) {
        return XRCE_ERR_UNSUPPORTED;
    }
    return xrce_client_session(client, create->session) == NULL ? XRCE_ERR_UNKNOWN : XRCE_OK;
}

int xrce_client_create(xrce_client_t *client, const xrce_create_t *create, uint32_t timeout_ms)
{
    xrce_entity_t *entity;
    xrce_session_t *session;
    int status = check_create(client, create);

    if (status < 0) {
        return status;
    }
    session = &client->sessions[create->session];
    entity = xrce_entity_find(&client->entities, XRCE_KEY(create->session, XRCE_OBJECT(create->id, create->kind)));
    if (entity != NULL) {
        if ((create->mode & (XRCE_REUSE | XRCE_REPLACE)) == 0u) {
            return XRCE_ERR_REFUSED;
        }
        if ((create->mode & XRCE_REUSE) != 0u) {
            return XRCE_OK;
        }
        remove_local(client, entity);
    }
    status = create_local(client, create, &entity);
    if (status < 0) {
        client->refused_table += status == XRCE_ERR_TABLE_FULL ? 1u : 0u;
        return status;
    }
    xrce_info_route(client, session);
    if (session->state == XRCE_SESSION_CONNECTED && !session->dirty &&
        xrce_create_send(session, entity, &client->names) == XRCE_OK) {
        entity->flags |= XRCE_E_ANNOUNCED; /* at once, to keep the caller's order */
    } else {
        session->dirty = true;
    }
    status = wait_for(client, &entity->status, timeout_ms);
    if (status < 0) {
        remove_local(client, entity);
    }
    return status;
}

int xrce_client_delete(xrce_client_t *client, uint8_t index, uint8_t kind, uint16_t id, uint32_t timeout_ms)
{
    xrce_session_t *session = xrce_client_session(client, index);
    xrce_entity_t *entity;

    entity = session == NULL ? NULL : xrce_entity_find(&client->entities, XRCE_KEY(index, XRCE_OBJECT(id, kind)));
    if (entity == NULL) {
        return XRCE_ERR_UNKNOWN;
    }
    session->removal = XRCE_STATUS_OK;
    if (session->state == XRCE_SESSION_CONNECTED && (entity->flags & XRCE_E_ANNOUNCED) != 0u) {
        int status = xrce_delete_send(session, xrce_entity_object(entity), &session->removal_request);

        if (status < 0) {
            return status;
        }
        session->removal = XRCE_STATUS_PENDING;
    }
    remove_local(client, entity);
    return wait_for(client, &session->removal, timeout_ms);
}

int xrce_client_read(xrce_client_t *client, uint8_t index, uint16_t reader, uint16_t max_samples)
{
    xrce_session_t *session = xrce_client_session(client, index);
    xrce_entity_t *entity;

    entity = session == NULL
                 ? NULL
                 : xrce_entity_find(&client->entities, XRCE_KEY(index, XRCE_OBJECT(reader, XRCE_DATAREADER)));
    if (entity == NULL) {
        return XRCE_ERR_UNKNOWN;
    }
    entity->wanted = max_samples;
    entity->flags |= XRCE_E_READ;
    session->dirty = true;
    if (client->transport != NULL && !client->in_link) {
        xrce_session_pump(client, session, client->port.now_ms());
    }
    return XRCE_OK;
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
