/*
 * proof_defects NAME: the promise that the seeded defect defects/NAME.patch breaks, told by a test on the public calls
 * of the client. It passes on clean sources and fails, or is ended by the sanitizers, on the patched ones.
 *
 * Without an argument: the names of all proofs. tests/firmware/test_firmware_defects.py builds and runs it.
 */
#include "check.h"
#include "rig.h"
#include "small_agent.h"
#include "wire/xrce_message.h"

#define RELIABLE (XRCE_QOS_RELIABLE | XRCE_QOS_KEEP_LAST)
#define DURABLE (XRCE_QOS_RELIABLE | XRCE_QOS_TRANSIENT_LOCAL) /* KEEP_ALL */
#define START 1000u

static const uint8_t keys[2][4] = {{1, 2, 3, 4}, {2, 2, 3, 4}};

/* Two sessions, each with participant, topic, publisher and subscriber of number 1. */
static void begin(uint32_t buffers, uint32_t bytes)
{
    rig_sessions = 2;
    rig_now = START;
    rig_start(false, buffers, bytes);
    for (uint8_t i = 0; i < 2u; i++) {
        CHECK_INT(xrce_client_open(&rig_client, keys[i], 0), i);
        rig_world(i);
    }
}

/* One session, and the Agent says yes. */
static void connect_session(uint32_t buffers)
{
    rig_sessions = 1;
    rig_start_history(true, buffers, 64, 256, 4);
    CHECK_INT(xrce_client_open(&rig_client, keys[0], 0), 0);
    agent_settle();
    CHECK_INT(rig_client.sessions[0].state, XRCE_SESSION_CONNECTED);
    rig_world(0);
}

static void begin_connected(uint32_t buffers)
{
    agent_reset();
    connect_session(buffers);
}

static void endpoint(uint8_t session, uint8_t kind, uint16_t id, uint16_t topic, uint8_t qos, uint16_t depth)
{
    CHECK_INT(rig_entity(session, kind, id, 1, topic, NULL, NULL, qos, depth), XRCE_OK);
}

static void writer(uint8_t session, uint16_t id, uint8_t qos)
{
    endpoint(session, XRCE_DATAWRITER, id, 1, qos, 0);
}

static void reader(uint8_t session, uint16_t id, uint8_t qos)
{
    endpoint(session, XRCE_DATAREADER, id, 1, qos, 0);
}

static void topic(uint8_t session, uint16_t id, const char *name)
{
    CHECK_INT(rig_entity(session, XRCE_TOPIC, id, 1, 0, name, "T", 0, 0), XRCE_OK);
}

static void pair(uint8_t qos)
{
    writer(0, 1, qos);
    reader(0, 1, qos);
}

static void forget(uint8_t session, uint8_t kind, uint16_t id)
{
    CHECK_INT(xrce_client_delete(&rig_client, session, kind, id, 0), XRCE_OK);
}

static int spin(void)
{
    return xrce_client_spin(&rig_client, 0);
}

static void say(uint8_t session, uint16_t id, uint32_t value)
{
    CHECK_INT(rig_publish(session, id, value, 4), XRCE_OK);
}

/* Loaned, written and published; returns the place. */
static const uint8_t *place_of(uint16_t id, uint32_t length)
{
    uint8_t *place = NULL;

    CHECK_INT(xrce_client_loan(&rig_client, 0, id, length, &place), XRCE_OK);
    memset(place, 7, length);
    CHECK_INT(xrce_client_publish(&rig_client, 0, id), XRCE_OK);
    return place;
}

static void all_free(uint32_t buffers)
{
    CHECK_INT(rig_client.pool.free_count, buffers);
}

/* What came so far has these first words, in this order. */
static void came(const uint32_t *values, unsigned count)
{
    CHECK_INT(rig_seen_count, count);
    for (unsigned i = 0; i < count; i++) {
        CHECK_INT(rig_seen[i].first, values[i]);
    }
}

static void came_from_zero(unsigned count)
{
    CHECK_INT(rig_seen_count, count);
    for (unsigned i = 0; i < count; i++) {
        CHECK_INT(rig_seen[i].first, i);
    }
}

/* Copies: the address in the callback against the loaned one. */

static void one_place(uint32_t length, uint8_t qos)
{
    const uint8_t *place;

    begin(4, 1024);
    writer(0, 1, qos);
    reader(0, 1, qos);
    reader(0, 2, qos);
    place = place_of(1, length);
    CHECK_INT(spin(), 2);
    CHECK(rig_seen[0].data == place && rig_seen[1].data == place);
}

static void copy_odd(void) { one_place(61, RELIABLE); }
static void copy_between(void) { one_place(700, RELIABLE); }
static void copy_best_effort(void) { one_place(64, XRCE_QOS_KEEP_LAST); }
static void copy_tiny(void) { one_place(8, RELIABLE); }

static void copy_across(void)
{
    const uint8_t *place;

    begin(4, 64);
    pair(RELIABLE);
    reader(1, 1, RELIABLE);
    place = place_of(1, 64);
    CHECK_INT(spin(), 2);
    CHECK(rig_seen[0].data == place && rig_seen[1].data == place);
}

static void in_place_of(unsigned waiting)
{
    const uint8_t *places[40];

    begin(40, 64);
    pair(RELIABLE);
    for (unsigned i = 0; i < waiting; i++) {
        places[i] = place_of(1, 64);
    }
    CHECK_INT(spin(), waiting);
    for (unsigned i = 0; i < waiting; i++) {
        CHECK(rig_seen[i].data == places[i]);
    }
}

static void copy_amid(void) { in_place_of(2); }
static void copy_aged(void) { in_place_of(30); }

static void copy_history(void)
{
    const uint8_t *place;

    begin(4, 64);
    writer(0, 1, DURABLE);
    place = place_of(1, 64);
    CHECK_INT(spin(), 0);
    reader(0, 1, DURABLE);
    CHECK_INT(spin(), 1);
    CHECK(rig_seen[0].data == place);
}

/* Pools. */

