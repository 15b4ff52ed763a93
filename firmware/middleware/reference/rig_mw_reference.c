/*
 * The bench's middleware interface over the reference client: values and names, no logic of its own.
 *
 * All state is static; its size is set by the RIG_MW_MAX_* macros (see CMakeLists.txt).
 */
#include <string.h>

#include "rig_middleware.h"
#include "rig_port.h"
#include "xrce_client.h"

#ifndef RIG_MW_MAX_SESSIONS
#define RIG_MW_MAX_SESSIONS 2
#endif
#ifndef RIG_MW_MAX_ENTITIES
#define RIG_MW_MAX_ENTITIES 64
#endif
#ifndef RIG_MW_MAX_PAIRS
#define RIG_MW_MAX_PAIRS 64
#endif
#ifndef RIG_MW_MAX_NAMES
#define RIG_MW_MAX_NAMES 32
#endif
#ifndef RIG_MW_NAME_BYTES
#define RIG_MW_NAME_BYTES 2048
#endif
#ifndef RIG_MW_VERSION
#define RIG_MW_VERSION "0.1.0"
#endif

#define INDEX_BYTES \
    (RIG_MW_MAX_ENTITIES <= 16 ? 32 : RIG_MW_MAX_ENTITIES <= 32 ? 64 : RIG_MW_MAX_ENTITIES <= 64 ? 128 : 512)

XRCE_STATIC_ASSERT(RIG_MW_MAX_ENTITIES < XRCE_NONE, entities);
XRCE_STATIC_ASSERT(RIG_MW_MAX_NAMES < XRCE_NONE, names);
/* Error numbers pass through unchanged. */
XRCE_STATIC_ASSERT((int)RIG_MW_ERR_ARGUMENT == (int)XRCE_ERR_ARGUMENT, argument);
XRCE_STATIC_ASSERT((int)RIG_MW_ERR_NO_BUFFER == (int)XRCE_ERR_NO_BUFFER, no_buffer);
XRCE_STATIC_ASSERT((int)RIG_MW_ERR_UNKNOWN == (int)XRCE_ERR_UNKNOWN, unknown);
XRCE_STATIC_ASSERT(RIG_MW_IDENTITY_BYTES == XRCE_IDENTITY_BYTES, identity);
XRCE_STATIC_ASSERT((int)RIG_MW_ERR_STATE == (int)XRCE_ERR_STATE, state);
XRCE_STATIC_ASSERT((int)RIG_MW_ERR_MISMATCH == (int)XRCE_ERR_MISMATCH, mismatch);

static struct {
    bool started;
    rig_mw_on_message_t on_message;
    rig_mw_on_service_t on_service;
    void *context;
    xrce_transport_t transport;
    xrce_client_t client;
    xrce_session_t sessions[RIG_MW_MAX_SESSIONS];
    xrce_entity_t entities[RIG_MW_MAX_ENTITIES];
    xrce_name_t names[RIG_MW_MAX_NAMES];
#if XRCE_SHM
    xrce_edge_t pairs[RIG_MW_MAX_PAIRS];
#endif
    uint8_t index[INDEX_BYTES];
    char name_text[RIG_MW_NAME_BYTES];
} mw;

static const xrce_port_t port = {rig_port_millis, rig_port_lock, rig_port_unlock, rig_port_wake, rig_port_wait};

const char *rig_mw_name(void)
{
    return "reference";
}

const char *rig_mw_version(void)
{
    return RIG_MW_VERSION;
}

#define TEXT_OF(value) #value
#define TEXT(value) TEXT_OF(value)
#if XRCE_SHM
#define SHM_TABLES " shm_entities=" TEXT(RIG_MW_MAX_ENTITIES) " shm_pairs=" TEXT(RIG_MW_MAX_PAIRS) \
    " shm_buffers=per_scenario"
#else
#define SHM_TABLES " shm_entities=0 shm_pairs=0 shm_buffers=0"
#endif

const char *rig_mw_configuration(void)
{
    return "sessions=" TEXT(RIG_MW_MAX_SESSIONS) " entities=" TEXT(RIG_MW_MAX_ENTITIES) " names=" TEXT(
        RIG_MW_MAX_NAMES) " name_bytes=" TEXT(RIG_MW_NAME_BYTES) " history=per_scenario mtu=per_scenario" SHM_TABLES;
}

/* The formula of xrce_client.h. */
uint32_t rig_mw_ram_bytes(void)
{
    size_t bytes = sizeof(xrce_client_t) + RIG_MW_MAX_SESSIONS * sizeof(xrce_session_t);

    bytes += RIG_MW_MAX_ENTITIES * sizeof(xrce_entity_t) + INDEX_BYTES;
    bytes += RIG_MW_MAX_NAMES * sizeof(xrce_name_t) + RIG_MW_NAME_BYTES;
#if XRCE_SHM
    bytes += RIG_MW_MAX_PAIRS * sizeof(xrce_edge_t);
#endif
    return (uint32_t)bytes;
}

