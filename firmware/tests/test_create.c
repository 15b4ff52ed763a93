/* Creation over what stands already, and in DDS domains: what becomes of it, and who hears whom afterwards. */
#include "check.h"
#include "entity/xrce_entity.h"
#include "rig.h"

#define RELIABLE XRCE_QOS_RELIABLE
#define BOTH (XRCE_REUSE | XRCE_REPLACE)
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const uint8_t key[4] = {1, 2, 3, 4};

static const char xml_writer[] =
    "<dds><data_writer><topic><kind>NO_KEY</kind><name>rt/t</name><dataType>T</dataType></topic>"
    "<qos><reliability><kind>BEST_EFFORT</kind></reliability></qos></data_writer></dds>";
static const char xml_writer_reliable[] =
    "<dds><data_writer><topic><kind>NO_KEY</kind><name>rt/t</name><dataType>T</dataType></topic>"
    "<qos><reliability><kind>RELIABLE</kind></reliability></qos></data_writer></dds>";
static const char xml_topic[] = "<dds><topic><name>rt/t</name><dataType>T</dataType></topic></dds>";
static const char xml_other_topic[] = "<dds><topic><name>rt/u</name><dataType>T</dataType></topic></dds>";
static const char xml_replier[] =
    "<dds><replier profile_name=\"p\" service_name=\"svc\" request_type=\"Q\" reply_type=\"R\"></replier></dds>";

static void begin(void)
{
    rig_start(false, 8, 64);
    CHECK_INT(xrce_client_open(&rig_client, key, 0), 0);
    rig_world(0);
    /* Another topic, and other groups, for those who want to move. */
    CHECK_INT(rig_entity(0, XRCE_TOPIC, 2, 1, 0, "rt/u", "T", 0, 0), XRCE_OK);
    CHECK_INT(rig_entity(0, XRCE_PUBLISHER, 2, 1, 0, NULL, NULL, 0, 0), XRCE_OK);
    CHECK_INT(rig_entity(0, XRCE_SUBSCRIBER, 2, 1, 0, NULL, NULL, 0, 0), XRCE_OK);
}

static int make(xrce_create_t what, uint8_t mode)
{
    what.mode = mode;
    return xrce_client_create(&rig_client, &what, 0);
}

static const xrce_entity_t *entity(uint8_t kind, uint16_t id)
{
    return xrce_entity_find(&rig_client.entities, XRCE_KEY(0, XRCE_OBJECT(id, kind)));
}

#define WRITER(form_, topic_, qos_) \
    {.kind = XRCE_DATAWRITER, .form = form_, .id = 9, .parent = 1, .topic = topic_, .qos = qos_}
#define READER(qos_) {.kind = XRCE_DATAREADER, .form = XRCE_BIN, .id = 9, .parent = 1, .topic = 1, .qos = qos_}
#define SERVICE(form_, ...) \
    {.kind = XRCE_REPLIER, .form = form_, .id = 9, .parent = 1, .text = {__VA_ARGS__}}
#define TOPIC(form_, ...) {.kind = XRCE_TOPIC, .form = form_, .id = 9, .parent = 1, .text = {__VA_ARGS__}}
#define GROUP(kind_, parent_) {.kind = kind_, .form = XRCE_BIN, .id = 9, .parent = parent_}
#define DOMAIN(number) {.kind = XRCE_PARTICIPANT, .form = XRCE_BIN, .id = 9, .domain = number}

typedef struct {
    const char *what;
    xrce_create_t old;
    xrce_create_t asked;
    bool same;
} row_t;

