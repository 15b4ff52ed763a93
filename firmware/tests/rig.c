#include "rig.h"

#include "check.h"

#define QUEUE 256
#define MESSAGE 2048

typedef struct {
    uint8_t bytes[QUEUE][MESSAGE];
    uint32_t length[QUEUE];
    unsigned head;
    unsigned tail;
} fifo_t;

xrce_client_t rig_client;
seen_t rig_seen[RIG_LOG];
unsigned rig_seen_count;
uint32_t rig_now;
unsigned rig_locks;
int rig_lock_depth;
unsigned rig_wakes;
bool rig_link_broken;
uint8_t rig_sessions = 1;
uint8_t rig_mode;
void (*rig_in_callback)(const xrce_sample_t *sample);
void (*rig_in_service)(const xrce_service_sample_t *sample);
void (*rig_idle)(void);
void (*rig_interrupt)(void);
unsigned rig_interrupt_in;
static bool woken;

static fifo_t to_client;
static fifo_t from_client;
static xrce_entity_t entities[RIG_ENTITIES];
static xrce_name_t names[RIG_NAMES];
static char name_text[1024];
static uint8_t index_bytes[128];
static xrce_session_t sessions[2];
#if XRCE_SHM
static xrce_edge_t pairs[RIG_PAIRS];
static uint64_t buffer_memory[1 << 18];
#endif
static uint64_t stream_memory[1 << 15];

static void put(fifo_t *fifo, const uint8_t *bytes, uint32_t length)
{
    CHECK(length <= MESSAGE);
    CHECK(fifo->tail - fifo->head < QUEUE);
    memcpy(fifo->bytes[fifo->tail % QUEUE], bytes, length);
    fifo->length[fifo->tail % QUEUE] = length;
    fifo->tail++;
}

static uint32_t take(fifo_t *fifo, uint8_t *bytes, uint32_t capacity)
{
    uint32_t length;

    if (fifo->head == fifo->tail) {
        return 0;
    }
    length = fifo->length[fifo->head % QUEUE];
    CHECK(length <= capacity);
    memcpy(bytes, fifo->bytes[fifo->head % QUEUE], length);
    fifo->head++;
    return length;
}

void rig_answer(const uint8_t *bytes, uint32_t length)
{
    put(&to_client, bytes, length);
}

uint32_t rig_sent(uint8_t *bytes, uint32_t capacity)
{
    return take(&from_client, bytes, capacity);
}

void rig_link_clear(void)
{
    from_client.head = from_client.tail;
    to_client.head = to_client.tail;
    rig_link_broken = false;
}

static int link_write(void *context, const uint8_t *bytes, size_t length)
{
    (void)context;
    CHECK_INT(rig_lock_depth, 0);
    if (rig_link_broken) {
        return -1;
    }
    put(&from_client, bytes, (uint32_t)length);
    return (int)length;
}

/* Time passes only where the client would wait. */
static int link_read(void *context, uint8_t *bytes, size_t capacity, int timeout_ms)
{
    uint32_t length = take(&to_client, bytes, (uint32_t)capacity);

    (void)context;
    CHECK_INT(rig_lock_depth, 0);
    if (length == 0u && rig_idle != NULL && timeout_ms > 0) {
        rig_idle();
        length = take(&to_client, bytes, (uint32_t)capacity);
    }
    if (length == 0u && !woken) {
        rig_now += (uint32_t)timeout_ms;
    }
    woken = woken && timeout_ms == 0;
    return (int)length;
}

static uint32_t now_ms(void)
{
    return rig_now;
}

static void may_interrupt(void)
{
    if (rig_interrupt_in != 0u && --rig_interrupt_in == 0u) {
        rig_interrupt();
    }
}

static void lock(void)
{
    may_interrupt();
    CHECK_INT(rig_lock_depth, 0);
    rig_lock_depth++;
    rig_locks++;
}

static void unlock(void)
{
    rig_lock_depth--;
    CHECK_INT(rig_lock_depth, 0);
    may_interrupt();
}

static void wake(void)
{
    rig_wakes++;
    woken = true;
}

static void wait_ms(uint32_t ms)
{
    if (!woken && rig_idle != NULL) {
        rig_idle();
    }
    rig_now += woken ? 0u : ms;
    woken = false;
}

static const xrce_port_t port = {now_ms, lock, unlock, wake, wait_ms};
static const xrce_transport_t transport = {false, NULL, link_write, link_read};

static seen_t *record(const xrce_sample_t *sample)
{
    seen_t *seen = &rig_seen[rig_seen_count % RIG_LOG];

    CHECK_INT(rig_lock_depth, 0);
    rig_seen_count++;
    memset(seen, 0, sizeof(*seen));
    seen->data = sample->data;
    seen->length = sample->length;
    seen->first = 0;
    for (uint32_t i = 0; i < 4u && i < sample->length; i++) {
        seen->first |= (uint32_t)sample->data[i] << (8u * i);
    }
    seen->reader = sample->reader;
    seen->session = sample->session;
    seen->local = sample->local;
    return seen;
}

static void on_service(void *context, const xrce_service_sample_t *message)
{
    seen_t *seen = record(&message->sample);

    (void)context;
    seen->kind = message->kind;
    seen->request = message->request;
    CHECK((message->kind == XRCE_REPLIER) == (message->identity != NULL));
    if (message->identity != NULL) {
        memcpy(seen->identity, message->identity, XRCE_IDENTITY_BYTES);
    }
    if (rig_in_service != NULL) {
        rig_in_service(message);
    }
}

