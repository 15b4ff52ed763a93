/* Requests and replies: by shared memory between entities of one MCU, and over the link. */
#include "check.h"
#include "rig.h"
#include "small_agent.h"

static const uint8_t key[4] = {1, 2, 3, 4};

static void begin(bool link)
{
    agent_reset();
    agent_in.cooperative = false;
    rig_start(link, 16, 256);
    CHECK_INT(xrce_client_open(&rig_client, key, 0), 0);
    if (link) {
        agent_settle();
        CHECK_INT(rig_client.sessions[0].state, XRCE_SESSION_CONNECTED);
    }
    rig_world(0);
}

/* What stands in an object id on the wire. */
static void object_bytes(uint8_t *place, uint16_t id, uint8_t kind)
{
    place[0] = (uint8_t)(id >> 4);
    place[1] = (uint8_t)((uint32_t)id << 4 | kind);
}

static void over_the_link(void)
{
    /* DATA with request id and object id, then what a replier gets: identity and request. */
    uint8_t request[4 + 4 + 24 + 4] = {XRCE_DATA, 1, 32, 0, 0, 10};
    uint8_t reply[4 + 4 + 4 + 4] = {XRCE_DATA, 1, 12, 0, 0, 10};
    int id;

    begin(true);
    CHECK_INT(rig_service(0, XRCE_REPLIER, 1), XRCE_OK);
    CHECK_INT(xrce_client_ask(&rig_client, 0, XRCE_REPLIER, 1, 0xFFFF), XRCE_OK);
    agent_settle();
    object_bytes(request + 6, 1, XRCE_REPLIER);
    for (uint8_t i = 0; i < 24u; i++) {
        request[8 + i] = (uint8_t)(0xA0u + i);
    }
    request[32] = 0x77;
    agent_say(request, sizeof(request));
    agent_settle();
    CHECK_INT(rig_seen_count, 1);
    CHECK_INT(rig_seen[0].kind, XRCE_REPLIER);
    CHECK_INT(rig_seen[0].first, 0x77);
    CHECK_INT(rig_seen[0].length, 4);
    CHECK(!rig_seen[0].local);
    CHECK(memcmp(rig_seen[0].identity, request + 8, 24) == 0);
    CHECK_INT(rig_reply(0, 1, rig_seen[0].identity, 0x88, 4), XRCE_OK);
    agent_settle();
    CHECK_INT(agent_in.samples, 1);
    CHECK_INT(agent_in.sample_length, 28);
    CHECK(memcmp(agent_in.sample, request + 8, 24) == 0);
    CHECK_INT(agent_in.sample[24], 0x88);

    /* Nobody serves it here: the request goes out, and its reply comes back under its id. */
    begin(true);
    CHECK_INT(rig_service(0, XRCE_REQUESTER, 2), XRCE_OK);
    CHECK_INT(xrce_client_ask(&rig_client, 0, XRCE_REQUESTER, 2, 0xFFFF), XRCE_OK);
    agent_settle();
    id = rig_request(0, 2, 0x99, 4);
    CHECK(id >= (int)XRCE_REQUEST_FIRST);
    agent_settle();
    CHECK_INT(agent_in.samples, 1);
    CHECK_INT(agent_in.sample[0], 0x99);
    object_bytes(reply + 6, 2, XRCE_REQUESTER);
    reply[8] = (uint8_t)(id >> 8);
    reply[9] = (uint8_t)id;
    object_bytes(reply + 10, 2, XRCE_REQUESTER);
    reply[12] = 0x55;
    agent_say(reply, sizeof(reply));
    agent_settle();
    CHECK_INT(rig_seen_count, 1);
    CHECK_INT(rig_seen[0].kind, XRCE_REQUESTER);
    CHECK_INT(rig_seen[0].request, id);
    CHECK_INT(rig_seen[0].first, 0x55);
    CHECK_INT(rig_client.delivered_link, 1);
    reply[2] = 6; /* cut inside the request id's object */
    agent_say(reply, 10);
    agent_settle();
    CHECK_INT(rig_seen_count, 1);
    CHECK_INT(rig_client.lost_link, 1);
}

