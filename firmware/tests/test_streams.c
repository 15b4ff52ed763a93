/* Reliable streams, fragments, disconnection, and when samples go over the link: against the small Agent. */
#include "check.h"
#include "entity/xrce_entity.h"
#include "rig.h"
#include "session/xrce_session.h"
#include "small_agent.h"
#include "wire/xrce_cdr.h"

#define SAMPLES 200u

static const uint8_t key[4] = {1, 2, 3, 4};

static void begin(uint32_t buffer_bytes, uint16_t history)
{
    agent_reset();
    rig_start_history(true, 4, buffer_bytes, 256, history);
    CHECK_INT(xrce_client_open(&rig_client, key, 0), 0);
    agent_settle();
    CHECK_INT(rig_client.sessions[0].state, XRCE_SESSION_CONNECTED);
}

static void create_writer(void)
{
    rig_world(0);
    CHECK_INT(rig_entity(0, XRCE_DATAWRITER, 1, 1, 1, NULL, NULL, XRCE_QOS_RELIABLE, 0), XRCE_OK);
}

static xrce_entity_t *entity(uint8_t kind)
{
    return xrce_entity_find(&rig_client.entities, XRCE_KEY(0, XRCE_OBJECT(1, kind)));
}

static void samples_reach_the_agent_whatever_is_lost(void)
{
    for (agent_loss = 0; agent_loss <= 30u; agent_loss += 10u) {
        for (uint16_t history = 1; history <= 16u; history = (uint16_t)(history * 4u)) {
            agent_seed = agent_loss * 100u + history;
            begin(64, history);
            create_writer();
            for (uint32_t i = 0; i < SAMPLES; i++) {
                int status;

                while ((status = rig_publish(0, 1, i, 16)) == XRCE_ERR_NO_BUFFER) {
                    agent_settle();
                }
                CHECK_INT(status, XRCE_OK);
                if (i % 7u == 0u) {
                    agent_settle();
                }
            }
            for (int rounds = 0; rounds < 3000 && agent_in.samples < SAMPLES; rounds++) {
                agent_settle();
            }
            CHECK_INT(agent_in.samples, SAMPLES);
            CHECK_INT(agent_in.sample[0], (uint8_t)(SAMPLES - 1u));
            CHECK_INT(agent_in.sample_length, 16);
            CHECK_INT(rig_client.sessions[0].state, XRCE_SESSION_CONNECTED);
        }
    }
    agent_loss = 0;
}

static void long_samples_go_in_fragments(void)
{
    static const uint32_t sizes[] = {200, 236, 237, 300, 1000, 3000};

    for (agent_loss = 0; agent_loss <= 20u; agent_loss += 20u) {
        agent_seed = agent_loss;
        begin(4096, 16);
        create_writer();
        for (uint32_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            int status;

            while ((status = rig_publish(0, 1, i, sizes[i])) == XRCE_ERR_NO_BUFFER) {
                agent_settle();
            }
            CHECK_INT(status, XRCE_OK);
            for (int rounds = 0; rounds < 500 && agent_in.samples <= i; rounds++) {
                agent_settle();
            }
            CHECK_INT(agent_in.samples, i + 1u);
            CHECK_INT(agent_in.sample_length, sizes[i]);
            for (uint32_t k = 4; k < sizes[i]; k++) {
                CHECK_INT(agent_in.sample[k], (uint8_t)k);
            }
        }
    }
    agent_loss = 0;
}

/* Agent to client: one sample of `length`, in fragments of 200 if it is long. */
static void send_sample(uint32_t length, uint8_t first)
{
    static uint8_t submessage[1 << 17];

    memset(submessage, 0, 8);
    xrce_subheader_write(submessage, XRCE_DATA, XRCE_LITTLE_ENDIAN, length + 4u);
    submessage[5] = 10;
    submessage[7] = 0x16;
    for (uint32_t i = 0; i < length; i++) {
        submessage[8u + i] = (uint8_t)(first + i);
    }
    if (length <= 200u) {
        agent_say(submessage, length + 8u);
        return;
    }
    for (uint32_t at = 0; at < length + 8u; at += 200u) {
        uint32_t rest = length + 8u - at;
        uint8_t piece[204];

        xrce_subheader_write(piece, XRCE_FRAGMENT, rest <= 200u ? 3 : 1, rest < 200u ? rest : 200u);
        memcpy(piece + 4, submessage + at, rest < 200u ? rest : 200u);
        agent_say(piece, 4u + (rest < 200u ? rest : 200u));
        for (int rounds = 0; rounds < 100 && (uint16_t)(agent_out.next - agent_out.acked) >= 16u; rounds++) {
            agent_heartbeat();
            agent_settle();
        }
    }
}

static uint32_t bad_bytes;
static uint32_t next_first;

static void check_sample(const xrce_sample_t *sample)
{
    for (uint32_t i = 0; i < sample->length; i++) {
        bad_bytes += sample->data[i] != (uint8_t)(next_first + i);
    }
    next_first++;
}