static void leak_exhaust(void)
{
    begin(8, 64);
    pair(RELIABLE);
    for (int round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < 8u; i++) {
            say(0, 1, i);
        }
        CHECK_INT(rig_publish(0, 1, 9, 4), XRCE_ERR_NO_BUFFER);
        CHECK_INT(spin(), 8);
    }
}

static void held_back(void)
{
    begin(8, 64);
    pair(RELIABLE);
    for (uint32_t i = 0; i < 8u; i++) {
        say(0, 1, i);
    }
    CHECK_INT(spin(), 8);
}

static const uint8_t *first_place;
static unsigned spoilt;

static void see_full(const xrce_sample_t *sample)
{
    for (uint32_t i = 0; i < sample->length; i++) {
        spoilt += sample->data[i] != (sample->data == first_place ? 0x11u : 0x22u) ? 1u : 0u;
    }
}

/* The second buffer is written before the first one is published. */
static void full_buffers(void)
{
    uint8_t *places[2];

    begin(2, 64);
    writer(0, 1, RELIABLE);
    writer(0, 2, RELIABLE);
    reader(0, 1, RELIABLE);
    rig_in_callback = see_full;
    for (uint16_t i = 0; i < 2u; i++) {
        CHECK_INT(xrce_client_loan(&rig_client, 0, (uint16_t)(i + 1u), 64, &places[i]), XRCE_OK);
        memset(places[i], i == 0u ? 0x11 : 0x22, 64);
    }
    first_place = places[0];
    CHECK_INT(xrce_client_publish(&rig_client, 0, 1), XRCE_OK);
    CHECK_INT(xrce_client_publish(&rig_client, 0, 2), XRCE_OK);
    CHECK_INT(spin(), 2);
    CHECK_INT(spoilt, 0);
}

static void cancel_leak(void)
{
    uint8_t *place;

    begin(1, 64);
    pair(RELIABLE);
    CHECK_INT(xrce_client_loan(&rig_client, 0, 1, 4, &place), XRCE_OK);
    CHECK_INT(xrce_client_cancel(&rig_client, 0, 1), XRCE_OK);
    all_free(1);
}

/* Order and waiting samples. */

static void waiting(unsigned count)
{
    begin(40, 64);
    pair(RELIABLE);
    for (uint32_t i = 0; i < count; i++) {
        say(0, 1, i);
    }
    CHECK_INT(spin(), count);
    came_from_zero(count);
}

static void ring32(void) { waiting(40); }
static void crowd(void) { waiting(30); }

static void publish_in_callback(const xrce_sample_t *sample)
{
    if (rig_seen[rig_seen_count - 1u].first == 0u) {
        (void)sample;
        say(0, 1, 2);
    }
}

static void in_front(void)
{
    begin(4, 64);
    pair(RELIABLE);
    rig_in_callback = publish_in_callback;
    say(0, 1, 0);
    say(0, 1, 1);
    (void)spin();
    (void)spin();
    came_from_zero(3);
}

/* Writers, topics, readers, sessions. */

static void first_writer(void)
{
    begin(4, 64);
    pair(RELIABLE);
    writer(0, 2, RELIABLE);
    say(0, 1, 0);
    say(0, 2, 1);
    CHECK_INT(spin(), 2);
}

static void many_readers(uint16_t count)
{
    begin(4, 64);
    writer(0, 1, RELIABLE);
    for (uint16_t i = 1; i <= count; i++) {
        reader(0, i, RELIABLE);
    }
    say(0, 1, 1);
    CHECK_INT(spin(), count);
}

static void eight_readers(void) { many_readers(12); }
static void readers_32(void) { many_readers(40); }

static void writers_session(void)
{
    begin(4, 64);
    writer(0, 1, RELIABLE);
    reader(1, 5, RELIABLE);
    say(0, 1, 1);
    CHECK_INT(spin(), 1);
    CHECK_INT(rig_seen[0].session, 1);
}

/* A writer of number 1 in each session, on topics of their own. */
static void stale_writer(void)
{
    static const uint32_t want[] = {1, 2};

    begin(4, 64);
    pair(RELIABLE);
    topic(1, 2, "rt/u");
    endpoint(1, XRCE_DATAWRITER, 1, 2, RELIABLE, 0);
    endpoint(1, XRCE_DATAREADER, 2, 2, RELIABLE, 0);
    say(0, 1, 1);
    say(1, 1, 2);
    CHECK_INT(spin(), 2);
    came(want, 2);
    CHECK_INT(rig_seen[0].reader, 1);
    CHECK_INT(rig_seen[1].reader, 2);
}

static void swapped_loans(void)
{
    uint8_t *places[2];

    begin(4, 64);
    pair(RELIABLE);
    topic(0, 2, "rt/u");
    endpoint(0, XRCE_DATAWRITER, 2, 2, RELIABLE, 0);
    endpoint(0, XRCE_DATAREADER, 2, 2, RELIABLE, 0);
    for (uint16_t i = 0; i < 2u; i++) {
        CHECK_INT(xrce_client_loan(&rig_client, 0, (uint16_t)(i + 1u), 4, &places[i]), XRCE_OK);
        memset(places[i], i + 1, 4);
    }
    CHECK_INT(xrce_client_publish(&rig_client, 0, 1), XRCE_OK);
    CHECK_INT(xrce_client_publish(&rig_client, 0, 2), XRCE_OK);
    CHECK_INT(spin(), 2);
    for (unsigned i = 0; i < 2u; i++) {
        CHECK_INT(rig_seen[i].first & 0xFFu, rig_seen[i].reader);
    }
}

static void named(char *text, uint16_t i)
{
    snprintf(text, 16, "rt/many%u", (unsigned)i);
}

static void mixed_topics(void)
{
    char name[16];

    begin(16, 64);
    for (uint16_t i = 2; i <= 12u; i++) {
        named(name, i);
        topic(0, i, name);
        endpoint(0, XRCE_DATAWRITER, i, i, RELIABLE, 0);
        endpoint(0, XRCE_DATAREADER, i, i, RELIABLE, 0);
    }
    for (uint16_t i = 2; i <= 12u; i++) {
        say(0, i, i);
    }
    CHECK_INT(spin(), 11);
    for (unsigned i = 0; i < 11u; i++) {
        CHECK_INT(rig_seen[i].reader, rig_seen[i].first);
    }
}