static void rules(void)
{
    uint8_t *place;

    begin(true);
    CHECK_INT(xrce_service_request(&rig_client, 0, 1), XRCE_ERR_UNKNOWN);
    CHECK_INT(rig_service(0, XRCE_REQUESTER, 1), XRCE_OK);
    CHECK_INT(xrce_service_request(&rig_client, 0, 1), XRCE_ERR_STATE);
    CHECK_INT(xrce_service_loan(&rig_client, 0, XRCE_DATAWRITER, 1, 4, &place), XRCE_ERR_ARGUMENT);
    CHECK_INT(xrce_service_loan(&rig_client, 0, XRCE_REQUESTER, 1, UINT32_MAX, &place), XRCE_ERR_TOO_LARGE);
    CHECK_INT(xrce_service_loan(&rig_client, 0, XRCE_REQUESTER, 1, 4, &place), XRCE_OK);
    CHECK_INT(xrce_service_loan(&rig_client, 0, XRCE_REQUESTER, 1, 4, &place), XRCE_ERR_STATE);
    CHECK_INT(xrce_service_cancel(&rig_client, 0, XRCE_REQUESTER, 1), XRCE_OK);
    CHECK_INT(xrce_service_cancel(&rig_client, 0, XRCE_REQUESTER, 1), XRCE_ERR_STATE);
    CHECK_INT(xrce_client_ask(&rig_client, 0, XRCE_TOPIC, 1, 1), XRCE_ERR_ARGUMENT);
}

#if XRCE_SHM
static void each_reply_reaches_its_requester(void)
{
    uint16_t asked[2][5];

    begin(false);
    CHECK_INT(rig_service(0, XRCE_REQUESTER, 1), XRCE_OK);
    CHECK_INT(rig_service(0, XRCE_REPLIER, 1), XRCE_OK);
    CHECK_INT(rig_service(0, XRCE_REQUESTER, 2), XRCE_OK);
    for (uint32_t i = 0; i < 5u; i++) {
        for (uint32_t who = 0; who < 2u; who++) {
            int id = rig_request(0, (uint16_t)(who + 1u), 100u * who + i, 4);

            CHECK(id > 0);
            asked[who][i] = (uint16_t)id;
        }
    }
    CHECK_INT(xrce_client_spin(&rig_client, 0), 10);
    for (uint32_t k = 10; k-- > 0u;) { /* answered in another order than asked */
        CHECK_INT(rig_seen[k].kind, XRCE_REPLIER);
        CHECK(rig_seen[k].local);
        CHECK_INT(rig_seen[k].first, 100u * (k % 2u) + k / 2u);
        CHECK_INT(rig_reply(0, 1, rig_seen[k].identity, rig_seen[k].first + 1000u, 8), XRCE_OK);
    }
    CHECK_INT(xrce_client_spin(&rig_client, 0), 10);
    for (uint32_t k = 10; k < 20u; k++) {
        uint32_t question = rig_seen[k].first - 1000u;

        CHECK_INT(rig_seen[k].kind, XRCE_REQUESTER);
        CHECK_INT(rig_seen[k].length, 8);
        CHECK_INT(rig_seen[k].reader, question / 100u + 1u);
        CHECK_INT(rig_seen[k].request, asked[question / 100u][question % 100u]);
    }
    CHECK_INT(rig_client.pool.free_count, 16);
    CHECK_INT(rig_client.shm.delivered, 20);
}

static void answer_at_once(const xrce_service_sample_t *message)
{
    if (message->kind == XRCE_REPLIER) {
        CHECK_INT(rig_reply(message->sample.session, message->sample.reader, message->identity, 7, 4), XRCE_OK);
    }
}

static void across_sessions_and_in_callbacks(void)
{
    static const uint8_t other[4] = {9, 9, 9, 9};
    int id;

    rig_sessions = 2;
    begin(false);
    rig_sessions = 1;
    CHECK_INT(xrce_client_open(&rig_client, other, 0), 1);
    rig_world(1);
    CHECK_INT(rig_service(0, XRCE_REQUESTER, 3), XRCE_OK);
    CHECK_INT(rig_service(1, XRCE_REPLIER, 3), XRCE_OK);
    rig_in_service = answer_at_once;
    id = rig_request(0, 3, 1, 4);
    CHECK(id > 0);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 1);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 1);
    CHECK_INT(rig_seen[1].session, 0);
    CHECK_INT(rig_seen[1].request, id);
}