static void samples_come_in_order_whatever_is_lost(void)
{
    static const uint32_t sizes[] = {1, 16, 200, 201, 399, 1000, 3000};

    for (agent_loss = 0; agent_loss <= 30u; agent_loss += 15u) {
        agent_seed = agent_loss + 5u;
        begin(4096, 16);
        rig_in_callback = check_sample;
        bad_bytes = 0;
        next_first = 0;
        rig_world(0);
        CHECK_INT(rig_entity(0, XRCE_DATAREADER, 1, 1, 1, NULL, NULL, XRCE_QOS_RELIABLE, 0), XRCE_OK);
        CHECK_INT(xrce_client_read(&rig_client, 0, 1, 0xFFFF), XRCE_OK);
        for (int rounds = 0; rounds < 500 && entity(XRCE_DATAREADER)->status == XRCE_STATUS_PENDING; rounds++) {
            agent_heartbeat();
            agent_settle();
        }
        for (uint32_t i = 0; i < 100u; i++) {
            send_sample(sizes[i % 7u], (uint8_t)i);
            for (int rounds = 0; rounds < 500 && rig_seen_count <= i; rounds++) {
                agent_heartbeat();
                agent_settle();
            }
            CHECK_INT(rig_seen_count, i + 1u);
            CHECK_INT(rig_seen[i].length, sizes[i % 7u]);
        }
        CHECK_INT(bad_bytes, 0);
        CHECK_INT(rig_client.lost_link, 0);
#if XRCE_SHM
        CHECK_INT(rig_client.pool.free_count, 4);
#endif
    }
    agent_loss = 0;
}

static void more_than_64_kib(void)
{
    begin(1u << 17, 16);
#if XRCE_SHM /* without shared memory a message is limited by the stream's memory */
    create_writer();
    CHECK_INT(rig_publish(0, 1, 7, 100000), XRCE_OK);
    for (int rounds = 0; rounds < 500 && agent_in.samples == 0u; rounds++) {
        agent_settle();
    }
    CHECK_INT(agent_in.sample_length, 100000);
    CHECK_INT(agent_in.sample[99999], (uint8_t)99999u);
#else
    rig_world(0);
#endif
    CHECK_INT(rig_entity(0, XRCE_DATAREADER, 1, 1, 1, NULL, NULL, XRCE_QOS_RELIABLE, 0), XRCE_OK);
    CHECK_INT(xrce_client_read(&rig_client, 0, 1, 0xFFFF), XRCE_OK);
    agent_settle();
    rig_in_callback = check_sample;
    bad_bytes = 0;
    next_first = 3;
    rig_seen_count = 0;
    send_sample(100000, 3);
    for (int rounds = 0; rounds < 500 && rig_seen_count == 0u; rounds++) {
        agent_heartbeat();
        agent_settle();
    }
    CHECK_INT(rig_seen_count, 1);
    CHECK_INT(rig_seen[0].length, 100000);
    CHECK_INT(bad_bytes, 0);
}

/* The Agent's half of a time synchronisation: its clock is 5 s ahead, each way takes 10 ms. */
static void answer_time(void)
{
    uint8_t message[64];
    uint8_t reply[32] = {0x81, 0, 0, 0, XRCE_TIMESTAMP_REPLY, 1, 24, 0};
    xrce_writer_t writer;
    uint32_t now = rig_now;

    while (rig_sent(message, sizeof(message)) != 0u) {
        CHECK_INT(message[4], XRCE_TIMESTAMP);
        rig_now += 20u;
        xrce_write_open(&writer, reply + 8, 24);
        for (int i = 0; i < 2; i++) {
            xrce_write_u32(&writer, (now + 10u) / 1000u + 5u);
            xrce_write_u32(&writer, (now + 10u) % 1000u * 1000000u);
        }
        xrce_write_bytes(&writer, message + 8, 8);
        rig_answer(reply, sizeof(reply));
    }
}

static void time_is_synchronised(void)
{
    int64_t offset = 0;

    begin(64, 4);
    rig_link_clear();
    rig_idle = answer_time;
    CHECK_INT(xrce_client_time(&rig_client, 0, 100, &offset), XRCE_OK);
    CHECK_INT(offset, -5000000000);
    rig_idle = NULL;
    CHECK_INT(xrce_client_time(&rig_client, 0, 100, &offset), XRCE_ERR_TIMEOUT);
    CHECK_INT(xrce_client_ping(&rig_client, 100), XRCE_ERR_TIMEOUT);
    rig_link_clear();
}

static void a_question_of_the_agent_is_answered(void)
{
    static const uint8_t question[] = {0x81, 0, 0, 0, XRCE_GET_INFO, 1, 8, 0, 0x12, 0x34, 0xFF, 0xFE, 2, 0, 0, 0};
    static const uint8_t answer[] = {0x81, 0, 0, 0, XRCE_INFO, 1, 8, 0, 0x12, 0x34, 0xFF, 0xFE, 0, 0, 0, 0};
    uint8_t message[64];

    begin(64, 4);
    rig_link_clear();
    rig_answer(question, sizeof(question));
    CHECK_INT(xrce_client_spin(&rig_client, 0), 0);
    CHECK_INT(rig_sent(message, sizeof(message)), sizeof(answer));
    CHECK(memcmp(message, answer, sizeof(answer)) == 0);
    CHECK_INT(rig_sent(message, sizeof(message)), 0);
    /* One too short for an object, and one in a session that is not ours, are passed over. */
    for (unsigned i = 0; i < 2u; i++) {
        uint8_t other[sizeof(question)];

        memcpy(other, question, sizeof(question));
        other[i == 0u ? 0 : 6] = i == 0u ? 0x82 : 3;
        rig_answer(other, i == 0u ? sizeof(other) : 11u);
        CHECK_INT(xrce_client_spin(&rig_client, 0), 0);
        CHECK_INT(rig_sent(message, sizeof(message)), 0);
    }
}