static void names_8(void)
{
    char name[16];

    begin(16, 64);
    for (uint16_t i = 2; i <= 12u; i++) {
        named(name, i);
        topic(0, i, name);
        topic(1, i, name);
        endpoint(0, XRCE_DATAWRITER, i, i, RELIABLE, 0);
        endpoint(1, XRCE_DATAREADER, i, i, RELIABLE, 0);
    }
    for (uint16_t i = 2; i <= 12u; i++) {
        say(0, i, i);
    }
    CHECK_INT(spin(), 11);
}

/* Two topics of names that only look the same. */
static void strangers(const char *one, const char *other)
{
    begin(4, 64);
    topic(0, 2, one);
    topic(0, 3, other);
    endpoint(0, XRCE_DATAWRITER, 1, 2, RELIABLE, 0);
    endpoint(0, XRCE_DATAREADER, 1, 3, RELIABLE, 0);
    say(0, 1, 1);
    CHECK_INT(spin(), 0);
}

static void name_32(void) { strangers("rt/robot/arm/left/joint/1/position/a", "rt/robot/arm/left/joint/1/position/b"); }
static void name_hash(void) { strangers("rt/Aa", "rt/BB"); }
static void name_fnv16(void) { strangers("rt/acm", "rt/aeu"); }

/* Coming and going. */

static void leak_amid(void)
{
    begin(4, 64);
    pair(RELIABLE);
    reader(0, 2, RELIABLE);
    for (uint32_t i = 0; i < 3u; i++) {
        say(0, 1, i);
    }
    forget(0, XRCE_DATAREADER, 2);
    CHECK_INT(spin(), 3);
    all_free(4);
}

static void drop_deleted_writer(void)
{
    begin(4, 64);
    pair(RELIABLE);
    for (uint32_t i = 0; i < 3u; i++) {
        say(0, 1, i);
    }
    forget(0, XRCE_DATAWRITER, 1);
    CHECK_INT(spin(), 3);
}

static void delete_called(const xrce_sample_t *sample)
{
    if (sample->reader == 1u) {
        forget(0, XRCE_DATAREADER, 1);
    }
}

static void delete_in_callback(void)
{
    begin(4, 64);
    pair(RELIABLE);
    reader(0, 2, RELIABLE);
    reader(0, 3, RELIABLE);
    rig_in_callback = delete_called;
    say(0, 1, 1);
    CHECK_INT(spin(), 3);
}

static void same_number(void)
{
    begin(4, 64);
    pair(RELIABLE);
    reader(1, 1, RELIABLE);
    forget(1, XRCE_DATAREADER, 1);
    say(0, 1, 1);
    CHECK_INT(spin(), 1);
}

static void close_drops(void)
{
    begin(4, 64);
    writer(0, 1, RELIABLE);
    reader(1, 1, RELIABLE);
    for (uint32_t i = 0; i < 3u; i++) {
        say(0, 1, i);
    }
    CHECK_INT(xrce_client_close(&rig_client, 0, 0), XRCE_OK);
    CHECK_INT(spin(), 3);
    all_free(4);
}

static void loan_leak(void)
{
    uint8_t *place;

    begin(4, 64);
    pair(RELIABLE);
    CHECK_INT(xrce_client_loan(&rig_client, 0, 1, 4, &place), XRCE_OK);
    forget(0, XRCE_DATAWRITER, 1);
    all_free(4);
}

/* More often than there are rows of any table. */
static void orphan_row(void)
{
    begin(4, 64);
    reader(0, 1, RELIABLE);
    for (unsigned round = 0; round < 100u; round++) {
        writer(0, 1, RELIABLE);
        say(0, 1, 1);
        say(0, 1, 2);
        forget(0, XRCE_DATAWRITER, 1);
        CHECK_INT(spin(), 2);
    }
}

static void pairs_of_writer(void)
{
    begin(4, 64);
    for (uint16_t i = 1; i <= 3u; i++) {
        reader(0, i, RELIABLE);
    }
    for (unsigned round = 0; round < 100u; round++) {
        writer(0, 1, RELIABLE);
        forget(0, XRCE_DATAWRITER, 1);
    }
}

static void first_gone(void)
{
    begin(4, 64);
    pair(RELIABLE);
    reader(0, 2, RELIABLE);
    forget(0, XRCE_DATAREADER, 1);
    say(0, 1, 1);
    CHECK_INT(spin(), 1);
}

static void creation_256(void)
{
    begin(4, 64);
    writer(0, 1, RELIABLE);
    for (unsigned round = 0; round < 300u; round++) {
        reader(0, 1, RELIABLE);
        say(0, 1, round);
        CHECK_INT(spin(), 1);
        forget(0, XRCE_DATAREADER, 1);
    }
}

static void reuse_leak(void)
{
    char name[16];

    begin(4, 64);
    for (uint16_t round = 0; round < 40u; round++) {
        named(name, round);
        topic(0, 2, name);
        rig_mode = XRCE_REUSE;
        topic(0, 2, name);
        rig_mode = 0;
        forget(0, XRCE_TOPIC, 2);
    }
}

static void cut_drops_local(void)
{
    rig_sessions = 2;
    agent_reset();
    rig_start_history(true, 4, 64, 256, 4);
    CHECK_INT(xrce_client_open(&rig_client, keys[0], 0), 0);
    CHECK_INT(xrce_client_open(&rig_client, keys[1], 0), 1);
    for (uint8_t i = 0; i < 2u; i++) {
        static const uint8_t accepted[15] = {4, 1, 11, 0, 0, 0, 0x58, 0x52, 0x43, 0x45, 1, 0, 1, 0x0F, 0};
        uint8_t message[64];
        uint32_t head = xrce_header_write(message, &rig_client.sessions[i].peer, XRCE_STREAM_NONE, 0);

        memcpy(message + head, accepted, sizeof(accepted));
        rig_answer(message, head + (uint32_t)sizeof(accepted));
        (void)spin();
        CHECK_INT(rig_client.sessions[i].state, XRCE_SESSION_CONNECTED);
        rig_world(i);
    }
    writer(0, 1, RELIABLE);
    reader(1, 1, RELIABLE);
    rig_link_clear();
    for (uint32_t i = 0; i < 3u; i++) {
        say(0, 1, i);
    }
    rig_link_broken = true;
    CHECK_INT(xrce_client_close(&rig_client, 0, 0), XRCE_OK);
    CHECK_INT(spin(), 3);
}

