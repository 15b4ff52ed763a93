/*
 * Two publishers and one spinner in three threads: every accepted sample arrives once, whole, in its writer's order,
 * while readers come and go. Then one publisher that waits for the delivery of each sample, so that the spinner goes
 * to sleep before nearly every one: no wake-up is lost. Built with ThreadSanitizer too. The argument is the number of
 * samples per publisher.
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "check.h"
#include "xrce_client.h"

#define BUFFERS 8u
#define BYTES 64u
#define PUBLISHERS 2u

static xrce_client_t client;
static xrce_entity_t entities[16];
static xrce_name_t names[4];
static char name_text[128];
static uint8_t index_bytes[32];
static xrce_session_t sessions[1];
static xrce_edge_t pairs[16];
static uint64_t buffer_memory[BUFFERS * BYTES / 8u];
static uint64_t stream_memory[64];

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t wake_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake_condition = PTHREAD_COND_INITIALIZER;
static bool woken;
static uint32_t wakes;
static uint32_t waits;

static uint32_t samples = 20000;
static uint32_t next_value[PUBLISHERS];
static uint32_t delivered;
static bool one_at_a_time;
static uint32_t torn;
static uint32_t misplaced;

static uint32_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)now.tv_sec * 1000u + (uint32_t)(now.tv_nsec / 1000000);
}

static void lock(void)
{
    (void)pthread_mutex_lock(&mutex);
}

static void unlock(void)
{
    (void)pthread_mutex_unlock(&mutex);
}

static void wake(void)
{
    (void)pthread_mutex_lock(&wake_mutex);
    woken = true;
    wakes++;
    (void)pthread_cond_signal(&wake_condition);
    (void)pthread_mutex_unlock(&wake_mutex);
}

static void wait_ms(uint32_t ms)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += (time_t)(ms / 1000u + 1u);
    (void)pthread_mutex_lock(&wake_mutex);
    waits++;
    while (!woken && pthread_cond_timedwait(&wake_condition, &wake_mutex, &until) == 0) {
    }
    woken = false;
    (void)pthread_mutex_unlock(&wake_mutex);
}

static const xrce_port_t port = {now_ms, lock, unlock, wake, wait_ms};

static uint32_t word(const uint8_t *data, uint32_t at)
{
    return data[at] | (uint32_t)data[at + 1u] << 8 | (uint32_t)data[at + 2u] << 16 | (uint32_t)data[at + 3u] << 24;
}

static uint32_t fill(uint32_t value, uint32_t at)
{
    return (value ^ at) * 2654435761u;
}

static void on_sample(void *context, const xrce_sample_t *sample)
{
    uint32_t publisher = sample->data[0];
    uint32_t value = word(sample->data, 4);

    (void)context;
    if (sample->reader != 1u) {
        return; /* the one that comes and goes */
    }
    __atomic_fetch_add(&delivered, 1u, __ATOMIC_ACQ_REL);
    misplaced += publisher >= PUBLISHERS || next_value[publisher] != value;
    if (publisher < PUBLISHERS) {
        next_value[publisher] = value + 1u;
    }
    for (uint32_t at = 8; at < BYTES; at += 4u) {
        torn += word(sample->data, at) != fill(value, at);
    }
}

static void *publisher(void *argument)
{
    uint8_t number = *(const uint8_t *)argument;

    for (uint32_t value = 0; value < samples;) {
        uint8_t *place;
        int status = xrce_client_loan(&client, 0, (uint16_t)(number + 1u), BYTES, &place);

        if (status == XRCE_ERR_NO_BUFFER) {
            (void)sched_yield();
            continue;
        }
        CHECK_INT(status, XRCE_OK);
        memset(place, number, 4);
        for (uint32_t at = 4; at < BYTES; at += 4u) {
            uint32_t bits = at == 4u ? value : fill(value, at);

            for (uint32_t i = 0; i < 4u; i++) {
                place[at + i] = (uint8_t)(bits >> (8u * i));
            }
        }
        CHECK_INT(xrce_client_publish(&client, 0, (uint16_t)(number + 1u)), XRCE_OK);
        value++;
        while (one_at_a_time && __atomic_load_n(&delivered, __ATOMIC_ACQUIRE) != value) {
            (void)sched_yield();
        }
    }
    return NULL;
}

static void create(uint8_t kind, uint16_t id)
{
    xrce_create_t create = {.kind = kind, .form = XRCE_BIN, .id = id, .parent = 1, .topic = 1,
                            .text = {kind == XRCE_TOPIC ? "t" : NULL, "T", NULL}, .qos = XRCE_QOS_RELIABLE};

    CHECK_INT(xrce_client_create(&client, &create, 0), XRCE_OK);
}

static void start(void)
{
    static const uint8_t key[4] = {1, 2, 3, 4};
    xrce_client_config_t config = {
        .port = &port, .on_sample = on_sample, .entities = entities, .entity_count = 16, .index = index_bytes,
        .index_bytes = sizeof(index_bytes), .names = names, .name_count = 4, .name_text = name_text,
        .name_bytes = sizeof(name_text), .sessions = sessions, .session_count = 1, .edges = pairs, .edge_count = 16,
        .buffer_memory = (uint8_t *)buffer_memory, .buffer_bytes = sizeof(buffer_memory), .buffer_count = BUFFERS,
        .stream_memory = (uint8_t *)stream_memory, .stream_bytes = sizeof(stream_memory)};

    CHECK_INT(xrce_client_init(&client, &config), XRCE_OK);
    CHECK_INT(xrce_client_open(&client, key, 0), 0);
    for (uint8_t kind = XRCE_PARTICIPANT; kind <= XRCE_DATAREADER; kind++) {
        create(kind, 1);
    }
    create(XRCE_DATAWRITER, 2);
}

/* `count` publishers, and the spinner in this thread until all has come. */
static void run(uint8_t count)
{
    pthread_t threads[PUBLISHERS];
    uint8_t numbers[PUBLISHERS];
    uint32_t rounds = 0;

    for (uint8_t i = 0; i < count; i++) {
        numbers[i] = i;
        next_value[i] = 0;
        CHECK_INT(pthread_create(&threads[i], NULL, publisher, &numbers[i]), 0);
    }
    while (__atomic_load_n(&delivered, __ATOMIC_ACQUIRE) < count * samples) {
        CHECK(xrce_client_spin(&client, 30000) > 0); /* woken by each sample: it never has to time out */
        if (++rounds % 64u == 0u) {
            create(XRCE_DATAREADER, 2);
        } else if (rounds % 64u == 32u && rounds > 64u) {
            CHECK_INT(xrce_client_delete(&client, 0, XRCE_DATAREADER, 2, 0), XRCE_OK);
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        CHECK_INT(pthread_join(threads[i], NULL), 0);
        CHECK_INT(next_value[i], samples);
    }
    CHECK_INT(torn, 0);
    CHECK_INT(misplaced, 0);
    CHECK_INT(xrce_client_spin(&client, 0), 0);
    CHECK_INT(client.pool.free_count, BUFFERS);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        samples = (uint32_t)strtoul(argv[1], NULL, 10);
    }
    start();
    run(PUBLISHERS);
    printf("ok %u samples, %u waits, %u wake-ups\n", (unsigned)delivered, (unsigned)waits, (unsigned)wakes);
    start();
    delivered = 0;
    waits = 0;
    wakes = 0;
    one_at_a_time = true;
    run(1);
    CHECK(waits > 0);
    printf("ok %u samples one at a time, %u waits, %u wake-ups\n", (unsigned)delivered, (unsigned)waits,
           (unsigned)wakes);
    return 0;
}