static void an_idle_session_notices_that_the_agent_is_gone(void)
{
    begin(64, 4);
    CHECK_INT(xrce_client_spin(&rig_client, XRCE_IDLE_MS - 100u), 0);
    rig_link_clear();
    CHECK_INT(rig_client.sessions[0].state, XRCE_SESSION_CONNECTED);
    CHECK_INT(xrce_client_spin(&rig_client, XRCE_IDLE_MS + XRCE_IDLE_TRIES * XRCE_CONNECT_MS), 0);
    CHECK_INT(rig_client.sessions[0].state, XRCE_SESSION_OFFLINE);
}

/* Whether a READ_DATA of reader 1 with these limits is among what was sent. */
static bool read_was_sent(const xrce_delivery_t *limits)
{
    uint8_t message[512];
    uint32_t length;
    bool found = false;

    while ((length = rig_sent(message, sizeof(message))) != 0u) {
        xrce_submessage_t part;
        uint32_t at = 4;

        while (message[1] == XRCE_STREAM_RELIABLE && xrce_submessage_next(&part, message, length, &at) > 0) {
            xrce_reader_t reader;

            xrce_read_open(&reader, part.payload, part.length, true);
            if (part.id == XRCE_READ_DATA && part.payload[3] == 0x16) {
                (void)xrce_read_bytes(&reader, 8);
                found = xrce_read_u16(&reader) == limits->max_samples &&
                        xrce_read_u16(&reader) == limits->max_elapsed_s &&
                        xrce_read_u16(&reader) == limits->max_bytes_per_second &&
                        xrce_read_u16(&reader) == limits->min_pace_ms && !reader.failed;
            }
        }
    }
    return found;
}

static void a_read_has_its_limits_also_after_a_reconnection(void)
{
    static const xrce_delivery_t limits = {10, 3, 1024, 5};
    static const xrce_delivery_t unlimited = {.max_samples = 0xFFFF};
    static const xrce_delivery_t nothing = {0};

    begin(64, 16);
    rig_world(0);
    CHECK_INT(rig_entity(0, XRCE_DATAREADER, 1, 1, 1, NULL, NULL, XRCE_QOS_RELIABLE, 0), XRCE_OK);
    agent_settle();
    CHECK_INT(xrce_client_ask_within(&rig_client, 0, XRCE_DATAREADER, 1, &limits), XRCE_OK);
    CHECK(read_was_sent(&limits));
    xrce_session_disconnected(&rig_client, &rig_client.sessions[0]);
    rig_link_clear();
    agent_reset();
    (void)xrce_client_spin(&rig_client, 0);
    agent_run(); /* accepts the login */
    (void)xrce_client_spin(&rig_client, 0);
    CHECK(read_was_sent(&limits));
    CHECK_INT(xrce_client_read(&rig_client, 0, 1, 0xFFFF), XRCE_OK);
    CHECK(read_was_sent(&unlimited));
    CHECK_INT(xrce_client_read(&rig_client, 0, 1, 0), XRCE_OK);
    CHECK(read_was_sent(&nothing));
    CHECK_INT(xrce_client_ask_within(&rig_client, 0, XRCE_DATAREADER, 9, &limits), XRCE_ERR_UNKNOWN);
    CHECK_INT(xrce_client_ask_within(&rig_client, 0, XRCE_SUBSCRIBER, 1, &limits), XRCE_ERR_ARGUMENT);
}

static void silence_disconnects_and_the_agent_comes_back(void)
{
    begin(64, 16);
    create_writer();
    agent_settle();
    CHECK_INT(entity(XRCE_DATAWRITER)->status, XRCE_STATUS_OK);
    agent_in.mute = true;
    CHECK_INT(rig_publish(0, 1, 1, 4), XRCE_OK);
    for (int i = 0; i < 200 && rig_client.sessions[0].state == XRCE_SESSION_CONNECTED; i++) {
        agent_settle();
    }
    CHECK_INT(rig_client.sessions[0].state, XRCE_SESSION_OFFLINE);
    /* A new Agent: knows nothing, gets the entities again, then samples. */
    agent_reset();
    for (int i = 0; i < 100 && (rig_client.sessions[0].state != XRCE_SESSION_CONNECTED ||
                                entity(XRCE_DATAWRITER)->status == XRCE_STATUS_PENDING); i++) {
        agent_settle();
    }
    CHECK_INT(entity(XRCE_DATAWRITER)->status, XRCE_STATUS_OK);
    CHECK_INT(rig_publish(0, 1, 42, 4), XRCE_OK);
    for (int i = 0; i < 10; i++) {
        agent_settle();
    }
    CHECK(agent_in.samples >= 1u);
    CHECK_INT(agent_in.sample[0], 42);
}