uint32_t rig_mw_capabilities(void)
{
    uint32_t capabilities = RIG_MW_CAP_LOAN | RIG_MW_CAP_OFFLINE | RIG_MW_CAP_DELETE | RIG_MW_CAP_XML |
                            RIG_MW_CAP_REF | RIG_MW_CAP_SERVICES;

#if XRCE_SHM
    capabilities |= RIG_MW_CAP_SHM | RIG_MW_CAP_THREADS;
#endif
    return capabilities;
}

static void convert(rig_mw_message_t *message, const xrce_sample_t *sample)
{
    message->data = sample->data;
    message->length = sample->length;
    message->reader = sample->reader;
    message->session = sample->session;
    message->local = sample->local;
}

static void on_sample(void *context, const xrce_sample_t *sample)
{
    rig_mw_message_t message;

    (void)context;
    convert(&message, sample);
    mw.on_message(mw.context, &message);
}

static void on_service(void *context, const xrce_service_sample_t *sample)
{
    rig_mw_service_message_t message;

    (void)context;
    convert(&message.message, &sample->sample);
    message.kind = sample->kind;
    message.request = sample->request;
    message.identity = sample->identity;
    mw.on_service(mw.context, &message);
}

int rig_mw_start(const rig_mw_config_t *config)
{
    xrce_client_config_t ours = {0};
    int status;

    mw.started = false;
    if (config == NULL || config->on_message == NULL) {
        return RIG_MW_ERR_ARGUMENT;
    }
    mw.on_message = config->on_message;
    mw.on_service = config->on_service;
    mw.context = config->context;
    if (config->transport != NULL) {
        mw.transport.framed = config->transport->framed;
        mw.transport.context = config->transport->context;
        mw.transport.write = config->transport->write;
        mw.transport.read = config->transport->read;
        ours.transport = &mw.transport;
    }
    ours.port = &port;
    ours.on_sample = on_sample;
    ours.on_service = config->on_service != NULL ? on_service : NULL;
    ours.entities = mw.entities;
    ours.entity_count = RIG_MW_MAX_ENTITIES;
    ours.index = mw.index;
    ours.index_bytes = INDEX_BYTES;
    ours.names = mw.names;
    ours.name_count = RIG_MW_MAX_NAMES;
    ours.name_text = mw.name_text;
    ours.name_bytes = RIG_MW_NAME_BYTES;
    ours.sessions = mw.sessions;
    ours.session_count = RIG_MW_MAX_SESSIONS;
#if XRCE_SHM
    ours.edges = mw.pairs;
    ours.edge_count = RIG_MW_MAX_PAIRS;
    ours.buffer_memory = config->buffer_memory;
    ours.buffer_bytes = config->buffer_bytes;
    ours.buffer_count = config->buffer_count;
#endif
    ours.stream_memory = config->stream_memory;
    ours.stream_bytes = config->stream_bytes;
    ours.mtu = config->mtu;
    ours.history = config->history;
    status = xrce_client_init(&mw.client, &ours);
    mw.started = status == XRCE_OK;
    return status;
}

/* An Agent keeps a session by its key, with all it holds: one that nobody closed would be sent samples for ever, and
 * keep them from those that come after. */
void rig_mw_stop(void)
{
    if (mw.started) {
        for (uint8_t i = 0; i < RIG_MW_MAX_SESSIONS; i++) {
            (void)xrce_client_close(&mw.client, i, 0);
        }
    }
    mw.started = false;
}

int rig_mw_session_open(uint32_t client_key, uint32_t timeout_ms)
{
    const uint8_t key[4] = {(uint8_t)(client_key >> 24), (uint8_t)(client_key >> 16), (uint8_t)(client_key >> 8),
                            (uint8_t)client_key};

    if (!mw.started) {
        return RIG_MW_ERR_STATE;
    }
    return client_key == 0u ? RIG_MW_ERR_ARGUMENT : xrce_client_open(&mw.client, key, timeout_ms);
}

int rig_mw_session_close(uint8_t session, uint32_t timeout_ms)
{
    return mw.started ? xrce_client_close(&mw.client, session, timeout_ms) : RIG_MW_ERR_STATE;
}

static uint8_t qos_of(const rig_mw_qos_t *qos)
{
    return (uint8_t)((qos->reliable ? XRCE_QOS_RELIABLE : 0u) | (qos->keep_all ? 0u : XRCE_QOS_KEEP_LAST) |
                     (qos->transient_local ? XRCE_QOS_TRANSIENT_LOCAL : 0u));
}

