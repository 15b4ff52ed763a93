/*
 * Reliable streams against a small Agent that loses messages in both directions and takes some late.
 *
 * The Agent here knows just enough: it acknowledges, asks again, answers CREATE with OK, and sends samples back.
 */
#include "check.h"
#include "rig.h"

#define SAMPLES 200u

static uint32_t seed;
static unsigned percent_lost;

static bool lost(void)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 16) % 100u < percent_lost;
}

static const uint8_t key[4] = {1, 2, 3, 4};

/* The Agent's side of the client's reliable stream: what came in order. */
static struct {
    uint16_t expected;
    uint16_t last;
    uint32_t have; /* bit i: expected + i came */
    uint8_t stored[32][512];
    uint32_t stored_length[32];
    uint8_t sample[1 << 18];
    uint32_t sample_length;
    unsigned samples;
    uint8_t whole[1 << 18]; /* reassembled */
    uint32_t whole_length;
    bool mute;
    uint16_t remote; /* remote readers to tell a writer that is created */
    bool cooperative;
} peer;

/* The Agent's own reliable stream. */
static struct {
    uint8_t message[256][512];
    uint32_t length[256];
    uint16_t next;
    uint16_t acked;
} out;

static void say(const uint8_t *message, uint32_t length)
{
    if (!lost()) {
        rig_answer(message, length);
    }
}

static void say_reliable(const uint8_t *submessage, uint32_t length)
{
    uint8_t *message = out.message[out.next % 256u];

    message[0] = 0x81;
    message[1] = 0x80;
    message[2] = (uint8_t)out.next;
    message[3] = (uint8_t)(out.next >> 8);
    memcpy(message + 4, submessage, length);
    out.length[out.next % 256u] = length + 4u;
    say(message, length + 4u);
    out.next++;
}

static void say_acknack(void)
{
    uint16_t missing = 0;
    int known = xrce_sequence_distance(peer.last, peer.expected);
    uint8_t message[13] = {0x81, 0, 0, 0, 10, 1, 5, 0, 0, 0, 0, 0, 0x80};

    for (int i = 0; i < known && i < 16; i++) {
        missing = (uint16_t)(missing | ((peer.have >> i & 1u) == 0u ? 1u << i : 0u));
    }
    message[8] = (uint8_t)peer.expected;
    message[9] = (uint8_t)(peer.expected >> 8);
    message[10] = (uint8_t)(missing >> 8);
    message[11] = (uint8_t)missing;
    say(message, sizeof(message));
}

static void say_heartbeat(void)
{
    uint8_t message[13] = {0x81, 0, 0, 0, 11, 1, 5, 0, 0, 0, 0, 0, 0x80};
    uint16_t last = (uint16_t)(out.next - 1u);

    if (out.acked == out.next) {
        return;
    }
    message[8] = (uint8_t)out.acked;
    message[9] = (uint8_t)(out.acked >> 8);
    message[10] = (uint8_t)last;
    message[11] = (uint8_t)(last >> 8);
    say(message, sizeof(message));
}

static void on_submessage(const xrce_submessage_t *submessage)
{
    const uint8_t *payload = submessage->payload;

    if (submessage->id == XRCE_CREATE) {
        uint8_t status[10] = {XRCE_STATUS, 1, 6, 0, payload[0], payload[1], payload[2], payload[3], 0, 0};
        uint8_t info[16] = {XRCE_INFO, 1, 12, 0, 0, 0, payload[2], payload[3], 0, 0, 0, 1, 5, 0, 0, 0};

        if (payload[4] == XRCE_DATAWRITER && peer.remote != 0u) {
            info[14] = (uint8_t)peer.remote;
            say_reliable(info, sizeof(info));
        }
        say_reliable(status, sizeof(status));
    } else if (submessage->id == XRCE_WRITE_DATA) {
        peer.samples++;
        peer.sample_length = submessage->length - 4u;
        memcpy(peer.sample, payload + 4, peer.sample_length);
    } else if (submessage->id == XRCE_FRAGMENT) {
        xrce_submessage_t whole;
        uint32_t at = 0;

        memcpy(peer.whole + peer.whole_length, payload, submessage->length);
        peer.whole_length += submessage->length;
        if ((submessage->flags & XRCE_LAST_FRAGMENT) != 0u) {
            CHECK_INT(xrce_submessage_next(&whole, peer.whole, peer.whole_length, &at), 1);
            CHECK_INT(at, peer.whole_length);
            peer.whole_length = 0;
            on_submessage(&whole);
        }
    }
}