static void what_the_agent_made_is_made_though_its_answer_never_came(void)
{
    begin(64, 16);
    agent_in.status = XRCE_STATUS_ALREADY_EXISTS;
    create_writer(); /* of an earlier start, and maybe another one */
    agent_settle();
    CHECK_INT(entity(XRCE_DATAWRITER)->status, XRCE_STATUS_ALREADY_EXISTS);

    begin(64, 16);
    create_writer();
    (void)xrce_client_spin(&rig_client, 0);
    rig_link_clear(); /* the Agent got it, and what it answered is lost */
    xrce_session_disconnected(&rig_client, &rig_client.sessions[0]);
    agent_reset();
    agent_in.status = XRCE_STATUS_ALREADY_EXISTS;
    for (int i = 0; i < 100 && entity(XRCE_DATAWRITER)->status == XRCE_STATUS_PENDING; i++) {
        agent_settle();
    }
    CHECK_INT(entity(XRCE_DATAWRITER)->status, XRCE_STATUS_OK);
    /* A refusal stays one: what is there was not made for this entity. */
    CHECK_INT(rig_entity(0, XRCE_DATAREADER, 1, 1, 1, NULL, NULL, XRCE_QOS_RELIABLE, 0), XRCE_OK);
    agent_settle();
    CHECK_INT(entity(XRCE_DATAREADER)->status, XRCE_STATUS_ALREADY_EXISTS);
    xrce_session_disconnected(&rig_client, &rig_client.sessions[0]);
    agent_reset();
    agent_in.status = XRCE_STATUS_ALREADY_EXISTS;
    for (int i = 0; i < 100 && entity(XRCE_DATAREADER)->status == XRCE_STATUS_PENDING; i++) {
        agent_settle();
    }
    CHECK_INT(entity(XRCE_DATAREADER)->status, XRCE_STATUS_ALREADY_EXISTS);
}

#if XRCE_SHM
static void a_cooperating_agent_gets_only_what_is_wanted(void)
{
    uint8_t info[16] = {XRCE_INFO, 1, 12, 0, 0, 0, 0, 0x15, 0, 0, 0, 1, 5, 0, 0, 0};

    begin(64, 16);
    agent_in.cooperative = true;
    CHECK_INT(xrce_client_close(&rig_client, 0, 0), XRCE_OK);
    rig_link_clear();
    CHECK_INT(xrce_client_open(&rig_client, key, 0), 0);
    agent_settle();
    CHECK(rig_client.sessions[0].cooperative);
    memset(&agent_out, 0, sizeof(agent_out));
    agent_in.expected = agent_in.last = 0;
    create_writer();
    CHECK_INT(rig_entity(0, XRCE_DATAREADER, 1, 1, 1, NULL, NULL, XRCE_QOS_RELIABLE, 0), XRCE_OK);
    agent_settle();
    rig_link_clear();
    for (uint32_t i = 0; i < 10u; i++) { /* fewer spins than the link is looked at after */
        uint8_t message[512];

        CHECK_INT(rig_publish(0, 1, i, 4), XRCE_OK);
        CHECK_INT(xrce_client_spin(&rig_client, 0), 1);
        CHECK_INT(rig_sent(message, sizeof(message)), 0);
    }
    CHECK_INT(agent_in.samples, 0);
    info[14] = 1;
    agent_say(info, sizeof(info));
    agent_settle();
    CHECK_INT(rig_publish(0, 1, 77, 4), XRCE_OK);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 1);
    agent_settle();
    CHECK_INT(agent_in.samples, 1);
    CHECK_INT(agent_in.sample[0], 77);
    info[14] = 0;
    agent_say(info, sizeof(info));
    agent_settle();
    CHECK_INT(rig_publish(0, 1, 78, 4), XRCE_OK);
    agent_settle();
    CHECK_INT(agent_in.samples, 1);
    CHECK_INT(rig_client.pool.free_count, 4);
    /* What an Agent told is forgotten with it. */
    info[14] = 1;
    agent_say(info, sizeof(info));
    agent_settle();
    CHECK_INT(entity(XRCE_DATAWRITER)->remote_readers, 1);
    xrce_session_disconnected(&rig_client, &rig_client.sessions[0]);
    CHECK_INT(entity(XRCE_DATAWRITER)->route, XRCE_ROUTE_LOCAL);
    agent_reset();
    agent_in.cooperative = true;
    agent_settle();
    agent_settle();
    CHECK_INT(rig_client.sessions[0].state, XRCE_SESSION_CONNECTED);
    CHECK_INT(entity(XRCE_DATAWRITER)->remote_readers, 0);
    CHECK_INT(entity(XRCE_DATAWRITER)->route, XRCE_ROUTE_LOCAL);
}

/* The session of the tests below: writer 1 and readers 1 and 2 of one topic, reader 1 asks the Agent too. */
static void begin_echo(bool echoes)
{
    agent_echoes = echoes;
    begin(64, 16);
    create_writer();
    for (uint16_t id = 1; id <= 2u; id++) {
        CHECK_INT(rig_entity(0, XRCE_DATAREADER, id, 1, 1, NULL, NULL, XRCE_QOS_RELIABLE, 0), XRCE_OK);
    }
    CHECK_INT(xrce_client_read(&rig_client, 0, 1, 0xFFFF), XRCE_OK);
    agent_settle();
}