static const row_t rows[] = {
    {"BIN writer", WRITER(XRCE_BIN, 1, 0), WRITER(XRCE_BIN, 1, 0), true},
    {"its reliability", WRITER(XRCE_BIN, 1, 0), WRITER(XRCE_BIN, 1, RELIABLE), false},
    {"its durability", WRITER(XRCE_BIN, 1, 0), WRITER(XRCE_BIN, 1, XRCE_QOS_TRANSIENT_LOCAL), false},
    {"its history", WRITER(XRCE_BIN, 1, 0), WRITER(XRCE_BIN, 1, XRCE_QOS_KEEP_LAST), false},
    {"its topic", WRITER(XRCE_BIN, 1, 0), WRITER(XRCE_BIN, 2, 0), false},
    {"its depth", WRITER(XRCE_BIN, 1, 0),
     {.kind = XRCE_DATAWRITER, .form = XRCE_BIN, .id = 9, .parent = 1, .topic = 1, .depth = 3}, false},
    {"its stream", WRITER(XRCE_BIN, 1, 0),
     {.kind = XRCE_DATAWRITER, .form = XRCE_BIN, .id = 9, .parent = 1, .topic = 1, .reliable_stream = true}, false},
    {"its publisher is not compared", WRITER(XRCE_BIN, 1, 0),
     {.kind = XRCE_DATAWRITER, .form = XRCE_BIN, .id = 9, .parent = 2, .topic = 1}, true},
    {"nor is one that does not exist", WRITER(XRCE_BIN, 1, 0),
     {.kind = XRCE_DATAWRITER, .form = XRCE_BIN, .id = 9, .parent = 77, .topic = 1}, true},
    {"the same in XML", WRITER(XRCE_BIN, 1, 0),
     {.kind = XRCE_DATAWRITER, .form = XRCE_XML, .id = 9, .parent = 1, .text = {xml_writer}}, true},
    {"another in XML", WRITER(XRCE_BIN, 1, 0),
     {.kind = XRCE_DATAWRITER, .form = XRCE_XML, .id = 9, .parent = 1, .text = {xml_writer_reliable}}, false},
    {"XML writer", {.kind = XRCE_DATAWRITER, .form = XRCE_XML, .id = 9, .parent = 1, .text = {xml_writer}},
     {.kind = XRCE_DATAWRITER, .form = XRCE_XML, .id = 9, .parent = 1, .text = {xml_writer}}, true},
    {"a reference is nothing but itself", WRITER(XRCE_BIN, 1, 0),
     {.kind = XRCE_DATAWRITER, .form = XRCE_REF, .id = 9, .parent = 1, .topic = 1, .text = {"w"}}, false},
    {"REF writer", {.kind = XRCE_DATAWRITER, .form = XRCE_REF, .id = 9, .parent = 1, .topic = 1, .text = {"w"}},
     {.kind = XRCE_DATAWRITER, .form = XRCE_REF, .id = 9, .parent = 1, .topic = 1, .text = {"w"}}, true},
    {"another REF writer", {.kind = XRCE_DATAWRITER, .form = XRCE_REF, .id = 9, .parent = 1, .topic = 1, .text = {"w"}},
     {.kind = XRCE_DATAWRITER, .form = XRCE_REF, .id = 9, .parent = 1, .topic = 1, .text = {"v"}}, false},
    {"reader", READER(0), READER(0), true},
    {"another reader", READER(0), READER(RELIABLE), false},
    {"topic", TOPIC(XRCE_BIN, "a", "A"), TOPIC(XRCE_BIN, "a", "A"), true},
    {"its name", TOPIC(XRCE_BIN, "a", "A"), TOPIC(XRCE_BIN, "b", "A"), false},
    {"its type", TOPIC(XRCE_BIN, "a", "A"), TOPIC(XRCE_BIN, "a", "B"), false},
    {"topic in XML", TOPIC(XRCE_BIN, "rt/t", "T"), TOPIC(XRCE_XML, xml_topic), true},
    {"another in XML", TOPIC(XRCE_XML, xml_topic), TOPIC(XRCE_XML, xml_other_topic), false},
    {"REF topic", TOPIC(XRCE_REF, "t"), TOPIC(XRCE_REF, "t"), true},
    {"another REF topic", TOPIC(XRCE_REF, "t"), TOPIC(XRCE_REF, "s"), false},
    {"publisher", GROUP(XRCE_PUBLISHER, 1), GROUP(XRCE_PUBLISHER, 5), true},
    {"subscriber", GROUP(XRCE_SUBSCRIBER, 1), GROUP(XRCE_SUBSCRIBER, 1), true},
    {"participant", DOMAIN(7), DOMAIN(7), true},
    {"another domain", DOMAIN(7), DOMAIN(8), false},
    {"a participant's name is not compared", DOMAIN(7),
     {.kind = XRCE_PARTICIPANT, .form = XRCE_XML, .id = 9, .domain = 7, .text = {"<dds/>"}}, true},
    {"service", SERVICE(XRCE_BIN, "svc", "Q", "R"), SERVICE(XRCE_BIN, "svc", "Q", "R"), true},
    {"its type", SERVICE(XRCE_BIN, "svc", "Q", "R"), SERVICE(XRCE_BIN, "svc", "P", "R"), false},
    {"its topic", SERVICE(XRCE_BIN, "svc", "Q", "R"), SERVICE(XRCE_BIN, "svc", "Q", "R", "rq", "rr"), false},
    {"service in XML", SERVICE(XRCE_BIN, "svc", "Q", "R"), SERVICE(XRCE_XML, xml_replier), true},
    {"REF service", SERVICE(XRCE_REF, "s"), SERVICE(XRCE_REF, "s"), true},
    {"another REF service", SERVICE(XRCE_REF, "s"), SERVICE(XRCE_REF, "t"), false},
};