/* Callbacks that create. */

static void create_in_callback(const xrce_sample_t *sample)
{
    (void)sample;
    if (rig_seen_count == 1u) {
        reader(0, 2, RELIABLE);
    }
}

static void join_in_callback(void)
{
    begin(4, 64);
    pair(RELIABLE);
    rig_in_callback = create_in_callback;
    say(0, 1, 1);
    (void)spin();
    (void)spin();
    CHECK_INT(rig_seen_count, 1);
    say(0, 1, 2);
    CHECK_INT(spin(), 2);
}

static void join_early(void)
{
    begin(4, 64);
    writer(0, 1, RELIABLE);
    reader(0, 1, RELIABLE);
    say(0, 1, 1);
    reader(0, 2, RELIABLE);
    CHECK_INT(spin(), 1);
}

/* Late readers and depth. */

static void no_history(void)
{
    begin(4, 64);
    writer(0, 1, DURABLE);
    say(0, 1, 1);
    CHECK_INT(spin(), 0);
    reader(0, 1, DURABLE);
    CHECK_INT(spin(), 1);
}

static void late_volatile(void)
{
    begin(4, 64);
    writer(0, 1, DURABLE);
    say(0, 1, 1);
    CHECK_INT(spin(), 0);
    reader(0, 1, RELIABLE);
    CHECK_INT(spin(), 0);
}

/* Five kept, and a reader that wants three. */
static void the_last_three(void)
{
    static const uint32_t want[] = {2, 3, 4};

    begin(8, 64);
    writer(0, 1, DURABLE);
    for (uint32_t i = 0; i < 5u; i++) {
        say(0, 1, i);
        CHECK_INT(spin(), 0);
    }
    endpoint(0, XRCE_DATAREADER, 1, 1, DURABLE | XRCE_QOS_KEEP_LAST, 3);
    CHECK_INT(spin(), 3);
    came(want, 3);
}

static void depth_nibble(void)
{
    begin(40, 64);
    writer(0, 1, RELIABLE);
    endpoint(0, XRCE_DATAREADER, 1, 1, RELIABLE, 20);
    for (uint32_t i = 0; i < 20u; i++) {
        say(0, 1, i);
    }
    CHECK_INT(spin(), 20);
}

/* Long life. */

static void history_wrap(void)
{
    begin(8, 64);
    endpoint(0, XRCE_DATAWRITER, 1, 1, DURABLE | XRCE_QOS_KEEP_LAST, 4);
    for (uint32_t i = 0; i < 65538u; i++) {
        say(0, 1, i);
    }
    reader(0, 1, DURABLE);
    CHECK_INT(spin(), 4);
}

static void sample_65536(void)
{
    begin(8, 64);
    pair(RELIABLE);
    for (uint32_t i = 0; i < 70000u; i++) {
        say(0, 1, i);
        CHECK_INT(spin(), 1);
    }
}

/* Spins that sleep, and other contexts. */

static uint32_t delivered_at;

static void note_time(const xrce_sample_t *sample)
{
    (void)sample;
    delivered_at = rig_now;
}

static void publish_once(void)
{
    if (rig_seen_count == 0u && delivered_at == 0u) {
        rig_idle = NULL;
        say(0, 1, 1);
    }
}

static void into_a_sleep(bool link)
{
    if (link) {
        begin_connected(4);
    } else {
        begin(4, 64);
    }
    pair(RELIABLE);
    if (link) {
        agent_settle();
    }
    rig_now = START;
    rig_in_callback = note_time;
    rig_idle = publish_once;
    CHECK_INT(xrce_client_spin(&rig_client, 10000), 1);
    CHECK_INT(delivered_at, START);
}

static void no_wake(void) { into_a_sleep(false); }
static void woken_late(void) { into_a_sleep(false); }
static void nap_on_link(void) { into_a_sleep(true); }

static void interrupted(void)
{
    say(0, 1, 1);
}

static void wake_lost(void)
{
    begin(4, 64);
    pair(RELIABLE);
    rig_in_callback = note_time;
    rig_interrupt = interrupted;
    rig_interrupt_in = 1; /* before the first lock of the spin */
    CHECK_INT(xrce_client_spin(&rig_client, 10000), 1);
    CHECK_INT(delivered_at, START);
}

static void interrupted_other(void)
{
    say(0, 2, 2);
}

/* An interrupt publishes by a writer of its own, at each place where the lock is free. */
static void split_append(void)
{
    for (unsigned in = 1; in <= 8u; in++) {
        uint32_t value;

        begin(8, 64);
        pair(RELIABLE);
        writer(0, 2, RELIABLE);
        say(0, 1, 0);
        rig_interrupt = interrupted_other;
        rig_interrupt_in = in;
        say(0, 1, 1);
        value = rig_interrupt_in == 0u ? 3u : 2u;
        rig_interrupt_in = 0;
        CHECK_INT(spin(), value);
        all_free(8);
    }
}

/* Services. */

static uint8_t asked[8][XRCE_IDENTITY_BYTES];
static unsigned asked_count;
static unsigned replies[4];
static uint16_t replied[8];
static unsigned replied_count;

static void keep_identity(const xrce_service_sample_t *message)
{
    if (message->kind == XRCE_REPLIER) {
        memcpy(asked[asked_count++ % 8u], message->identity, XRCE_IDENTITY_BYTES);
    } else {
        replies[message->sample.reader]++;
        replied[replied_count++ % 8u] = message->request;
    }
}