static void echoes_are_told_from_samples(void)
{
    static const uint8_t same[4] = {7, 0, 0, 0};
    static const uint8_t other[4] = {8, 0, 0, 0};
    unsigned from_link = 0;

    begin_echo(true);
    for (uint32_t i = 0; i < 50u; i++) {
        CHECK_INT(rig_publish(0, 1, i % 3u == 0u ? 7 : i, 4), XRCE_OK); /* some have the same bytes */
        if (i % 5u == 0u) {
            agent_settle();
        } else if (i % 5u == 3u) {
            CHECK(xrce_client_spin(&rig_client, 0) > 0);
        }
    }
    agent_settle();
    agent_settle();
    CHECK_INT(agent_in.samples, 50);
    CHECK_INT(rig_seen_count, 100); /* each reader each sample once */
    /* Somebody else publishes: other bytes, then the very bytes of one of ours, before its echo. */
    agent_send_sample(other, 4);
    agent_settle();
    CHECK_INT(rig_seen_count, 101);
    CHECK_INT(rig_publish(0, 1, 7, 4), XRCE_OK);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 2);
    agent_send_sample(same, 4);
    agent_settle();
    agent_settle();
    CHECK_INT(rig_seen_count, 104);
    for (unsigned i = 0; i < rig_seen_count; i++) {
        from_link += rig_seen[i].local ? 0u : 1u;
    }
    CHECK_INT(from_link, 2);
    agent_echoes = false;
}

static void no_more_is_under_way_than_can_be_recognised(void)
{
    begin_echo(true);
    entity(XRCE_DATAWRITER)->flags &= (uint8_t)~XRCE_E_RELIABLE_STREAM; /* one that no acknowledgement holds back */
    for (uint32_t round = 0; round < 5u; round++) {
        agent_in.samples = 0;
        for (uint32_t i = 0; i < 60u; i++) {
            CHECK_INT(rig_publish(0, 1, round * 100u + i, 4), XRCE_OK);
            CHECK_INT(xrce_client_spin(&rig_client, 0), 2);
        }
        for (int i = 0; i < 3; i++) {
            (void)xrce_client_spin(&rig_client, 0);
        }
        agent_run();
        CHECK_INT(agent_in.samples, XRCE_ECHO_SAMPLES);
        agent_settle();
        agent_settle();
    }
    CHECK_INT(rig_seen_count, 5 * 60 * 2);
    for (unsigned i = 0; i < RIG_LOG; i++) {
        CHECK(rig_seen[i].local);
    }
    agent_echoes = false;
}

static void pass(uint32_t ms)
{
    for (uint32_t end = rig_now + ms; (int32_t)(rig_now - end) < 0; rig_now += 10u) {
        agent_run();
        (void)xrce_client_spin(&rig_client, 0);
    }
}

/* The Agent has 16 samples, and for `ms` milliseconds it sends none of them back; others wait. */
static void echoes_keep_away(uint32_t ms)
{
    begin_echo(true);
    CHECK_INT(rig_publish(0, 1, 1, 4), XRCE_OK);
    agent_settle();
    agent_settle();
    agent_reads_late = true;
    for (uint32_t i = 0; i < 2u * XRCE_ECHO_SAMPLES; i++) {
        CHECK_INT(rig_publish(0, 1, 100u + i, 4), XRCE_OK);
        CHECK_INT(xrce_client_spin(&rig_client, 0), 2);
    }
    pass(ms);
}

/* The Agent sends back what it has: to readers that had it all by shared memory. */
static void nothing_that_comes_now_is_news(void)
{
    agent_reads_on();
    for (int i = 0; i < 4; i++) {
        agent_settle();
    }
    for (unsigned i = 0; i < rig_seen_count; i++) {
        CHECK(rig_seen[i].local);
    }
    agent_echoes = false;
}

static void an_echo_that_is_late_is_recognised(void)
{
    echoes_keep_away(2u * XRCE_ECHO_MS);
    CHECK_INT(agent_in.samples, 1 + XRCE_ECHO_SAMPLES);
    nothing_that_comes_now_is_news();
    CHECK_INT(agent_in.samples, 1 + XRCE_ECHO_SAMPLES + 4); /* one for each buffer had waited */
    CHECK_INT(rig_client.echoes.mode[0], XRCE_ECHO_YES);
}

/* A session that connects, its own or another, does not take from the Agent what it has still to send back. */
static void an_echo_outlives_a_new_session(void)
{
    echoes_keep_away(50);
    xrce_session_connected(&rig_client, &rig_client.sessions[0], false);
    agent_in.expected = agent_in.last = 0;
    agent_in.have = 0;
    memset(&agent_out, 0, sizeof(agent_out));
    pass(2u * XRCE_ECHO_MS);
    nothing_that_comes_now_is_news();
}