/* Every mode on every kind. Whether the old one went on is told by a mark on its row. */
static void every_mode(void)
{
    static const uint8_t modes[] = {0, XRCE_REUSE, XRCE_REPLACE, BOTH};

    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t k = 0; k < COUNT(modes); k++) {
            const row_t *row = &rows[i];
            bool keeps = modes[k] != XRCE_REPLACE && (modes[k] != BOTH || row->same);
            int expected = modes[k] == 0u                               ? XRCE_ERR_REFUSED
                           : modes[k] == XRCE_REUSE && !row->same ? XRCE_ERR_MISMATCH
                                                                  : XRCE_OK;
            xrce_entity_t *old;
            uint16_t names;
            int status;

            begin();
            CHECK_INT(make(row->old, 0), XRCE_OK);
            old = xrce_entity_find(&rig_client.entities, XRCE_KEY(0, XRCE_OBJECT(9, row->old.kind)));
            old->request = 0x7777;
            names = rig_client.names.used;
            if (!keeps && row->asked.parent > 2u) {
                expected = XRCE_ERR_UNKNOWN; /* a new one needs its parent */
            }
            status = make(row->asked, modes[k]);
            if (status != expected) {
                fprintf(stderr, "%s, mode %u\n", row->what, modes[k]);
            }
            CHECK_INT(status, expected);
            if (expected != XRCE_ERR_UNKNOWN) {
                CHECK_INT(entity(row->old.kind, 9)->request, keeps ? 0x7777 : 0);
            }
            CHECK(!keeps || rig_client.names.used == names);
            CHECK_INT(xrce_client_close(&rig_client, 0, 0), XRCE_OK);
            CHECK_INT(rig_client.names.used, 0);
            CHECK_INT(rig_client.entities.used, 0);
        }
    }
}

static uint8_t verdict;

/* The Agent accepts the login, and judges what is created. */
static void judge(void)
{
    uint8_t message[512];
    uint32_t length;

    while ((length = rig_sent(message, sizeof(message))) != 0u) {
        const uint8_t accepted[19] = {0x81, 0, 0, 0, 4, 1, 11, 0, 0, 0, 0x58, 0x52, 0x43, 0x45, 1, 0, 1, 0x0F, 0};
        uint8_t status[14] = {0x81, 0, 0, 0, XRCE_STATUS, 1, 6, 0, 0, 0, 0, 0, verdict, 0};

        if (message[4] == XRCE_CREATE_CLIENT) {
            rig_answer(accepted, sizeof(accepted));
        } else if (message[4] == XRCE_CREATE) {
            memcpy(status + 8, message + 8, 4);
            rig_answer(status, sizeof(status));
        }
    }
}

static void what_only_the_agent_knows_is_refused_there(void)
{
    const xrce_create_t participant = DOMAIN(3);

    rig_start(true, 8, 64);
    rig_idle = judge;
    CHECK_INT(xrce_client_open(&rig_client, key, 100), 0);
    verdict = XRCE_STATUS_MISMATCH;
    CHECK_INT(xrce_client_create(&rig_client, &participant, 100), XRCE_ERR_MISMATCH);
    verdict = 0x83;
    CHECK_INT(xrce_client_create(&rig_client, &participant, 100), XRCE_ERR_REFUSED);
    verdict = XRCE_STATUS_OK_MATCHED;
    CHECK_INT(xrce_client_create(&rig_client, &participant, 100), XRCE_OK);
    rig_idle = NULL;
}

static void what_is_refused_leaves_the_old_one(void)
{
    const xrce_create_t nowhere = WRITER(XRCE_BIN, 55, 0);

    begin();
    CHECK_INT(make((xrce_create_t)WRITER(XRCE_BIN, 1, 0), 0), XRCE_OK);
    CHECK_INT(make(nowhere, BOTH), XRCE_ERR_UNKNOWN);
    CHECK(entity(XRCE_DATAWRITER, 9) != NULL);
}

#if XRCE_SHM
static void publish_reaches(uint32_t count)
{
    CHECK_INT(rig_publish(0, 9, 5, 4), XRCE_OK);
    CHECK_INT(xrce_client_spin(&rig_client, 0), count);
}