static void begin_services(uint32_t bytes)
{
    begin(16, bytes);
    CHECK_INT(rig_service(0, XRCE_REPLIER, 1), XRCE_OK);
    CHECK_INT(rig_service(0, XRCE_REQUESTER, 1), XRCE_OK);
    CHECK_INT(rig_service(0, XRCE_REQUESTER, 2), XRCE_OK);
    rig_in_service = keep_identity;
}

static void answer_all(void)
{
    for (unsigned i = 0; i < asked_count; i++) {
        CHECK_INT(rig_reply(0, 1, asked[i], i, 7), XRCE_OK);
    }
    (void)spin();
    (void)spin();
}

static void service_last(void)
{
    begin_services(128);
    CHECK(rig_request(0, 1, 1, 4) > 0);
    CHECK(rig_request(0, 2, 2, 4) > 0);
    (void)spin();
    answer_all();
    CHECK_INT(replies[1], 1);
    CHECK_INT(replies[2], 1);
}

static void service_large(void)
{
    begin_services(1024);
    CHECK(rig_request(0, 1, 1, 512) > 0);
    CHECK_INT(spin(), 1);
}

static void reply_at_once(void)
{
    begin_services(128);
    CHECK(rig_request(0, 1, 1, 4) > 0);
    CHECK_INT(spin(), 1);
    answer_all();
    CHECK_INT(replies[1], 1);
}

static void latest_id(void)
{
    int ids[2];

    begin_services(128);
    for (unsigned i = 0; i < 2u; i++) {
        ids[i] = rig_request(0, 1, i, 4);
        CHECK(ids[i] > 0);
    }
    (void)spin();
    answer_all();
    CHECK_INT(replied_count, 2);
    CHECK_INT(replied[0], ids[0]);
    CHECK_INT(replied[1], ids[1]);
}

static void request_zero(void)
{
    begin_services(128);
    for (unsigned i = 0; i < 66000u; i++) {
        CHECK(rig_request(0, 1, i, 4) > 0);
        CHECK_INT(spin(), 1);
    }
}

static void reply_trim(void)
{
    begin_services(128);
    CHECK(rig_request(0, 1, 1, 4) > 0);
    (void)spin();
    answer_all();
    CHECK_INT(rig_seen_count, 2);
    CHECK_INT(rig_seen[1].length, 7);
}

static void four_requests(void)
{
    begin_services(128);
    for (unsigned i = 0; i < 6u; i++) {
        CHECK(rig_request(0, 1, i, 4) > 0);
    }
    CHECK_INT(spin(), 6);
}

static int inner;

static void ask_in_callback(const xrce_sample_t *sample)
{
    (void)sample;
    inner = rig_request(0, 1, 1, 4);
    CHECK(inner > 0);
}

static void nested_request(void)
{
    begin_services(128);
    pair(RELIABLE);
    rig_in_callback = ask_in_callback;
    say(0, 1, 1);
    (void)spin();
    (void)spin();
    answer_all();
    CHECK_INT(replied_count, 1);
    CHECK_INT(replied[0], inner);
}

/* An Agent that has gone silent. */

static void begin_silent(void)
{
    begin_connected(4);
    pair(RELIABLE);
    agent_settle();
    agent_in.mute = true;
}

static void agent_holds_pool(void)
{
    begin_silent();
    for (uint32_t i = 0; i < 40u; i++) {
        say(0, 1, i);
        CHECK_INT(spin(), 1);
    }
}

static void link_first(void)
{
    begin_silent();
    rig_in_callback = note_time;
    for (uint32_t i = 0; i < 20u; i++) {
        uint32_t published = rig_now;

        say(0, 1, i);
        CHECK_INT(spin(), 1);
        CHECK_INT(delivered_at, published);
    }
}

/* Another author's: pools, depths, late readers. */

static void best_effort_loss(void)
{
    begin(2, 64);
    pair(XRCE_QOS_KEEP_LAST);
    say(0, 1, 0);
    say(0, 1, 1);
    CHECK_INT(spin(), 2);
}

static void cancelled_loan_sent(void)
{
    uint8_t *place;

    begin(2, 64);
    pair(RELIABLE);
    CHECK_INT(xrce_client_loan(&rig_client, 0, 1, 40, &place), XRCE_OK);
    CHECK_INT(xrce_client_cancel(&rig_client, 0, 1), XRCE_OK);
    say(0, 1, 1);
    CHECK_INT(spin(), 1);
    CHECK_INT(rig_seen[0].length, 4);
}

static void pool_64k(void)
{
    const uint8_t *first;

    begin(9, 8192);
    pair(RELIABLE);
    first = place_of(1, 8192);
    for (unsigned i = 1; i < 9u; i++) {
        CHECK(place_of(1, 8192) == first + 8192u * i);
    }
}

/* `readers` that keep their last one, and `samples` that wait. */
static void only_the_last(uint16_t readers, uint32_t samples)
{
    begin(samples + 1u, 8);
    writer(0, 1, RELIABLE);
    for (uint16_t i = 1; i <= readers; i++) {
        endpoint(0, XRCE_DATAREADER, i, 1, RELIABLE, 1);
    }
    for (uint32_t i = 0; i < samples; i++) {
        say(0, 1, i);
    }
    CHECK_INT(spin(), readers);
    for (unsigned i = 0; i < readers; i++) {
        CHECK_INT(rig_seen[i].first, samples - 1u);
    }
}

static void limit_first(void) { only_the_last(2, 3); }
static void depth_skip8(void) { only_the_last(1, 300); }

static void reclaim_first(void)
{
    begin(4, 64);
    writer(0, 1, RELIABLE);
    endpoint(0, XRCE_DATAREADER, 1, 1, RELIABLE, 1);
    reader(0, 2, RELIABLE);
    for (uint32_t i = 0; i < 4u; i++) {
        say(0, 1, i);
    }
    CHECK_INT(rig_publish(0, 1, 4, 4), XRCE_ERR_NO_BUFFER);
    CHECK_INT(spin(), 5);
}