/* The Agent that comes back is another one, which has none of them and echoes no more: nothing waits for ever. */
static void an_echo_that_never_comes_is_given_up(void)
{
    echoes_keep_away(XRCE_ECHO_LOST_MS + 200u);
    CHECK_INT(agent_in.samples, 1 + XRCE_ECHO_SAMPLES + 4);
    CHECK_INT(rig_client.echoes.mode[0], XRCE_ECHO_UNKNOWN);
    for (uint32_t i = 0; i < XRCE_ECHO_SAMPLES; i++) {
        CHECK_INT(rig_publish(0, 1, 200u + i, 4), XRCE_OK);
        pass(20);
    }
    pass(XRCE_ECHO_MS + 200u);
    CHECK_INT(rig_client.echoes.mode[0], XRCE_ECHO_NO);
    agent_reads_late = false;
    agent_echoes = false;
}

static void an_agent_that_never_echoes_is_recognised(void)
{
    static const uint8_t same[4] = {7, 0, 0, 0};

    begin_echo(false);
    for (int i = 0; i < 30; i++) {
        CHECK_INT(rig_publish(0, 1, 7, 4), XRCE_OK);
        agent_settle();
    }
    CHECK_INT(rig_client.echoes.mode[0], XRCE_ECHO_NO);
    rig_seen_count = 0;
    agent_send_sample(same, 4);
    agent_settle();
    CHECK_INT(rig_seen_count, 1);
}

static void a_writer_is_deleted_after_its_last_sample(void)
{
    begin(64, 1); /* one message at a time on the stream: the samples queue up behind it */
    create_writer();
    agent_settle();
    for (int i = 0; i < 20; i++) {
        agent_settle();
    }
    for (uint32_t i = 0; i < 4u; i++) {
        CHECK_INT(rig_publish(0, 1, i, 4), XRCE_OK);
    }
    rig_idle = agent_run;
    CHECK_INT(xrce_client_delete(&rig_client, 0, XRCE_DATAWRITER, 1, 200), XRCE_ERR_TIMEOUT); /* it has no answer */
    CHECK_INT(agent_in.samples, 4);
    CHECK_INT(agent_in.deletions, 1);
    CHECK_INT(rig_client.pool.free_count, 4);
}

static void settle_until(unsigned samples)
{
    for (int i = 0; i < 500 && agent_in.samples < samples; i++) {
        agent_settle();
    }
}

/* With local readers: what can be given up half way goes to the Agent as well; without, whatever there is. */
static void a_sample_over_64_kib_stays_with_its_local_readers(void)
{
    static const uint32_t lengths[] = {900, 4000, XRCE_LENGTH_FIELD_MAX, XRCE_LENGTH_FIELD_MAX + 1u, 100000};

    for (unsigned local = 0; local < 2u; local++) {
        begin(1u << 17, 16);
        create_writer();
        if (local != 0u) {
            CHECK_INT(rig_entity(0, XRCE_DATAREADER, 1, 1, 1, NULL, NULL, XRCE_QOS_RELIABLE, 0), XRCE_OK);
        }
        agent_settle();
        for (unsigned i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
            bool goes = local == 0u || lengths[i] <= XRCE_LENGTH_FIELD_MAX;

            agent_in.samples = 0;
            rig_client.shm.withheld = 0;
            CHECK_INT(rig_publish(0, 1, i, lengths[i]), XRCE_OK);
            CHECK_INT(xrce_client_spin(&rig_client, 0), local);
            settle_until(goes);
            agent_settle();
            CHECK_INT(agent_in.samples, goes);
            CHECK(!goes || agent_in.sample_length == lengths[i]);
            CHECK_INT(rig_client.shm.withheld, !goes);
            CHECK_INT(rig_client.pool.free_count, 4);
        }
    }
}

static void a_sample_under_way_is_given_up_cleanly(void)
{
    uint8_t *place;

    begin(4096, 4);
    create_writer();
    CHECK_INT(rig_entity(0, XRCE_DATAREADER, 1, 1, 1, NULL, NULL, XRCE_QOS_RELIABLE, 0), XRCE_OK);
    agent_settle();
    agent_in.mute = true;
    for (uint32_t i = 0; i < 3u; i++) { /* two take a slot each, of the third one only a part finds room */
        CHECK_INT(rig_publish(0, 1, i, i < 2u ? 8u : 900u), XRCE_OK);
        CHECK_INT(xrce_client_spin(&rig_client, 0), 1);
    }
    (void)xrce_client_spin(&rig_client, 0);
    CHECK(rig_client.sessions[0].link_at != 0u);
    CHECK_INT(rig_client.pool.free_count, 3);
    for (uint32_t i = 3; i < 7u; i++) { /* four buffers: the last one is what the link holds */
        CHECK_INT(rig_publish(0, 1, i, 8), XRCE_OK);
        CHECK_INT(xrce_client_spin(&rig_client, 0), 1);
    }
    CHECK(rig_client.sessions[0].link_cut);
    CHECK_INT(xrce_client_loan(&rig_client, 0, 1, 8, &place), XRCE_OK);
    CHECK_INT(xrce_client_cancel(&rig_client, 0, 1), XRCE_OK);
    agent_in.mute = false;
    for (int i = 0; i < 20; i++) {
        agent_settle();
    }
    CHECK_INT(agent_in.cut, 1);
    CHECK_INT(rig_client.sessions[0].state, XRCE_SESSION_CONNECTED);
    agent_in.samples = 0;
    CHECK_INT(rig_publish(0, 1, 9, 900), XRCE_OK); /* the stream is as good as before */
    agent_settle();
    agent_settle();
    CHECK_INT(agent_in.samples, 1);
    CHECK_INT(agent_in.sample_length, 900);
    CHECK_INT(agent_in.sample[0], 9);
}