static void local_matching_follows_the_replaced_definition(void)
{
    const xrce_create_t best_effort = WRITER(XRCE_BIN, 1, 0);
    const xrce_create_t reliable = WRITER(XRCE_BIN, 1, RELIABLE);
    const xrce_create_t in_xml = {.kind = XRCE_DATAWRITER, .form = XRCE_XML, .id = 9, .parent = 1,
                                  .text = {xml_writer_reliable}};
    const xrce_create_t by_name = {.kind = XRCE_DATAWRITER, .form = XRCE_REF, .id = 9, .parent = 1, .topic = 1,
                                   .qos = RELIABLE, .text = {"w"}};
    const xrce_create_t elsewhere = WRITER(XRCE_BIN, 2, RELIABLE);

    begin();
    CHECK_INT(rig_entity(0, XRCE_DATAREADER, 1, 1, 1, NULL, NULL, RELIABLE, 0), XRCE_OK);
    CHECK_INT(make(best_effort, 0), XRCE_OK);
    publish_reaches(0);
    CHECK_INT(make(reliable, XRCE_REUSE), XRCE_ERR_MISMATCH);
    publish_reaches(0);
    CHECK_INT(make(reliable, BOTH), XRCE_OK);
    publish_reaches(1);
    CHECK_INT(make(in_xml, BOTH), XRCE_OK); /* the same, said otherwise */
    publish_reaches(1);
    CHECK_INT(entity(XRCE_DATAWRITER, 9)->form & 0x0F, XRCE_BIN);
    CHECK_INT(make(by_name, BOTH), XRCE_OK);
    publish_reaches(1);
    CHECK_INT(entity(XRCE_DATAWRITER, 9)->form & 0x0F, XRCE_REF);
    CHECK_INT(make(elsewhere, BOTH), XRCE_OK);
    publish_reaches(0);
    /* A topic that is replaced is another one for those that come after. */
    CHECK_INT(rig_entity(0, XRCE_DATAREADER, 2, 1, 2, NULL, NULL, RELIABLE, 0), XRCE_OK);
    publish_reaches(1);
    CHECK_INT(make((xrce_create_t){.kind = XRCE_TOPIC, .form = XRCE_BIN, .id = 2, .parent = 1, .text = {"rt/v", "T"}},
                   BOTH), XRCE_OK);
    CHECK_INT(rig_entity(0, XRCE_DATAREADER, 3, 1, 2, NULL, NULL, RELIABLE, 0), XRCE_OK);
    publish_reaches(1);
    CHECK_INT(rig_seen[rig_seen_count - 1u].reader, 2);
    CHECK_INT(make(elsewhere, BOTH), XRCE_OK);
    publish_reaches(1);
    CHECK_INT(rig_seen[rig_seen_count - 1u].reader, 3);
}

/* Participant `id` in a domain, said in any form, and in it topic, groups and a service's name. */
static void world_in(uint16_t id, uint16_t domain, uint8_t form)
{
    xrce_create_t create = {.kind = XRCE_PARTICIPANT, .form = form, .id = id, .domain = domain,
                            .text = {form == XRCE_BIN ? NULL : "participant"}};

    CHECK_INT(make(create, 0), XRCE_OK);
    CHECK_INT(rig_entity(0, XRCE_TOPIC, id, id, 0, "rt/t", "T", 0, 0), XRCE_OK);
    CHECK_INT(rig_entity(0, XRCE_PUBLISHER, id, id, 0, NULL, NULL, 0, 0), XRCE_OK);
    CHECK_INT(rig_entity(0, XRCE_SUBSCRIBER, id, id, 0, NULL, NULL, 0, 0), XRCE_OK);
}

static int endpoint(uint8_t kind, uint8_t form, uint16_t id, uint16_t group, const char *text)
{
    xrce_create_t create = {.kind = kind, .form = form, .id = id, .parent = group, .text = {text}};

    create.topic = form == XRCE_BIN ? group : 0u;
    return make(create, 0);
}