static void a_service_of_another_name_or_type_hears_nothing(void)
{
    static const char *const texts[3][3] = {{"svd", "Q", "R"}, {"svc", "P", "R"}, {"svc", "Q", "S"}};

    begin(false);
    CHECK_INT(rig_service(0, XRCE_REQUESTER, 1), XRCE_OK);
    for (uint16_t i = 0; i < 3u; i++) {
        xrce_create_t create = {.kind = XRCE_REPLIER, .form = XRCE_BIN, .id = (uint16_t)(i + 1u), .parent = 1};

        memcpy(create.text, texts[i], sizeof(texts[i]));
        CHECK_INT(xrce_client_create(&rig_client, &create, 0), XRCE_OK);
    }
    CHECK_INT(rig_request(0, 1, 1, 4), XRCE_ERR_STATE); /* neither a replier nor an Agent */
    CHECK_INT(xrce_service_cancel(&rig_client, 0, XRCE_REQUESTER, 1), XRCE_OK);
    CHECK_INT(rig_client.pool.free_count, 16);
}

static void xml_matches_bin(const char *xml)
{
    xrce_create_t create = {.kind = XRCE_REPLIER, .form = XRCE_XML, .id = 4, .parent = 1, .text = {xml}};

    begin(false);
    CHECK_INT(rig_service(0, XRCE_REQUESTER, 1), XRCE_OK);
    CHECK_INT(xrce_client_create(&rig_client, &create, 0), XRCE_OK);
    CHECK(rig_request(0, 1, 1, 4) > 0);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 1);
    CHECK_INT(rig_seen[0].reader, 4);
    create = (xrce_create_t){.kind = XRCE_REPLIER, .form = XRCE_REF, .id = 5, .parent = 1, .text = {"ref"}};
    CHECK_INT(xrce_client_create(&rig_client, &create, 0), XRCE_OK); /* only an Agent knows what it means */
    CHECK(rig_request(0, 1, 1, 4) > 0);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 1);
}

static void xml_is_read_as_it_is_written(void)
{
    xml_matches_bin(
        "<dds><replier profile_name=\"p\" service_name=\"svc\" request_type='Q' reply_type=\"R\"></replier></dds>");
    xml_matches_bin("<dds><replier profile_name=\"p\"service_name=\"svc\"request_type='Q'reply_type=\"R\"></replier></dds>");
}

static void those_who_leave(void)
{
    begin(false);
    CHECK_INT(rig_service(0, XRCE_REQUESTER, 1), XRCE_OK);
    CHECK_INT(rig_service(0, XRCE_REQUESTER, 2), XRCE_OK);
    CHECK_INT(rig_service(0, XRCE_REPLIER, 1), XRCE_OK);
    CHECK(rig_request(0, 1, 1, 4) > 0);
    CHECK(rig_request(0, 2, 2, 4) > 0);
    CHECK_INT(xrce_client_delete(&rig_client, 0, XRCE_REQUESTER, 1, 0), XRCE_OK);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 2); /* what was accepted is delivered */
    CHECK_INT(rig_reply(0, 1, rig_seen[0].identity, 1, 4), XRCE_ERR_UNKNOWN);
    CHECK_INT(xrce_service_cancel(&rig_client, 0, XRCE_REPLIER, 1), XRCE_OK);
    CHECK_INT(rig_reply(0, 1, rig_seen[1].identity, 1, 4), XRCE_OK);
    CHECK_INT(xrce_client_delete(&rig_client, 0, XRCE_REPLIER, 1, 0), XRCE_OK);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 1);
    CHECK_INT(rig_seen[2].reader, 2);
    CHECK_INT(xrce_client_delete(&rig_client, 0, XRCE_REQUESTER, 2, 0), XRCE_OK);
    CHECK_INT(rig_client.entities.used, 4);
    CHECK_INT(rig_client.pool.free_count, 16);
}

static void local_requests_stay_off_the_link(void)
{
    begin(true);
    CHECK_INT(rig_service(0, XRCE_REQUESTER, 1), XRCE_OK);
    CHECK_INT(rig_service(0, XRCE_REPLIER, 1), XRCE_OK);
    agent_settle();
    rig_in_service = answer_at_once;
    CHECK(rig_request(0, 1, 1, 4) > 0);
    agent_settle();
    agent_settle();
    CHECK_INT(rig_seen_count, 2);
    CHECK_INT(agent_in.samples, 0);
}
#endif

int main(void)
{
    RUN(over_the_link);
    RUN(rules);
#if XRCE_SHM
    RUN(each_reply_reaches_its_requester);
    RUN(across_sessions_and_in_callbacks);
    RUN(a_service_of_another_name_or_type_hears_nothing);
    RUN(xml_is_read_as_it_is_written);
    RUN(those_who_leave);
    RUN(local_requests_stay_off_the_link);
#endif
    return 0;
}