static void on_message(const uint8_t *message, uint32_t length)
{
    xrce_submessage_t submessage;
    uint32_t at = 4;

    while (xrce_submessage_next(&submessage, message, length, &at) > 0) {
        on_submessage(&submessage);
    }
}

static void on_reliable(uint16_t sequence, const uint8_t *message, uint32_t length)
{
    int ahead = xrce_sequence_distance(sequence, peer.expected);

    if (xrce_sequence_distance((uint16_t)(sequence + 1u), peer.last) > 0) {
        peer.last = (uint16_t)(sequence + 1u);
    }
    CHECK(ahead < 16);
    if (ahead >= 0 && (peer.have >> ahead & 1u) == 0u) {
        memcpy(peer.stored[sequence % 32u], message, length);
        peer.stored_length[sequence % 32u] = length;
        peer.have |= 1u << ahead;
    }
    while ((peer.have & 1u) != 0u) {
        on_message(peer.stored[peer.expected % 32u], peer.stored_length[peer.expected % 32u]);
        peer.expected++;
        peer.have >>= 1;
    }
    say_acknack();
}

static void on_control(const xrce_submessage_t *submessage)
{
    const uint8_t *payload = submessage->payload;
    uint16_t first = (uint16_t)(payload[0] | (uint32_t)payload[1] << 8);

    if (submessage->id == XRCE_CREATE_CLIENT) {
        uint8_t plain[19] = {0x81, 0, 0, 0, 4, 1, 11, 0, 0, 0, 0x58, 0x52, 0x43, 0x45, 1, 0, 1, 0x0F, 0};
        uint8_t with[42] = {0x81, 0, 0, 0, 4, 1, 0x22, 0, 0, 0, 0x58, 0x52, 0x43, 0x45, 1, 0, 1, 0x0F, 1, 0,
                            1, 0, 0, 0, 7, 0, 0, 0, 'r', 'i', 'g', '_', 'l', 'o', 0, 0, 2, 0, 0, 0, '1', 0};

        rig_answer(peer.cooperative ? with : plain, peer.cooperative ? sizeof(with) : sizeof(plain));
    } else if (submessage->id == XRCE_HEARTBEAT) {
        uint16_t last = (uint16_t)(payload[2] | (uint32_t)payload[3] << 8);

        if (xrce_sequence_distance((uint16_t)(last + 1u), peer.last) > 0) {
            peer.last = (uint16_t)(last + 1u);
        }
        say_acknack();
    } else if (submessage->id == XRCE_ACKNACK) {
        uint16_t missing = (uint16_t)((uint32_t)payload[2] << 8 | payload[3]);

        if (xrce_sequence_distance(first, out.acked) > 0) {
            out.acked = first;
        }
        for (uint16_t i = 0; i < 16u; i++) {
            uint16_t sequence = (uint16_t)(first + i);

            if ((missing >> i & 1u) != 0u) {
                say(out.message[sequence % 256u], out.length[sequence % 256u]);
            }
        }
    }
}

static uint8_t late[512];
static uint32_t late_length;

/* Takes what the client sent; some of it comes late. */
static void agent(void)
{
    uint8_t message[512];
    uint32_t length;

    while ((length = rig_sent(message, sizeof(message))) != 0u) {
        xrce_header_t header;
        xrce_submessage_t submessage;
        uint32_t at;

        CHECK_INT(xrce_header_read(&header, message, length), XRCE_OK);
        at = header.bytes;
        if (peer.mute) {
            continue;
        }
        if (header.stream == XRCE_STREAM_NONE) {
            CHECK_INT(xrce_submessage_next(&submessage, message, length, &at), 1);
            if (submessage.id == XRCE_CREATE_CLIENT || !lost()) {
                on_control(&submessage);
            }
        } else if (header.stream == XRCE_STREAM_BEST_EFFORT) {
            on_message(message, length);
        } else if (percent_lost != 0u && late_length == 0u && lost()) {
            memcpy(late, message, length);
            late_length = length;
        } else if (!lost()) {
            on_reliable(header.sequence, message, length);
        }
    }
    if (late_length != 0u && !lost()) {
        on_reliable((uint16_t)(late[2] | (uint32_t)late[3] << 8), late, late_length);
        late_length = 0;
    }
}