static void a_dead_link_does_not_hold_local_samples(void)
{
    begin(64, 16);
    create_writer();
    CHECK_INT(rig_entity(0, XRCE_DATAREADER, 1, 1, 1, NULL, NULL, XRCE_QOS_RELIABLE, 0), XRCE_OK);
    agent_settle();
    agent_in.mute = true;
    for (uint32_t i = 0; i < 200u; i++) {
        CHECK_INT(rig_publish(0, 1, i, 4), XRCE_OK);
        CHECK_INT(xrce_client_spin(&rig_client, 0), 1);
        agent_run();
    }
    CHECK_INT(rig_seen_count, 200);
}

/* The link is dead, and somebody behind it reads: publishes and spins; how many publish calls were accepted. */
static uint32_t accepted_on_a_dead_link(uint32_t samples)
{
    uint32_t accepted = 0;

    for (uint32_t i = 0; i < samples; i++) {
        bool taken = rig_publish(0, 1, i, 4) == XRCE_OK;

        rig_seen_count = 0;
        CHECK_INT(xrce_client_spin(&rig_client, 0), taken ? 1 : 0);
        agent_run();
        accepted += taken ? 1u : 0u;
    }
    return accepted;
}

static void begin_read_elsewhere(uint8_t qos, uint16_t depth)
{
    begin(64, 16);
    rig_world(0);
    CHECK_INT(rig_entity(0, XRCE_DATAWRITER, 1, 1, 1, NULL, NULL, qos, depth), XRCE_OK);
    CHECK_INT(rig_entity(0, XRCE_DATAREADER, 1, 1, 1, NULL, NULL, 0, 0), XRCE_OK);
    agent_settle();
    entity(XRCE_DATAWRITER)->remote_readers = 1;
    agent_in.mute = true;
}

static void a_reader_behind_a_dead_link_does_not_hold_local_samples(void)
{
    uint32_t accepted;

    begin_read_elsewhere(0, 0);
    CHECK_INT(accepted_on_a_dead_link(200), 200);
    begin_read_elsewhere(XRCE_QOS_RELIABLE | XRCE_QOS_KEEP_LAST, 2);
    CHECK_INT(accepted_on_a_dead_link(200), 200);
    /* What it keeps all of is refused when there is no more room, until the link is taken for dead. */
    begin_read_elsewhere(XRCE_QOS_RELIABLE, 0);
    accepted = accepted_on_a_dead_link(200);
    CHECK(accepted > 3u && accepted < 200u);
    CHECK_INT(accepted_on_a_dead_link(200), 0);
    for (uint32_t ms = 0; ms < XRCE_STALL_MS + 2u * XRCE_HEARTBEAT_MS; ms += 10u) {
        rig_now += 10u;
        (void)xrce_client_spin(&rig_client, 0);
        agent_run();
    }
    CHECK_INT(rig_client.sessions[0].state, XRCE_SESSION_CONNECTED);
    CHECK_INT(accepted_on_a_dead_link(200), 200);
    CHECK(rig_client.shm.lost > 0u);
}
#else
/* Long samples while short ones are not acknowledged yet, at every place in the ring. */
static void a_long_loan_needs_no_empty_stream(void)
{
    unsigned behind_others = 0;

    begin(64, 8);
    create_writer();
    agent_settle();
    for (uint32_t i = 0; i < 64u; i++) {
        uint32_t length = 240u + 7u * i;

        agent_in.samples = 0;
        agent_in.mute = true;
        for (uint32_t k = 0; k < i % 4u; k++) {
            CHECK_INT(rig_publish(0, 1, k, 8), XRCE_OK);
        }
        int status = rig_publish(0, 1, i, length);
        CHECK(status == XRCE_OK || (status == XRCE_ERR_NO_BUFFER && i % 4u != 0u));
        behind_others += status == XRCE_OK && i % 4u != 0u;
        agent_in.mute = false;
        for (int rounds = 0; rounds < 10; rounds++) {
            agent_settle();
        }
        CHECK_INT(agent_in.samples, i % 4u + (status == XRCE_OK));
        if (status == XRCE_OK) {
            CHECK_INT(agent_in.sample_length, length);
            CHECK_INT(agent_in.sample[0], i);
            for (uint32_t at = 4; at < length; at++) {
                CHECK_INT(agent_in.sample[at], (uint8_t)at);
            }
        }
    }
    CHECK(behind_others >= 16u);
}

