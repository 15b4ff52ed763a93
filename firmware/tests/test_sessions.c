/*
 * Two sessions of one MCU behind an Agent that does not know that they are one: it sends the samples of one session to
 * the readers of the other, and within a session it may or may not.
 */
#include "check.h"
#include "entity/xrce_entity.h"
#include "rig.h"
#include "session/xrce_session.h"

#define RELIABLE (XRCE_QOS_RELIABLE | XRCE_QOS_KEEP_LAST)

static const uint8_t keys[2][4] = {{1, 2, 3, 4}, {9, 9, 9, 9}};
static uint16_t sequence[2];

/* One message of the Agent to one of the sessions. */
static void say(uint8_t session, uint8_t stream, const uint8_t *body, uint32_t length)
{
    uint8_t message[XRCE_MAX_HEADER_BYTES + 64];
    uint16_t number = stream == XRCE_STREAM_NONE ? 0u : sequence[session]++;
    uint32_t at = xrce_header_write(message, &rig_client.sessions[session].peer, stream, number);

    CHECK_INT(at, 8);
    CHECK(memcmp(message + 4, keys[session], 4) == 0);
    memcpy(message + at, body, length);
    rig_answer(message, at + length);
    CHECK(xrce_client_spin(&rig_client, 0) >= 0);
}

/* A four-byte sample for reader 1 of the session. Returns how many callbacks it made. */
static unsigned sample_comes(uint8_t session, uint8_t value)
{
    const uint8_t data[12] = {XRCE_DATA, 1, 8, 0, 0, 10, 0, 0x16, value, 0, 0, 0};
    unsigned before = rig_seen_count;

    say(session, XRCE_STREAM_BEST_EFFORT, data, sizeof(data));
    return rig_seen_count - before;
}

/* The Agent has all that came by the reliable stream. */
static void acknowledge(uint8_t session)
{
    uint16_t next = rig_client.sessions[session].out[XRCE_OUT_RELIABLE].unsent;
    const uint8_t body[9] = {XRCE_ACKNACK, 1, 5, 0, (uint8_t)next, (uint8_t)(next >> 8), 0, 0, XRCE_STREAM_RELIABLE};

    say(session, XRCE_STREAM_NONE, body, sizeof(body));
}

/* In each session a writer and a reader that asked; the readers have what was published by shared memory. */
static void begin(void)
{
    static const uint8_t accepted[15] = {4, 1, 11, 0, 0, 0, 0x58, 0x52, 0x43, 0x45, 1, 0, 1, 0x0F, 0};

    rig_sessions = 2;
    rig_start(true, 32, 64);
    rig_sessions = 1;
    for (uint8_t i = 0; i < 2u; i++) {
        sequence[i] = 0;
        CHECK_INT(xrce_client_open(&rig_client, keys[i], 0), i);
        say(i, XRCE_STREAM_NONE, accepted, sizeof(accepted));
        CHECK_INT(rig_client.sessions[i].state, XRCE_SESSION_CONNECTED);
        rig_world(i);
        CHECK_INT(rig_entity(i, XRCE_DATAWRITER, 1, 1, 1, NULL, NULL, RELIABLE, 0), XRCE_OK);
        CHECK_INT(rig_entity(i, XRCE_DATAREADER, 1, 1, 1, NULL, NULL, RELIABLE, 0), XRCE_OK);
        xrce_entity_find(&rig_client.entities, XRCE_KEY(i, XRCE_OBJECT(1, XRCE_DATAWRITER)))->flags &=
            (uint8_t)~XRCE_E_RELIABLE_STREAM; /* nobody acknowledges samples here */
        CHECK_INT(xrce_client_read(&rig_client, i, 1, 0xFFFF), XRCE_OK);
    }
}

/* Published, delivered here to both readers, and gone to the Agent. */
static void publish(uint8_t session, uint8_t value)
{
    CHECK_INT(rig_publish(session, 1, value, 4), XRCE_OK);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 2);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 0);
    CHECK(rig_client.sessions[session].link_head == NULL);
}