int rig_mw_create(const rig_mw_entity_t *entity, uint32_t timeout_ms)
{
    xrce_create_t create = {0};
    int status;

    if (!mw.started) {
        return RIG_MW_ERR_STATE;
    }
    if (entity == NULL) {
        return RIG_MW_ERR_ARGUMENT;
    }
    create.session = entity->session;
    create.kind = entity->kind;
    create.form = entity->form;
    create.mode = entity->mode & (XRCE_REUSE | XRCE_REPLACE);
    create.id = entity->id;
    create.parent = entity->parent;
    create.topic = entity->kind == RIG_MW_PARTICIPANT ? 0u : entity->topic;
    create.domain = entity->kind == RIG_MW_PARTICIPANT ? entity->topic : 0u;
    create.text[0] = entity->name;
    if (entity->kind == RIG_MW_TOPIC || entity->kind == RIG_MW_REQUESTER || entity->kind == RIG_MW_REPLIER) {
        create.text[1] = entity->type;
    }
    if (entity->kind == RIG_MW_REQUESTER || entity->kind == RIG_MW_REPLIER) {
        create.text[2] = entity->reply_type;
    }
    create.qos = qos_of(&entity->qos);
    create.depth = entity->qos.depth;
    create.reliable_stream = entity->reliable_stream;
    status = xrce_client_create(&mw.client, &create, timeout_ms);
    if (status >= 0 && (entity->kind == RIG_MW_REQUESTER || entity->kind == RIG_MW_REPLIER)) {
        status = xrce_client_ask(&mw.client, entity->session, entity->kind, entity->id, 0xFFFF);
    }
    return status;
}

int rig_mw_delete(uint8_t session, uint8_t kind, uint16_t id, uint32_t timeout_ms)
{
    return mw.started ? xrce_client_delete(&mw.client, session, kind, id, timeout_ms) : RIG_MW_ERR_STATE;
}

int rig_mw_read(uint8_t session, uint16_t reader, const rig_mw_delivery_t *limits)
{
    const xrce_delivery_t ours = {limits->max_samples, limits->max_elapsed_s, limits->max_bytes_per_second,
                                  limits->min_pace_ms};

    return mw.started ? xrce_client_ask_within(&mw.client, session, XRCE_DATAREADER, reader, &ours) : RIG_MW_ERR_STATE;
}

int rig_mw_loan(uint8_t session, uint16_t writer, uint32_t length, uint8_t **place)
{
    return mw.started ? xrce_client_loan(&mw.client, session, writer, length, place) : RIG_MW_ERR_STATE;
}

int rig_mw_publish(uint8_t session, uint16_t writer)
{
    return mw.started ? xrce_client_publish(&mw.client, session, writer) : RIG_MW_ERR_STATE;
}

int rig_mw_loan_cancel(uint8_t session, uint16_t writer)
{
    return mw.started ? xrce_client_cancel(&mw.client, session, writer) : RIG_MW_ERR_STATE;
}

int rig_mw_service_loan(uint8_t session, uint8_t kind, uint16_t id, uint32_t length, uint8_t **place)
{
    return mw.started ? xrce_service_loan(&mw.client, session, kind, id, length, place) : RIG_MW_ERR_STATE;
}

int rig_mw_service_cancel(uint8_t session, uint8_t kind, uint16_t id)
{
    return mw.started ? xrce_service_cancel(&mw.client, session, kind, id) : RIG_MW_ERR_STATE;
}

int rig_mw_request(uint8_t session, uint16_t requester)
{
    return mw.started ? xrce_service_request(&mw.client, session, requester) : RIG_MW_ERR_STATE;
}

int rig_mw_reply(uint8_t session, uint16_t replier, const uint8_t identity[RIG_MW_IDENTITY_BYTES])
{
    return mw.started ? xrce_service_reply(&mw.client, session, replier, identity) : RIG_MW_ERR_STATE;
}

int rig_mw_spin(uint32_t timeout_ms)
{
    return mw.started ? xrce_client_spin(&mw.client, timeout_ms) : RIG_MW_ERR_STATE;
}

void rig_mw_statistics(rig_mw_statistics_t *out)
{
    memset(out, 0, sizeof(*out));
    if (!mw.started) {
        return;
    }
    out->delivered_link = mw.client.delivered_link;
    out->refused_buffer = mw.client.refused_stream;
    out->refused_table = mw.client.refused_table;
    out->lost = mw.client.lost_link;
    out->entities = mw.client.entities.used;
#if XRCE_SHM
    rig_port_lock();
    out->delivered_local = mw.client.shm.delivered;
    out->refused_buffer += mw.client.shm.refused;
    out->lost += mw.client.shm.lost;
    out->withheld = mw.client.shm.withheld;
    out->buffers_free = mw.client.pool.free_count;
    rig_port_unlock();
#endif
}