static void reclaim_tail(void)
{
    begin(2, 64);
    pair(RELIABLE);
    topic(0, 2, "rt/b");
    endpoint(0, XRCE_DATAWRITER, 2, 2, RELIABLE, 0);
    endpoint(0, XRCE_DATAREADER, 2, 2, RELIABLE, 0);
    say(0, 1, 0);
    say(0, 1, 1);
    forget(0, XRCE_DATAREADER, 1); /* nobody wants them now */
    say(0, 2, 3);
    CHECK_INT(spin(), 1);
}

static void skip_all(void)
{
    begin(8, 64);
    writer(0, 1, RELIABLE);
    writer(0, 2, RELIABLE);
    reader(0, 1, RELIABLE);
    say(0, 1, 0);
    say(0, 1, 1);
    reader(0, 2, RELIABLE);
    say(0, 2, 2);
    CHECK_INT(spin(), 4);
}

static void skip_31(void)
{
    begin(40, 64);
    pair(RELIABLE);
    for (uint32_t i = 0; i < 35u; i++) {
        say(0, 1, i);
    }
    reader(0, 2, RELIABLE);
    CHECK_INT(spin(), 35);
}

static void keep_forgotten(void)
{
    begin(4, 64);
    writer(0, 1, DURABLE);
    reader(0, 1, DURABLE);
    say(0, 1, 1);
    CHECK_INT(spin(), 1);
    forget(0, XRCE_DATAREADER, 1);
    say(0, 1, 2);
    CHECK_INT(spin(), 0);
    reader(0, 2, DURABLE);
    CHECK_INT(spin(), 2);
}

static void history_twice(void)
{
    begin(4, 64);
    writer(0, 1, DURABLE);
    reader(0, 1, RELIABLE);
    say(0, 1, 1);
    reader(0, 2, DURABLE);
    CHECK_INT(spin(), 2);
}

static void spin_quota(void) { waiting(40); }

/* Its entities, names and numbers. */

static void id_8(void)
{
    begin(4, 64);
    writer(0, 1, RELIABLE);
    reader(0, 0x105, RELIABLE);
    say(0, 1, 1);
    CHECK_INT(spin(), 1);
    CHECK_INT(rig_seen[0].reader, 0x105);
}

static void index_hole(void)
{
    begin(4, 64);
    for (uint16_t i = 1; i <= 3u; i++) {
        reader(0, (uint16_t)(i << 7), RELIABLE); /* one slot */
    }
    for (uint16_t i = 1; i <= 3u; i++) {
        forget(0, XRCE_DATAREADER, (uint16_t)(i << 7));
    }
}

static void one_child(void)
{
    begin(4, 64);
    pair(RELIABLE);
    reader(0, 2, RELIABLE);
    forget(0, XRCE_SUBSCRIBER, 1);
    say(0, 1, 1);
    CHECK_INT(spin(), 0);
}

static void reuse_qos(void)
{
    begin(4, 64);
    reader(0, 1, RELIABLE);
    rig_mode = XRCE_REUSE;
    CHECK_INT(rig_entity(0, XRCE_DATAREADER, 1, 1, 1, NULL, NULL, XRCE_QOS_KEEP_LAST, 0), XRCE_ERR_MISMATCH);
    rig_mode = 0;
}

static void replace_goes_on(void)
{
    begin(4, 64);
    pair(RELIABLE);
    say(0, 1, 1);
    rig_mode = XRCE_REPLACE;
    reader(0, 1, RELIABLE);
    rig_mode = 0;
    CHECK_INT(spin(), 0);
}

static void mismatch_release(void)
{
    begin(4, 64);
    topic(0, 2, "rt/b");
    reader(0, 1, RELIABLE);
    endpoint(0, XRCE_DATAREADER, 2, 2, RELIABLE, 0);
    rig_mode = XRCE_REUSE;
    for (unsigned i = 0; i < 3u; i++) {
        CHECK_INT(rig_entity(0, XRCE_DATAREADER, 1, 1, 2, NULL, NULL, RELIABLE, 0), XRCE_ERR_MISMATCH);
    }
    rig_mode = 0;
    topic(0, 3, "rt/c");
    endpoint(0, XRCE_DATAWRITER, 3, 3, RELIABLE, 0);
    say(0, 3, 1);
    CHECK_INT(spin(), 0);
}

static void type_length(void)
{
    begin(4, 64);
    CHECK_INT(rig_entity(0, XRCE_TOPIC, 2, 1, 0, "rt/typed", "Int32_", 0, 0), XRCE_OK);
    CHECK_INT(rig_entity(0, XRCE_TOPIC, 3, 1, 0, "rt/typed", "Int64_", 0, 0), XRCE_OK);
    endpoint(0, XRCE_DATAWRITER, 1, 2, RELIABLE, 0);
    endpoint(0, XRCE_DATAREADER, 1, 3, RELIABLE, 0);
    say(0, 1, 1);
    CHECK_INT(spin(), 0);
}

/* Its services. */

static void old_requester(void)
{
    begin_services(128);
    CHECK(rig_request(0, 1, 1, 4) > 0);
    (void)spin();
    forget(0, XRCE_REQUESTER, 1);
    CHECK_INT(rig_service(0, XRCE_REQUESTER, 1), XRCE_OK);
    (void)rig_reply(0, 1, asked[0], 1, 7);
    (void)spin();
    CHECK_INT(replies[1], 0);
}

static unsigned replies_of[2];

static void count_by_session(const xrce_service_sample_t *message)
{
    if (message->kind == XRCE_REPLIER) {
        memcpy(asked[asked_count++ % 8u], message->identity, XRCE_IDENTITY_BYTES);
    } else {
        replies_of[message->sample.session]++;
    }
}

static void twin_requester(void)
{
    begin_services(128);
    CHECK_INT(rig_service(1, XRCE_REQUESTER, 1), XRCE_OK);
    rig_in_service = count_by_session;
    CHECK(rig_request(1, 1, 1, 4) > 0);
    (void)spin();
    CHECK_INT(asked_count, 1);
    CHECK_INT(rig_reply(0, 1, asked[0], 1, 7), XRCE_OK);
    (void)spin();
    CHECK_INT(replies_of[0], 0);
    CHECK_INT(replies_of[1], 1);
}