static void what_comes_back_to_either_session_is_recognised(void)
{
    begin();
    publish(0, 1);
    CHECK_INT(sample_comes(0, 1), 0);
    CHECK_INT(sample_comes(1, 1), 0);
    CHECK_INT(sample_comes(0, 1), 1); /* somebody else's, of the same bytes */
    CHECK_INT(sample_comes(1, 2), 1);
    /* One that a reader has had back does not come back to it once more, while another one still waits for it. */
    publish(0, 3);
    CHECK_INT(sample_comes(0, 3), 0);
    publish(0, 4);
    CHECK_INT(sample_comes(0, 3), 1);
    CHECK_INT(sample_comes(1, 3), 0);
}

/* The streams of two sessions keep no order between each other. */
static void echoes_may_overtake_each_other(void)
{
    begin();
    for (uint8_t value = 10; value < 14u; value++) {
        publish(value & 1u, value);
    }
    for (uint8_t value = 14; value-- > 10u;) {
        CHECK_INT(sample_comes(0, value), 0);
        CHECK_INT(sample_comes(1, value), 0);
    }
    CHECK_INT(sample_comes(0, 12), 1);
    CHECK_INT(rig_client.echoes.first, rig_client.echoes.next);
}

/* As with Fast DDS: nothing comes back within a session, all across. */
static void an_agent_may_echo_across_sessions_only(void)
{
    begin();
    for (uint8_t value = 0; value < XRCE_ECHO_SAMPLES; value++) {
        publish(0, value);
        CHECK_INT(sample_comes(1, value), 0);
    }
    acknowledge(0);
    CHECK_INT(rig_publish(0, 1, 99, 4), XRCE_OK); /* waits: the readers of its own session have none back */
    CHECK_INT(xrce_client_spin(&rig_client, 0), 2);
    CHECK(rig_client.sessions[0].link_head != NULL);
    CHECK_INT(xrce_client_spin(&rig_client, XRCE_ECHO_MS), 0);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 0);
    CHECK(rig_client.sessions[0].link_head == NULL);
    CHECK_INT(sample_comes(1, 99), 0);
    for (uint32_t round = 0; round < 100u; round++) { /* from now on nothing waits */
        publish(0, (uint8_t)round);
        CHECK_INT(sample_comes(1, (uint8_t)round), 0);
    }
    publish(0, 7);
    CHECK_INT(sample_comes(0, 7), 1); /* somebody else's */
}

/* Nothing comes back to a session that has no Agent: the other one does not wait for it. */
static void a_session_that_is_cut_off_holds_nobody_up(void)
{
    begin();
    publish(0, 1);
    CHECK_INT(sample_comes(0, 1), 0);
    CHECK_INT(sample_comes(1, 1), 0);
    xrce_session_disconnected(&rig_client, &rig_client.sessions[1]);
    for (uint32_t round = 0; round < 3u * XRCE_ECHO_SAMPLES; round++) {
        publish(0, (uint8_t)round);
        CHECK_INT(sample_comes(0, (uint8_t)round), 0);
    }
}

static void a_late_reader_takes_no_echo_for_its_own(void)
{
    begin();
    CHECK_INT(xrce_client_delete(&rig_client, 1, XRCE_DATAREADER, 1, 0), XRCE_OK);
    CHECK_INT(rig_publish(0, 1, 5, 4), XRCE_OK);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 1);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 0);
    CHECK_INT(rig_entity(1, XRCE_DATAREADER, 1, 1, 1, NULL, NULL, RELIABLE, 0), XRCE_OK);
    CHECK_INT(xrce_client_read(&rig_client, 1, 1, 0xFFFF), XRCE_OK);
    CHECK_INT(sample_comes(1, 5), 1);
    CHECK_INT(sample_comes(0, 5), 0);
}

int main(void)
{
    RUN(what_comes_back_to_either_session_is_recognised);
    RUN(echoes_may_overtake_each_other);
    RUN(an_agent_may_echo_across_sessions_only);
    RUN(a_session_that_is_cut_off_holds_nobody_up);
    RUN(a_late_reader_takes_no_echo_for_its_own);
    return 0;
}