static void settle(void)
{
    for (int i = 0; i < 3; i++) {
        agent();
        (void)xrce_client_spin(&rig_client, 0);
    }
    (void)xrce_client_spin(&rig_client, 50);
    agent();
}

static void begin(uint32_t buffer_bytes, uint16_t history)
{
    memset(&peer, 0, sizeof(peer));
    memset(&out, 0, sizeof(out));
    late_length = 0;
    rig_start_history(true, 4, buffer_bytes, 256, history);
    CHECK_INT(xrce_client_open(&rig_client, key, 0), 0);
    settle();
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
    for (percent_lost = 0; percent_lost <= 30u; percent_lost += 10u) {
        for (uint16_t history = 1; history <= 16u; history = (uint16_t)(history * 4u)) {
            seed = percent_lost * 100u + history;
            begin(64, history);
            create_writer();
            for (uint32_t i = 0; i < SAMPLES; i++) {
                int status;

                while ((status = rig_publish(0, 1, i, 16)) == XRCE_ERR_NO_BUFFER) {
                    settle();
                }
                CHECK_INT(status, XRCE_OK);
                if (i % 7u == 0u) {
                    settle();
                }
            }
            for (int rounds = 0; rounds < 3000 && peer.samples < SAMPLES; rounds++) {
                settle();
            }
            CHECK_INT(peer.samples, SAMPLES);
            CHECK_INT(peer.sample[0], (uint8_t)(SAMPLES - 1u));
            CHECK_INT(peer.sample_length, 16);
            CHECK_INT(rig_client.sessions[0].state, XRCE_SESSION_CONNECTED);
        }
    }
    percent_lost = 0;
}