static void domains_do_not_meet(void)
{
    static const char xml_reader[] =
        "<dds><data_reader><topic><kind>NO_KEY</kind><name>rt/t</name><dataType>T</dataType></topic>"
        "</data_reader></dds>";

    for (uint8_t form = XRCE_REF; form <= XRCE_BIN; form++) {
        rig_start(false, 8, 64);
        CHECK_INT(xrce_client_open(&rig_client, key, 0), 0);
        world_in(1, 0, XRCE_BIN);
        world_in(2, 5, form);
        world_in(3, 5, XRCE_BIN);
        for (uint16_t at = 1; at <= 3u; at++) { /* in each: a reader in BIN, one in XML, one by reference */
            CHECK_INT(endpoint(XRCE_DATAREADER, XRCE_BIN, at, at, NULL), XRCE_OK);
            CHECK_INT(endpoint(XRCE_DATAREADER, XRCE_XML, (uint16_t)(10u + at), at, xml_reader), XRCE_OK);
            CHECK_INT(endpoint(XRCE_DATAREADER, XRCE_REF, (uint16_t)(20u + at), at, "profile"), XRCE_OK);
        }
        CHECK_INT(endpoint(XRCE_DATAWRITER, XRCE_BIN, 9, 2, NULL), XRCE_OK);
        publish_reaches(4); /* BIN and XML readers of domain 5 */
        for (unsigned i = 0; i < rig_seen_count; i++) {
            CHECK(rig_seen[i].reader % 10u != 1u);
        }
        CHECK_INT(endpoint(XRCE_DATAWRITER, XRCE_XML, 10, 1, xml_writer), XRCE_OK);
        CHECK_INT(rig_publish(0, 10, 5, 4), XRCE_OK);
        CHECK_INT(xrce_client_spin(&rig_client, 0), 2);
        CHECK_INT(rig_seen[4].reader, 1);
        CHECK_INT(rig_seen[5].reader, 11);
        CHECK_INT(endpoint(XRCE_DATAWRITER, XRCE_REF, 11, 3, "profile"), XRCE_OK);
        CHECK_INT(rig_publish(0, 11, 5, 4), XRCE_OK);
        CHECK_INT(xrce_client_spin(&rig_client, 0), 2);
        CHECK_INT(rig_seen[6].reader, 22);
        CHECK_INT(rig_seen[7].reader, 23);
    }
}

static void services_of_two_domains_do_not_meet(void)
{
    xrce_create_t replier = SERVICE(XRCE_BIN, "svc", "Q", "R");

    rig_start(false, 8, 64);
    CHECK_INT(xrce_client_open(&rig_client, key, 0), 0);
    world_in(1, 0, XRCE_BIN);
    world_in(2, 5, XRCE_BIN);
    CHECK_INT(rig_service(0, XRCE_REQUESTER, 1), XRCE_OK);
    replier.parent = 2;
    CHECK_INT(make(replier, 0), XRCE_OK);
    CHECK_INT(rig_request(0, 1, 7, 4), XRCE_ERR_STATE); /* nobody serves it */
    CHECK_INT(xrce_service_cancel(&rig_client, 0, XRCE_REQUESTER, 1), XRCE_OK);
    replier.id = 8;
    replier.form = XRCE_XML;
    replier.text[0] = xml_replier;
    CHECK_INT(make(replier, 0), XRCE_OK);
    CHECK_INT(rig_request(0, 1, 7, 4), XRCE_ERR_STATE);
    CHECK_INT(xrce_service_cancel(&rig_client, 0, XRCE_REQUESTER, 1), XRCE_OK);
    replier.id = 7;
    replier.parent = 1;
    CHECK_INT(make(replier, 0), XRCE_OK);
    CHECK(rig_request(0, 1, 7, 4) > 0);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 1);
    CHECK_INT(rig_seen[0].reader, 7);
}
#endif

static void a_topic_of_another_participant_is_not_one_to_be_on(void)
{
    begin();
    CHECK_INT(rig_entity(0, XRCE_PARTICIPANT, 2, 0, 0, NULL, NULL, 0, 0), XRCE_OK);
    CHECK_INT(rig_entity(0, XRCE_PUBLISHER, 7, 2, 0, NULL, NULL, 0, 0), XRCE_OK);
    CHECK_INT(rig_entity(0, XRCE_DATAWRITER, 1, 7, 1, NULL, NULL, 0, 0), XRCE_ERR_UNKNOWN);
    CHECK_INT(rig_entity(0, XRCE_DATAWRITER, 1, 1, 1, NULL, NULL, 0, 0), XRCE_OK);
}

int main(void)
{
    RUN(every_mode);
    RUN(what_only_the_agent_knows_is_refused_there);
    RUN(what_is_refused_leaves_the_old_one);
#if XRCE_SHM
    RUN(local_matching_follows_the_replaced_definition);
    RUN(domains_do_not_meet);
    RUN(services_of_two_domains_do_not_meet);
#endif
    RUN(a_topic_of_another_participant_is_not_one_to_be_on);
    return 0;
}