/* What a closer look at services, deletion, history and the link found missing. */

static void service_loan_leak(void)
{
    uint8_t *place = NULL;

    begin(4, 64);
    CHECK_INT(rig_service(0, XRCE_REQUESTER, 1), XRCE_OK);
    CHECK_INT(xrce_service_loan(&rig_client, 0, XRCE_REQUESTER, 1, 4, &place), XRCE_OK);
    forget(0, XRCE_REQUESTER, 1);
    all_free(4);
}

static void request_refused_leak(void)
{
    begin(4, 64);
    CHECK_INT(rig_service(0, XRCE_REQUESTER, 1), XRCE_OK);
    CHECK_INT(rig_request(0, 1, 5, 4), XRCE_ERR_STATE);
    CHECK_INT(xrce_service_cancel(&rig_client, 0, XRCE_REQUESTER, 1), XRCE_OK);
    all_free(4);
}

static void late_replier(void)
{
    begin_services(64);
    CHECK(rig_request(0, 1, 5, 4) > 0);
    CHECK_INT(rig_service(0, XRCE_REPLIER, 2), XRCE_OK);
    CHECK_INT(spin(), 1);
}

static void ask_once(void)
{
    if (rig_now == START) {
        rig_now++;
        CHECK(rig_request(0, 1, 5, 4) > 0);
    }
}

static void request_no_wake(void)
{
    begin_services(64);
    rig_idle = ask_once;
    CHECK(xrce_client_spin(&rig_client, 10000) > 0);
    CHECK(rig_wakes > 0);
}

static const uint8_t *request_at;

static void note_place(const xrce_service_sample_t *message)
{
    if (message->kind == XRCE_REPLIER) {
        request_at = message->sample.data;
    }
}

static void copy_service(void)
{
    uint8_t *place = NULL;

    begin_services(64);
    rig_in_service = note_place;
    CHECK_INT(xrce_service_loan(&rig_client, 0, XRCE_REQUESTER, 1, 4, &place), XRCE_OK);
    CHECK(xrce_service_request(&rig_client, 0, 1) > 0);
    CHECK_INT(spin(), 1);
    CHECK(request_at == place);
}

static void copy_durable(void) { one_place(64, DURABLE); }

static void gone_again(void)
{
    begin(4, 64);
    for (unsigned i = 0; i < 80u; i++) {
        pair(RELIABLE);
        say(0, 1, 1);
        forget(0, XRCE_DATAWRITER, 1);
        CHECK_INT(xrce_client_close(&rig_client, 0, 0), XRCE_OK);
        (void)spin();
        (void)spin();
        CHECK_INT(xrce_client_open(&rig_client, keys[0], 0), 0);
        rig_world(0);
    }
}

static void renew(const xrce_sample_t *sample)
{
    (void)sample;
    rig_in_callback = NULL;
    forget(0, XRCE_DATAREADER, 1);
    reader(0, 1, RELIABLE);
}

static void renew_in_callback(void)
{
    begin(4, 64);
    pair(RELIABLE);
    say(0, 1, 1);
    rig_in_callback = renew;
    CHECK_INT(spin(), 1);
    say(0, 1, 2);
    CHECK_INT(spin(), 1);
}

/* Writer in domain 0, and a reader of the same topic in another one. */
static void meets_nobody_in(uint16_t domain)
{
    xrce_create_t participant = {.kind = XRCE_PARTICIPANT, .form = XRCE_BIN, .id = 2, .domain = domain, .text = {"p"}};

    begin(4, 64);
    CHECK_INT(xrce_client_create(&rig_client, &participant, 0), XRCE_OK);
    CHECK_INT(rig_entity(0, XRCE_TOPIC, 2, 2, 0, "rt/t", "T", 0, 0), XRCE_OK);
    CHECK_INT(rig_entity(0, XRCE_SUBSCRIBER, 2, 2, 0, NULL, NULL, 0, 0), XRCE_OK);
    CHECK_INT(rig_entity(0, XRCE_DATAREADER, 2, 2, 2, NULL, NULL, RELIABLE, 0), XRCE_OK);
    pair(RELIABLE);
    say(0, 1, 1);
    CHECK_INT(spin(), 1);
}

static void domain_names(void) { meets_nobody_in(1); }
static void domain_bits(void) { meets_nobody_in(128); }

static void xml_depth(void)
{
    xrce_create_t reader = {.session = 0, .kind = XRCE_DATAREADER, .form = XRCE_XML, .id = 1, .parent = 1};

    begin(4, 64);
    reader.text[0] = "<dds><data_reader><topic><name>rt/t</name><dataType>T</dataType><historyQos><kind>KEEP_LAST</kind>"
                     "<depth>1</depth></historyQos></topic></data_reader></dds>";
    writer(0, 1, RELIABLE);
    CHECK_INT(xrce_client_create(&rig_client, &reader, 0), XRCE_OK);
    say(0, 1, 1);
    say(0, 1, 2);
    CHECK_INT(spin(), 1);
}

/* Two nodes of one session; one of them goes. */
static void takes_all(void)
{
    begin(4, 64);
    CHECK_INT(rig_entity(0, XRCE_PARTICIPANT, 2, 0, 0, NULL, NULL, 0, 0), XRCE_OK);
    pair(RELIABLE);
    forget(0, XRCE_PARTICIPANT, 2);
    say(0, 1, 1);
    CHECK_INT(spin(), 1);
}

static void number_zero(void)
{
    begin(4, 64);
    writer(0, 0, RELIABLE);
    reader(0, 0, RELIABLE);
    say(0, 0, 1);
    CHECK_INT(spin(), 1);
}

static void group_goes_on(void)
{
    uint8_t *place = NULL;

    begin(4, 64);
    pair(RELIABLE);
    rig_mode = XRCE_REPLACE;
    CHECK_INT(rig_entity(0, XRCE_PUBLISHER, 1, 1, 0, NULL, NULL, 0, 0), XRCE_OK);
    rig_mode = 0;
    CHECK_INT(xrce_client_loan(&rig_client, 0, 1, 4, &place), XRCE_ERR_UNKNOWN);
}