static void on_sample(void *context, const xrce_sample_t *sample)
{
    (void)context;
    (void)record(sample);
    if (rig_in_callback != NULL) {
        rig_in_callback(sample);
    }
}

void rig_start_history(bool link, uint32_t buffers, uint32_t buffer_bytes, uint16_t mtu, uint16_t history)
{
    xrce_client_config_t config;

    memset(&config, 0, sizeof(config));
    rig_link_clear();
    rig_seen_count = 0;
    rig_in_callback = NULL;
    rig_in_service = NULL;
    rig_idle = NULL;
    rig_interrupt_in = 0;
    woken = false;
    config.port = &port;
    config.transport = link ? &transport : NULL;
    config.on_sample = on_sample;
    config.on_service = on_service;
    config.entities = entities;
    config.entity_count = RIG_ENTITIES;
    config.index = index_bytes;
    config.index_bytes = sizeof(index_bytes);
    config.names = names;
    config.name_count = RIG_NAMES;
    config.name_text = name_text;
    config.name_bytes = sizeof(name_text);
    config.sessions = sessions;
    config.session_count = rig_sessions;
#if XRCE_SHM
    config.edges = pairs;
    config.edge_count = RIG_PAIRS;
    config.buffer_memory = (uint8_t *)buffer_memory;
    config.buffer_bytes = buffers * buffer_bytes;
    config.buffer_count = buffers;
    CHECK(buffers * buffer_bytes <= sizeof(buffer_memory));
#else
    (void)buffers;
    (void)buffer_bytes;
#endif
    config.stream_memory = (uint8_t *)stream_memory;
    config.stream_bytes = sizeof(stream_memory);
    config.mtu = mtu;
    config.history = history;
    CHECK_INT(xrce_client_init(&rig_client, &config), XRCE_OK);
}

void rig_start(bool link, uint32_t buffers, uint32_t buffer_bytes)
{
    rig_start_history(link, buffers, buffer_bytes, 512, 16);
}

int rig_entity(uint8_t session, uint8_t kind, uint16_t id, uint16_t parent, uint16_t topic, const char *name,
               const char *type, uint8_t qos, uint16_t depth)
{
    xrce_create_t create;

    memset(&create, 0, sizeof(create));
    create.session = session;
    create.mode = rig_mode;
    create.kind = kind;
    create.form = XRCE_BIN;
    create.id = id;
    create.parent = parent;
    create.topic = topic;
    create.text[0] = name;
    create.text[1] = type;
    create.qos = qos;
    create.depth = depth;
    create.reliable_stream = true;
    return xrce_client_create(&rig_client, &create, 0);
}

void rig_world(uint8_t session)
{
    CHECK_INT(rig_entity(session, XRCE_PARTICIPANT, 1, 0, 0, NULL, NULL, 0, 0), XRCE_OK);
    CHECK_INT(rig_entity(session, XRCE_TOPIC, 1, 1, 0, "rt/t", "T", 0, 0), XRCE_OK);
    CHECK_INT(rig_entity(session, XRCE_PUBLISHER, 1, 1, 0, NULL, NULL, 0, 0), XRCE_OK);
    CHECK_INT(rig_entity(session, XRCE_SUBSCRIBER, 1, 1, 0, NULL, NULL, 0, 0), XRCE_OK);
}

int rig_service(uint8_t session, uint8_t kind, uint16_t id)
{
    xrce_create_t create;

    memset(&create, 0, sizeof(create));
    create.session = session;
    create.mode = rig_mode;
    create.kind = kind;
    create.form = XRCE_BIN;
    create.id = id;
    create.parent = 1;
    create.text[0] = "svc";
    create.text[1] = "Q";
    create.text[2] = "R";
    create.reliable_stream = true;
    return xrce_client_create(&rig_client, &create, 0);
}

static void fill(uint8_t *place, uint32_t value, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++) {
        place[i] = (uint8_t)(i < 4u ? value >> (8u * i) : i);
    }
}

int rig_request(uint8_t session, uint16_t requester, uint32_t value, uint32_t length)
{
    uint8_t *place = NULL;
    int status = xrce_service_loan(&rig_client, session, XRCE_REQUESTER, requester, length, &place);

    if (status != XRCE_OK) {
        return status;
    }
    fill(place, value, length);
    return xrce_service_request(&rig_client, session, requester);
}

int rig_reply(uint8_t session, uint16_t replier, const uint8_t *identity, uint32_t value, uint32_t length)
{
    uint8_t *place = NULL;
    int status = xrce_service_loan(&rig_client, session, XRCE_REPLIER, replier, length, &place);

    if (status != XRCE_OK) {
        return status;
    }
    fill(place, value, length);
    return xrce_service_reply(&rig_client, session, replier, identity);
}

int rig_publish(uint8_t session, uint16_t writer, uint32_t value, uint32_t length)
{
    uint8_t *place = NULL;
    int status = xrce_client_loan(&rig_client, session, writer, length, &place);

    if (status != XRCE_OK) {
        return status;
    }
    fill(place, value, length);
    return xrce_client_publish(&rig_client, session, writer);
}