static void loans_in_the_stream(void)
{
    uint8_t *first;
    uint8_t *second;
    uint8_t *third;

    begin(64, 4);
    create_writer();
    CHECK_INT(rig_entity(0, XRCE_DATAWRITER, 2, 1, 1, NULL, NULL, XRCE_QOS_RELIABLE, 0), XRCE_OK);
    CHECK_INT(rig_entity(0, XRCE_DATAWRITER, 3, 1, 1, NULL, NULL, XRCE_QOS_RELIABLE, 0), XRCE_OK);
    agent_settle();
    CHECK_INT(xrce_client_loan(&rig_client, 0, 1, 10, &first), XRCE_OK);
    CHECK_INT(xrce_client_loan(&rig_client, 0, 1, 10, &second), XRCE_ERR_STATE);
    CHECK_INT(xrce_client_loan(&rig_client, 0, 2, 10, &second), XRCE_OK);
    CHECK_INT(xrce_client_loan(&rig_client, 0, 3, 1000, &third), XRCE_ERR_TOO_LARGE);
    CHECK_INT(xrce_client_loan(&rig_client, 0, 3, 900, &third), XRCE_ERR_NO_BUFFER);
    memset(first, 1, 10);
    memset(second, 2, 10);
    CHECK_INT(xrce_client_publish(&rig_client, 0, 2), XRCE_OK);
    agent_settle();
    CHECK_INT(agent_in.samples, 0); /* the one before it is not written yet */
    CHECK_INT(xrce_client_cancel(&rig_client, 0, 1), XRCE_OK);
    agent_settle();
    CHECK_INT(agent_in.samples, 1);
    CHECK_INT(agent_in.sample[0], 2);
    CHECK_INT(xrce_client_loan(&rig_client, 0, 3, 900, &third), XRCE_OK);
    CHECK_INT(xrce_client_cancel(&rig_client, 0, 3), XRCE_OK);
    CHECK_INT(xrce_client_loan(&rig_client, 0, 3, 900, &third), XRCE_OK);
    for (uint32_t i = 0; i < 900u; i++) {
        third[i] = (uint8_t)i;
    }
    CHECK_INT(xrce_client_publish(&rig_client, 0, 3), XRCE_OK);
    agent_settle();
    CHECK_INT(agent_in.samples, 2);
    CHECK_INT(agent_in.sample_length, 900);
    CHECK_INT(agent_in.sample[899], (uint8_t)899u);
}
#endif

static void hostile_bytes_do_no_harm(void)
{
    uint8_t message[256];

    agent_seed = 1;
    for (uint32_t i = 0; i < 50000u; i++) {
        uint32_t length = 1u + (agent_seed >> 8) % 64u;

        if (i % 500u == 0u) {
            begin(64, 4);
            create_writer();
            CHECK_INT(rig_entity(0, XRCE_DATAREADER, 1, 1, 1, NULL, NULL, XRCE_QOS_RELIABLE, 0), XRCE_OK);
            CHECK_INT(xrce_client_read(&rig_client, 0, 1, 0xFFFF), XRCE_OK);
            agent_settle();
        }
        for (uint32_t k = 0; k < length; k++) {
            (void)agent_lost();
            message[k] = (uint8_t)(agent_seed >> 20);
        }
        if (length >= 8u && i % 2u == 0u) { /* sound headers reach further in */
            message[0] = 0x81;
            message[1] = (uint8_t)(i % 4u == 0u ? 0x80 : 0);
            message[2] = (uint8_t)rig_client.sessions[0].in.expected;
            message[3] = (uint8_t)(rig_client.sessions[0].in.expected >> 8);
            message[4] &= 0x0F;
            message[6] = (uint8_t)(length - 8u);
            message[7] = 0;
        }
        rig_answer(message, length);
        (void)xrce_client_spin(&rig_client, 0);
        rig_seen_count = 0;
        rig_link_clear();
    }
}

int main(void)
{
    RUN(samples_reach_the_agent_whatever_is_lost);
    RUN(long_samples_go_in_fragments);
    RUN(samples_come_in_order_whatever_is_lost);
    RUN(more_than_64_kib);
    RUN(time_is_synchronised);
    RUN(a_read_has_its_limits_also_after_a_reconnection);
    RUN(a_question_of_the_agent_is_answered);
    RUN(an_idle_session_notices_that_the_agent_is_gone);
    RUN(what_the_agent_made_is_made_though_its_answer_never_came);
    RUN(silence_disconnects_and_the_agent_comes_back);
#if XRCE_SHM
    RUN(a_cooperating_agent_gets_only_what_is_wanted);
    RUN(echoes_are_told_from_samples);
    RUN(no_more_is_under_way_than_can_be_recognised);
    RUN(an_echo_that_is_late_is_recognised);
    RUN(an_echo_outlives_a_new_session);
    RUN(an_echo_that_never_comes_is_given_up);
    RUN(an_agent_that_never_echoes_is_recognised);
    RUN(a_writer_is_deleted_after_its_last_sample);
    RUN(a_sample_over_64_kib_stays_with_its_local_readers);
    RUN(a_sample_under_way_is_given_up_cleanly);
    RUN(a_dead_link_does_not_hold_local_samples);
    RUN(a_reader_behind_a_dead_link_does_not_hold_local_samples);
#else
    RUN(loans_in_the_stream);
    RUN(a_long_loan_needs_no_empty_stream);
#endif
    RUN(hostile_bytes_do_no_harm);
    return 0;
}