static void delete_both(const xrce_sample_t *sample)
{
    (void)sample;
    rig_in_callback = NULL;
    forget(0, XRCE_DATAREADER, 1);
    forget(0, XRCE_DATAREADER, 2);
}

static void delete_two(void)
{
    begin(4, 64);
    pair(RELIABLE);
    reader(0, 2, RELIABLE);
    say(0, 1, 1);
    rig_in_callback = delete_both;
    CHECK_INT(spin(), 1);
}

static void replay_deleted(void)
{
    begin(4, 64);
    writer(0, 1, DURABLE);
    for (uint32_t i = 0; i < 3u; i++) {
        say(0, 1, i);
    }
    reader(0, 1, DURABLE);
    rig_in_callback = delete_called;
    CHECK_INT(spin(), 1);
}

static void never_forget(void)
{
    begin(4, 64);
    writer(0, 1, DURABLE);
    for (uint32_t i = 0; i < 10u; i++) {
        say(0, 1, i);
        (void)spin();
    }
}

/* Readers elsewhere. */

/* One session beside an Agent that has a reader elsewhere for each writer, and says so. */
static void begin_read_afar(void)
{
    agent_reset();
    agent_in.cooperative = true;
    agent_in.remote = 1;
    connect_session(4);
    pair(RELIABLE);
    agent_settle();
    CHECK_INT(rig_client.sessions[0].cooperative, 1);
}

/* The last byte of an odd length as well. */
static void link_trim(void)
{
    begin_read_afar();
    (void)place_of(1, 61);
    CHECK_INT(spin(), 1);
    agent_settle();
    CHECK_INT(agent_in.samples, 1);
    CHECK_INT(agent_in.sample[agent_in.sample_length - 1u], 7);
}

static void route_lost(void)
{
    begin_silent();
    for (unsigned i = 0; i < 100u && rig_client.sessions[0].state == XRCE_SESSION_CONNECTED; i++) {
        say(0, 1, i);
        CHECK_INT(spin(), 1);
        rig_now += 500;
        (void)xrce_client_spin(&rig_client, 1);
    }
    CHECK_INT(rig_client.sessions[0].state, XRCE_SESSION_OFFLINE);
    say(0, 1, 1);
    CHECK_INT(spin(), 1);
}

static void afar_first(void)
{
    begin_read_afar();
    say(0, 1, 1);
    CHECK_INT(spin(), 1);
}

#define PROOF(name) {#name, name}
#define BY(name, test) {#name, test}
static const struct {
    const char *name;
    void (*run)(void);
} proofs[] = {
    PROOF(agent_holds_pool), PROOF(cancel_leak), PROOF(close_drops), PROOF(copy_across), PROOF(copy_aged),
    PROOF(copy_amid), PROOF(copy_best_effort), PROOF(copy_between), PROOF(copy_history), PROOF(copy_odd),
    PROOF(copy_tiny), PROOF(creation_256), PROOF(crowd), PROOF(cut_drops_local), PROOF(delete_in_callback),
    PROOF(depth_nibble), PROOF(drop_deleted_writer), PROOF(eight_readers), PROOF(first_gone), PROOF(first_writer),
    PROOF(four_requests), PROOF(held_back), BY(history_oldest, the_last_three), BY(history_short, the_last_three),
    PROOF(history_wrap), PROOF(in_front), PROOF(join_early), PROOF(join_in_callback), PROOF(late_volatile),
    PROOF(latest_id), PROOF(leak_amid), PROOF(leak_exhaust), PROOF(link_first), PROOF(loan_leak), PROOF(mixed_topics),
    PROOF(name_32), PROOF(name_fnv16), PROOF(name_hash), PROOF(names_8), PROOF(nap_on_link), PROOF(nested_request),
    PROOF(no_history), PROOF(no_wake), PROOF(orphan_row), BY(overlap, full_buffers), PROOF(pairs_of_writer),
    PROOF(readers_32), PROOF(reply_at_once), PROOF(reply_trim), PROOF(request_zero), PROOF(reuse_leak), PROOF(ring32),
    PROOF(same_number), PROOF(sample_65536), PROOF(service_large), PROOF(service_last), PROOF(split_append),
    PROOF(stale_writer), PROOF(swapped_loans), BY(terminator, full_buffers), PROOF(wake_lost), PROOF(woken_late),
    PROOF(writers_session),

    PROOF(afar_first), PROOF(best_effort_loss), PROOF(cancelled_loan_sent), PROOF(depth_skip8), PROOF(history_twice),
    PROOF(id_8), PROOF(index_hole), PROOF(keep_forgotten), PROOF(limit_first), PROOF(mismatch_release),
    PROOF(old_requester), PROOF(one_child), PROOF(pool_64k), PROOF(reclaim_first), PROOF(reclaim_tail),
    PROOF(replace_goes_on), PROOF(reuse_qos), PROOF(route_lost), PROOF(skip_31), PROOF(skip_all), PROOF(spin_quota),
    PROOF(twin_requester), PROOF(type_length),

    PROOF(copy_durable), PROOF(copy_service), PROOF(delete_two), PROOF(domain_bits),
    PROOF(domain_names), PROOF(gone_again), PROOF(group_goes_on),
    PROOF(late_replier), PROOF(link_trim), PROOF(never_forget), PROOF(number_zero), PROOF(renew_in_callback),
    PROOF(replay_deleted), PROOF(request_no_wake), PROOF(request_refused_leak), PROOF(service_loan_leak),
    PROOF(takes_all), PROOF(xml_depth),
};

int main(int argc, char **argv)
{
    for (unsigned i = 0; i < sizeof(proofs) / sizeof(*proofs); i++) {
        if (argc == 1) {
            puts(proofs[i].name);
        } else if (strcmp(argv[1], proofs[i].name) == 0) {
            proofs[i].run();
            printf("ok %s\n", argv[1]);
            return 0;
        }
    }
    return argc == 1 ? 0 : 2;
}