static void long_samples_go_in_fragments(void)
{
    static const uint32_t sizes[] = {200, 236, 237, 300, 1000, 3000};

    for (percent_lost = 0; percent_lost <= 20u; percent_lost += 20u) {
        seed = percent_lost;
        begin(4096, 16);
        create_writer();
        for (uint32_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            int status;

            while ((status = rig_publish(0, 1, i, sizes[i])) == XRCE_ERR_NO_BUFFER) {
                settle();
            }
            CHECK_INT(status, XRCE_OK);
            for (int rounds = 0; rounds < 500 && peer.samples <= i; rounds++) {
                settle();
            }
            CHECK_INT(peer.samples, i + 1u);
            CHECK_INT(peer.sample_length, sizes[i]);
            for (uint32_t k = 4; k < sizes[i]; k++) {
                CHECK_INT(peer.sample[k], (uint8_t)k);
            }
        }
    }
    percent_lost = 0;
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
        say_reliable(submessage, length + 8u);
        return;
    }
    for (uint32_t at = 0; at < length + 8u; at += 200u) {
        uint32_t rest = length + 8u - at;
        uint8_t piece[204];

        xrce_subheader_write(piece, XRCE_FRAGMENT, rest <= 200u ? 3 : 1, rest < 200u ? rest : 200u);
        memcpy(piece + 4, submessage + at, rest < 200u ? rest : 200u);
        say_reliable(piece, 4u + (rest < 200u ? rest : 200u));
        for (int rounds = 0; rounds < 100 && (uint16_t)(out.next - out.acked) >= 16u; rounds++) {
            say_heartbeat();
            settle();
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

    for (percent_lost = 0; percent_lost <= 30u; percent_lost += 15u) {
        seed = percent_lost + 5u;
        begin(4096, 16);
        rig_in_callback = check_sample;
        bad_bytes = 0;
        next_first = 0;
        rig_world(0);
        CHECK_INT(rig_entity(0, XRCE_DATAREADER, 1, 1, 1, NULL, NULL, XRCE_QOS_RELIABLE, 0), XRCE_OK);
        CHECK_INT(xrce_client_read(&rig_client, 0, 1, 0xFFFF), XRCE_OK);
        for (int rounds = 0; rounds < 500 && entity(XRCE_DATAREADER)->status == XRCE_STATUS_PENDING; rounds++) {
            say_heartbeat();
            settle();
        }
        for (uint32_t i = 0; i < 100u; i++) {
            send_sample(sizes[i % 7u], (uint8_t)i);
            for (int rounds = 0; rounds < 500 && rig_seen_count <= i; rounds++) {
                say_heartbeat();
                settle();
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
    percent_lost = 0;
}

static void more_than_64_kib(void)
{
    begin(1u << 17, 16);
#if XRCE_SHM /* without shared memory a message is limited by the stream's memory */
    create_writer();
    CHECK_INT(rig_publish(0, 1, 7, 100000), XRCE_OK);
    for (int rounds = 0; rounds < 500 && peer.samples == 0u; rounds++) {
        settle();
    }
    CHECK_INT(peer.sample_length, 100000);
    CHECK_INT(peer.sample[99999], (uint8_t)99999u);
#else
    rig_world(0);
#endif
    CHECK_INT(rig_entity(0, XRCE_DATAREADER, 1, 1, 1, NULL, NULL, XRCE_QOS_RELIABLE, 0), XRCE_OK);
    CHECK_INT(xrce_client_read(&rig_client, 0, 1, 0xFFFF), XRCE_OK);
    settle();
    rig_in_callback = check_sample;
    bad_bytes = 0;
    next_first = 3;
    rig_seen_count = 0;
    send_sample(100000, 3);
    for (int rounds = 0; rounds < 500 && rig_seen_count == 0u; rounds++) {
        say_heartbeat();
        settle();
    }
    CHECK_INT(rig_seen_count, 1);
    CHECK_INT(rig_seen[0].length, 100000);
    CHECK_INT(bad_bytes, 0);
}

static void silence_disconnects_and_the_agent_comes_back(void)
{
    begin(64, 16);
    create_writer();
    settle();
    CHECK_INT(entity(XRCE_DATAWRITER)->status, XRCE_STATUS_OK);
    peer.mute = true;
    CHECK_INT(rig_publish(0, 1, 1, 4), XRCE_OK);
    for (int i = 0; i < 200 && rig_client.sessions[0].state == XRCE_SESSION_CONNECTED; i++) {
        settle();
    }
    CHECK_INT(rig_client.sessions[0].state, XRCE_SESSION_OFFLINE);
    /* A new Agent: knows nothing, gets the entities again, then samples. */
    memset(&peer, 0, sizeof(peer));
    memset(&out, 0, sizeof(out));
    for (int i = 0; i < 100 && (rig_client.sessions[0].state != XRCE_SESSION_CONNECTED ||
                                entity(XRCE_DATAWRITER)->status == XRCE_STATUS_PENDING); i++) {
        settle();
    }
    CHECK_INT(entity(XRCE_DATAWRITER)->status, XRCE_STATUS_OK);
    CHECK_INT(rig_publish(0, 1, 42, 4), XRCE_OK);
    for (int i = 0; i < 10; i++) {
        settle();
    }
    CHECK(peer.samples >= 1u);
    CHECK_INT(peer.sample[0], 42);
}

#if XRCE_SHM
static void a_cooperating_agent_gets_only_what_is_wanted(void)
{
    uint8_t info[16] = {XRCE_INFO, 1, 12, 0, 0, 0, 0, 0x15, 0, 0, 0, 1, 5, 0, 0, 0};

    begin(64, 16);
    peer.cooperative = true;
    CHECK_INT(xrce_client_close(&rig_client, 0, 0), XRCE_OK);
    rig_link_clear();
    CHECK_INT(xrce_client_open(&rig_client, key, 0), 0);
    settle();
    CHECK(rig_client.sessions[0].cooperative);
    memset(&out, 0, sizeof(out));
    peer.expected = peer.last = 0;
    create_writer();
    CHECK_INT(rig_entity(0, XRCE_DATAREADER, 1, 1, 1, NULL, NULL, XRCE_QOS_RELIABLE, 0), XRCE_OK);
    settle();
    rig_link_clear();
    for (uint32_t i = 0; i < 10u; i++) { /* fewer spins than the link is looked at after */
        uint8_t message[512];

        CHECK_INT(rig_publish(0, 1, i, 4), XRCE_OK);
        CHECK_INT(xrce_client_spin(&rig_client, 0), 1);
        CHECK_INT(rig_sent(message, sizeof(message)), 0);
    }
    CHECK_INT(peer.samples, 0);
    info[14] = 1;
    say_reliable(info, sizeof(info));
    settle();
    CHECK_INT(rig_publish(0, 1, 77, 4), XRCE_OK);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 1);
    settle();
    CHECK_INT(peer.samples, 1);
    CHECK_INT(peer.sample[0], 77);
    info[14] = 0;
    say_reliable(info, sizeof(info));
    settle();
    CHECK_INT(rig_publish(0, 1, 78, 4), XRCE_OK);
    settle();
    CHECK_INT(peer.samples, 1);
    CHECK_INT(rig_client.pool.free_count, 4);
}

static void a_dead_link_does_not_hold_local_samples(void)
{
    begin(64, 16);
    create_writer();
    CHECK_INT(rig_entity(0, XRCE_DATAREADER, 1, 1, 1, NULL, NULL, XRCE_QOS_RELIABLE, 0), XRCE_OK);
    settle();
    peer.mute = true;
    for (uint32_t i = 0; i < 200u; i++) {
        CHECK_INT(rig_publish(0, 1, i, 4), XRCE_OK);
        CHECK_INT(xrce_client_spin(&rig_client, 0), 1);
        agent();
    }
    CHECK_INT(rig_seen_count, 200);
}
#else
static void loans_in_the_stream(void)
{
    uint8_t *first;
    uint8_t *second;
    uint8_t *third;

    begin(64, 4);
    create_writer();
    CHECK_INT(rig_entity(0, XRCE_DATAWRITER, 2, 1, 1, NULL, NULL, XRCE_QOS_RELIABLE, 0), XRCE_OK);
    CHECK_INT(rig_entity(0, XRCE_DATAWRITER, 3, 1, 1, NULL, NULL, XRCE_QOS_RELIABLE, 0), XRCE_OK);
    settle();
    CHECK_INT(xrce_client_loan(&rig_client, 0, 1, 10, &first), XRCE_OK);
    CHECK_INT(xrce_client_loan(&rig_client, 0, 1, 10, &second), XRCE_ERR_STATE);
    CHECK_INT(xrce_client_loan(&rig_client, 0, 2, 10, &second), XRCE_OK);
    CHECK_INT(xrce_client_loan(&rig_client, 0, 3, 1000, &third), XRCE_ERR_TOO_LARGE);
    CHECK_INT(xrce_client_loan(&rig_client, 0, 3, 900, &third), XRCE_ERR_NO_BUFFER);
    memset(first, 1, 10);
    memset(second, 2, 10);
    CHECK_INT(xrce_client_publish(&rig_client, 0, 2), XRCE_OK);
    settle();
    CHECK_INT(peer.samples, 0); /* the one before it is not written yet */
    CHECK_INT(xrce_client_cancel(&rig_client, 0, 1), XRCE_OK);
    settle();
    CHECK_INT(peer.samples, 1);
    CHECK_INT(peer.sample[0], 2);
    CHECK_INT(xrce_client_loan(&rig_client, 0, 3, 900, &third), XRCE_OK);
    CHECK_INT(xrce_client_cancel(&rig_client, 0, 3), XRCE_OK);
    CHECK_INT(xrce_client_loan(&rig_client, 0, 3, 900, &third), XRCE_OK);
    for (uint32_t i = 0; i < 900u; i++) {
        third[i] = (uint8_t)i;
    }
    CHECK_INT(xrce_client_publish(&rig_client, 0, 3), XRCE_OK);
    settle();
    CHECK_INT(peer.samples, 2);
    CHECK_INT(peer.sample_length, 900);
    CHECK_INT(peer.sample[899], (uint8_t)899u);
}
#endif

static void hostile_bytes_do_no_harm(void)
{
    uint8_t message[256];

    seed = 1;
    for (uint32_t i = 0; i < 50000u; i++) {
        uint32_t length = 1u + (seed >> 8) % 64u;

        if (i % 500u == 0u) {
            begin(64, 4);
            create_writer();
            CHECK_INT(rig_entity(0, XRCE_DATAREADER, 1, 1, 1, NULL, NULL, XRCE_QOS_RELIABLE, 0), XRCE_OK);
            CHECK_INT(xrce_client_read(&rig_client, 0, 1, 0xFFFF), XRCE_OK);
            settle();
        }
        for (uint32_t k = 0; k < length; k++) {
            (void)lost();
            message[k] = (uint8_t)(seed >> 20);
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
    RUN(silence_disconnects_and_the_agent_comes_back);
#if XRCE_SHM
    RUN(a_cooperating_agent_gets_only_what_is_wanted);
    RUN(a_dead_link_does_not_hold_local_samples);
#else
    RUN(loans_in_the_stream);
#endif
    RUN(hostile_bytes_do_no_harm);
    return 0;
}
