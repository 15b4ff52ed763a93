/*
 * Recorded sessions of another Client played again: the same calls, against an Agent that says what it said then.
 *
 * The Agent's record is said as soon as everything that the Client sent before it (ACKNACKs and HEARTBEATs apart,
 * whose place varies from run to run) was sent by ours too. Each of our messages must be one of the recorded ones,
 * byte for byte but for padding, and none may be missing at the end.
 */
#include "check.h"
#include "entity/xrce_entity.h"
#include "entity/xrce_name.h"
#include "rig.h"
#include "session/xrce_session.h"
#include "shm/xrce_samples.h"
#include "stream/xrce_stream.h"
#include "wire_rows.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define MAX_RECORDS 64

static const transcript_t *now_playing;
static bool done[MAX_RECORDS];

static bool is_control(const record_t *record)
{
    uint8_t id = (uint8_t)record->bytes[4];

    return id == XRCE_ACKNACK || id == XRCE_HEARTBEAT;
}

static bool same(const record_t *record, const uint8_t *message, uint32_t length)
{
    if (length != record->length) {
        return false;
    }
    for (uint32_t i = 0; i < length; i++) {
        if (((message[i] ^ (uint8_t)record->bytes[i]) & (uint8_t)record->mask[i]) != 0) {
            return false;
        }
    }
    return true;
}

/* Our shared-memory build logs in with properties that a plain recording lacks. */
static bool is_login(const uint8_t *message, uint32_t length)
{
    return XRCE_SHM && length > 24u && message[0] == 0x80 && message[4] == XRCE_CREATE_CLIENT;
}

static void match_sent(void)
{
    uint8_t message[1024];
    uint32_t length;

    while ((length = rig_sent(message, sizeof(message))) != 0u) {
        unsigned i;

        for (i = 0; i < now_playing->count; i++) {
            const record_t *record = &now_playing->records[i];

            if (record->from_client && !done[i] &&
                (same(record, message, length) || (record->bytes[4] == XRCE_CREATE_CLIENT && is_login(message, length)))) {
                done[i] = true;
                break;
            }
        }
        /* One HEARTBEAT more than then is a matter of time: our Agent of paper answers when all has been said. */
        if (i == now_playing->count && message[4] != XRCE_HEARTBEAT) {
            fprintf(stderr, "%s: not recorded:", now_playing->name);
            for (uint32_t k = 0; k < length; k++) {
                fprintf(stderr, " %02x", message[k]);
            }
            fprintf(stderr, "\n");
            exit(1);
        }
    }
}

/* Says what the Agent says next. */
static void agent(void)
{
    match_sent();
    for (unsigned i = 0; i < now_playing->count; i++) {
        const record_t *record = &now_playing->records[i];

        if (record->from_client) {
            if (!done[i] && (!is_control(record) || record->bytes[4] == XRCE_HEARTBEAT)) {
                return;
            }
        } else if (!done[i]) {
            done[i] = true;
            if (!record->dropped) {
                rig_answer((const uint8_t *)record->bytes, record->length);
            }
        }
    }
}

/* Runs until nothing happens any more. */
static void settle(uint32_t ms)
{
    uint32_t until = rig_now + ms;

    do {
        agent();
        (void)xrce_client_spin(&rig_client, 5);
    } while ((int32_t)(until - rig_now) > 0);
    agent();
}

static int create_numbered(uint16_t id, uint8_t kind, uint16_t parent, const char *name, const char *type,
                           uint16_t depth, bool reliable)
{
    xrce_create_t create;

    memset(&create, 0, sizeof(create));
    create.kind = kind;
    create.form = XRCE_BIN;
    create.mode = XRCE_REPLACE;
    create.id = id;
    create.parent = parent;
    create.topic = 1;
    create.text[0] = name;
    create.text[1] = type;
    create.depth = depth;
    create.qos = depth != 0u ? XRCE_QOS_RELIABLE | XRCE_QOS_KEEP_LAST : 0u;
    create.reliable_stream = reliable;
    return xrce_client_create(&rig_client, &create, 0);
}

static int create(uint8_t kind, uint16_t parent, const char *name, const char *type, uint16_t depth, bool reliable)
{
    return create_numbered(1, kind, parent, name, type, depth, reliable);
}

static void write_counting(uint8_t first, uint32_t length)
{
    uint8_t *place;

    CHECK_INT(xrce_client_loan(&rig_client, 0, 1, length, &place), XRCE_OK);
    for (uint32_t i = 0; i < length; i++) {
        place[i] = (uint8_t)(first + i);
    }
    CHECK_INT(xrce_client_publish(&rig_client, 0, 1), XRCE_OK);
    settle(60);
}

static void check_statuses(void)
{
    for (uint8_t kind = XRCE_PARTICIPANT; kind <= XRCE_DATAREADER; kind++) {
        const xrce_entity_t *entity = xrce_entity_find(&rig_client.entities, XRCE_KEY(0, XRCE_OBJECT(1, kind)));

        CHECK(entity != NULL);
        CHECK_INT(entity->status, XRCE_STATUS_OK);
    }
}

static int create_text(uint8_t kind, uint8_t form, const char *text)
{
    xrce_create_t create;

    memset(&create, 0, sizeof(create));
    create.kind = kind;
    create.form = form;
    create.mode = XRCE_REPLACE;
    create.id = 1;
    create.parent = kind == XRCE_PARTICIPANT ? 0u : 1u;
    create.topic = 1;
    create.text[0] = text;
    return xrce_client_create(&rig_client, &create, 0);
}

static void play_xml(void)
{
#define TOPIC_XML "<name>HelloWorldTopic</name><dataType>HelloWorld</dataType></topic>"
    static const char participant[] =
        "<dds><participant><rtps><name>default_xrce_participant</name></rtps></participant></dds>";

    CHECK_INT(create_text(XRCE_PARTICIPANT, XRCE_XML, participant), XRCE_OK);
    CHECK_INT(create_text(XRCE_TOPIC, XRCE_XML, "<dds><topic>" TOPIC_XML "</dds>"), XRCE_OK);
    CHECK_INT(create_text(XRCE_PUBLISHER, XRCE_XML, ""), XRCE_OK);
    CHECK_INT(create_text(XRCE_DATAWRITER, XRCE_XML,
                          "<dds><data_writer><topic><kind>NO_KEY</kind>" TOPIC_XML "</data_writer></dds>"), XRCE_OK);
    CHECK_INT(create_text(XRCE_SUBSCRIBER, XRCE_XML, ""), XRCE_OK);
    CHECK_INT(create_text(XRCE_DATAREADER, XRCE_XML,
                          "<dds><data_reader><topic><kind>NO_KEY</kind>" TOPIC_XML "</data_reader></dds>"), XRCE_OK);
    settle(100);
}

/* The stream is the writer's in our client, and each call's in the recorded one. */
static void use_stream(bool reliable)
{
    xrce_entity_t *writer = xrce_entity_find(&rig_client.entities, XRCE_KEY(0, XRCE_OBJECT(1, XRCE_DATAWRITER)));

    writer->flags = (uint8_t)(reliable ? writer->flags | XRCE_E_RELIABLE_STREAM
                                       : writer->flags & ~XRCE_E_RELIABLE_STREAM);
}

/* Asks for the samples of readers 1 to `count` in one message. */
static void read_all(uint16_t count)
{
    for (uint16_t id = 1; id <= count; id++) {
        xrce_entity_t *reader = xrce_entity_find(&rig_client.entities, XRCE_KEY(0, XRCE_OBJECT(id, XRCE_DATAREADER)));

        CHECK(reader != NULL);
        reader->wanted.max_samples = 0xFFFF;
        reader->flags |= XRCE_E_READ | XRCE_E_RELIABLE_STREAM;
    }
    rig_client.sessions[0].dirty = true;
    settle(50);
}

static void play_services(void)
{
    xrce_create_t service;

    CHECK_INT(create(XRCE_PARTICIPANT, 0, NULL, NULL, 0, false), XRCE_OK);
    memset(&service, 0, sizeof(service));
    service.form = XRCE_BIN;
    service.mode = XRCE_REPLACE;
    service.id = 1;
    service.parent = 1;
    service.text[0] = "svc";
    service.text[1] = "ReqT";
    service.text[2] = "RepT";
    service.text[3] = "rq/svc";
    service.text[4] = "rr/svc";
    service.kind = XRCE_REPLIER;
    CHECK_INT(xrce_client_create(&rig_client, &service, 0), XRCE_OK);
    service.kind = XRCE_REQUESTER;
    CHECK_INT(xrce_client_create(&rig_client, &service, 0), XRCE_OK);
    settle(100);
    for (uint8_t kind = XRCE_REQUESTER; kind <= XRCE_REPLIER; kind++) {
        CHECK_INT(xrce_entity_find(&rig_client.entities, XRCE_KEY(0, XRCE_OBJECT(1, kind)))->status, 0x80);
    }
}

static void play_time(void)
{
    int64_t offset = 0;

    CHECK_INT(xrce_client_time(&rig_client, 0, 1000, &offset), XRCE_OK);
    CHECK(offset != 0);
}

static void play_ref(const char *topic, const char *writer, const char *reader)
{
    CHECK_INT(create_text(XRCE_PARTICIPANT, XRCE_REF, "default_xrce_participant"), XRCE_OK);
    CHECK_INT(create_text(XRCE_TOPIC, XRCE_REF, topic), XRCE_OK);
    CHECK_INT(create_text(XRCE_PUBLISHER, XRCE_XML, ""), XRCE_OK);
    CHECK_INT(create_text(XRCE_DATAWRITER, XRCE_REF, writer), XRCE_OK);
    CHECK_INT(create_text(XRCE_SUBSCRIBER, XRCE_XML, ""), XRCE_OK);
    CHECK_INT(create_text(XRCE_DATAREADER, XRCE_REF, reader), XRCE_OK);
    settle(100);
}

static void create_bin(bool reliable_reader)
{
    CHECK_INT(create(XRCE_PARTICIPANT, 0, NULL, NULL, 0, false), XRCE_OK);
    CHECK_INT(create(XRCE_TOPIC, 1, "HelloWorldTopic", "HelloWorld", 0, false), XRCE_OK);
    CHECK_INT(create(XRCE_PUBLISHER, 1, NULL, NULL, 0, false), XRCE_OK);
    CHECK_INT(create(XRCE_DATAWRITER, 1, NULL, NULL, 16, true), XRCE_OK);
    CHECK_INT(create(XRCE_SUBSCRIBER, 1, NULL, NULL, 0, false), XRCE_OK);
    CHECK_INT(create(XRCE_DATAREADER, 1, NULL, NULL, 16, reliable_reader), XRCE_OK);
    settle(50);
    check_statuses();
}

/* A program that reads what it writes; in shared-memory builds each sample is delivered once, echoed or not. */
static void play_loopback(const char *form)
{
    bool bin = strcmp(form, "bin") == 0;

    if (bin) {
        create_bin(true);
    } else if (strcmp(form, "xml") == 0) {
        play_xml();
    } else {
        play_ref("shapetype_topic", "shapetype_data_writer", "shapetype_data_reader");
    }
    read_all(1);
    use_stream(!bin);
    write_counting(1, 8);
    use_stream(bin);
    write_counting(2, 8);
    if (bin) {
        write_counting(3, 2000);
    }
    settle(400);
    CHECK_INT(rig_seen_count, bin ? 3 : 2);
}

static void play_readers(void)
{
    create_bin(true);
    for (uint16_t id = 2; id <= 3u; id++) {
        CHECK_INT(create_numbered(id, XRCE_DATAREADER, 1, NULL, NULL, 16, true), XRCE_OK);
    }
    settle(50);
    read_all(3);
    write_counting(1, 8);
    settle(400);
    CHECK_INT(rig_seen_count, 3);
}

/* Below the client's tables, which refuse what the next two recordings ask: what goes on the wire, and that nobody minds
 * what the Agent says of it. */
static void delete_raw(uint16_t object)
{
    uint16_t request;

    CHECK_INT(xrce_delete_send(&rig_client.sessions[0], object, &request), XRCE_OK);
}

static void create_raw(uint16_t id, uint8_t kind, uint8_t form, uint8_t mode, uint16_t parent, uint16_t topic,
                       const char *text)
{
    xrce_span_t parts[XRCE_NAME_PARTS] = {{NULL, 0}};
    xrce_entity_t entity;

    memset(&entity, 0, sizeof(entity));
    entity.key = XRCE_KEY(0, XRCE_OBJECT(id, kind));
    entity.form = (uint8_t)(form | mode << 4);
    entity.parent = parent;
    entity.topic = topic;
    entity.qos = XRCE_QOS_RELIABLE | XRCE_QOS_KEEP_LAST;
    entity.depth = 16;
    entity.text = XRCE_NONE;
    entity.name = XRCE_NONE;
    if (text != NULL) {
        parts[0].text = text;
        parts[0].length = (uint32_t)strlen(text);
        entity.text = (uint8_t)xrce_name_take(&rig_client.names, parts, 0);
    }
    CHECK_INT(xrce_create_send(&rig_client.sessions[0], &entity, &rig_client.names), XRCE_OK);
}

/* Asks for one sample without delivery control; our own requests always have it. */
static void read_raw(uint16_t object)
{
    xrce_session_t *session = &rig_client.sessions[0];
    uint16_t request = xrce_session_request(session);
    uint8_t *place = xrce_out_room(&session->out[XRCE_OUT_RELIABLE], &session->peer, XRCE_READ_DATA,
                                   XRCE_LITTLE_ENDIAN, 8);

    CHECK(place != NULL);
    memset(place, 0, 8);
    place[0] = (uint8_t)(request >> 8);
    place[1] = (uint8_t)request;
    place[2] = (uint8_t)(object >> 8);
    place[3] = (uint8_t)object;
    place[4] = XRCE_STREAM_RELIABLE;
}

static void play_delete(void)
{
    create_bin(true);
    delete_raw(XRCE_OBJECT(1, XRCE_DATAWRITER));
    delete_raw(XRCE_OBJECT(1, XRCE_DATAWRITER));
    delete_raw(XRCE_OBJECT(1, XRCE_PARTICIPANT));
    settle(50);
    write_counting(0, 4); /* by a writer that only the Agent has forgotten */
    settle(200);
}

static void play_errors(void)
{
    const uint16_t participant = XRCE_OBJECT(1, XRCE_PARTICIPANT);
    const uint16_t publisher = XRCE_OBJECT(1, XRCE_PUBLISHER);
    const uint8_t modes[] = {0, XRCE_REUSE, XRCE_REPLACE, XRCE_REUSE | XRCE_REPLACE};

    CHECK_INT(create(XRCE_PARTICIPANT, 0, NULL, NULL, 0, false), XRCE_OK);
    CHECK_INT(create(XRCE_PUBLISHER, 1, NULL, NULL, 0, false), XRCE_OK);
    create_raw(1, XRCE_DATAWRITER, XRCE_BIN, XRCE_REPLACE, publisher, XRCE_OBJECT(7, XRCE_TOPIC), NULL);
    create_raw(2, XRCE_PUBLISHER, XRCE_BIN, XRCE_REPLACE, XRCE_OBJECT(9, XRCE_PARTICIPANT), 0, NULL);
    settle(20);
    for (size_t i = 0; i < sizeof(modes); i++) {
        create_raw(1, XRCE_PUBLISHER, XRCE_BIN, modes[i], participant, 0, NULL);
        settle(20);
    }
    create_raw(3, XRCE_DATAWRITER, XRCE_REF, XRCE_REPLACE, publisher, 0, "no_such_ref");
    settle(20);
    delete_raw(XRCE_OBJECT(0x21, XRCE_DATAWRITER));
    settle(20);
    read_raw(XRCE_OBJECT(0x2C, XRCE_DATAREADER));
    settle(20);
    CHECK_INT(xrce_entity_find(&rig_client.entities, XRCE_KEY(0, participant))->status, XRCE_STATUS_OK);
    CHECK_INT(xrce_entity_find(&rig_client.entities, XRCE_KEY(0, publisher))->status, XRCE_STATUS_OK);
}

/* What the app of each recording did. */
static void play(const char *scenario)
{
    bool reading = strncmp(scenario, "read", 4) == 0;
    bool fragments = strcmp(scenario, "fragment") == 0;

    if (strcmp(scenario, "session") == 0) {
        return;
    }
    if (strcmp(scenario, "ping") == 0) {
        CHECK(xrce_info_ask(&rig_client, &rig_client.sessions[0].peer) >= 0);
        settle(20);
        CHECK_INT(rig_client.sessions[0].state, XRCE_SESSION_CONNECTED);
        return;
    }
    if (strcmp(scenario, "xml") == 0) {
        play_xml();
        return;
    }
    if (strcmp(scenario, "ref_ced") == 0) {
        play_ref("shapetype__t", "shapetype__dw", "shapetype__dr");
        return;
    }
    if (strcmp(scenario, "ref_dds") == 0) {
        play_ref("shapetype_topic", "shapetype_data_writer", "shapetype_data_reader");
        return;
    }
    if (strcmp(scenario, "time") == 0) {
        play_time();
        return;
    }
    if (strcmp(scenario, "delete") == 0) {
        play_delete();
        return;
    }
    if (strcmp(scenario, "errors") == 0) {
        play_errors();
        return;
    }
    if (strcmp(scenario, "services") == 0) {
        play_services();
        return;
    }
    if (strncmp(scenario, "loopback", 8) == 0) {
        play_loopback(scenario + 9);
        return;
    }
    if (strcmp(scenario, "readers") == 0) {
        play_readers();
        return;
    }
    create_bin(strcmp(scenario, "read_best_effort") != 0);
    if (reading || fragments) {
        CHECK_INT(xrce_client_read(&rig_client, 0, 1, 0xFFFF), XRCE_OK);
        settle(50);
    }
    if (strncmp(scenario, "write", 5) == 0) {
        for (uint8_t i = 0; i < (uint8_t)(scenario[5] - '0'); i++) {
            write_counting(i, 8);
        }
    } else if (fragments) {
        write_counting(5, 2000);
    } else if (reading) {
        for (uint8_t i = 0; i < 3u; i++) {
            write_counting(i, 12);
        }
        CHECK_INT(xrce_client_read(&rig_client, 0, 1, 0), XRCE_OK);
        settle(50);
        write_counting(9, 12);
    }
    settle(400); /* time to notice what was lost at the end */
}

static void check_delivered(const char *scenario)
{
    unsigned from_link = 0;

    for (unsigned i = 0; i < rig_seen_count; i++) {
        from_link += rig_seen[i].local ? 0u : 1u;
    }
    if (strncmp(scenario, "read", 4) == 0) {
        CHECK(from_link <= 3u);
        CHECK(XRCE_SHM || from_link == 3u);
    } else if (strcmp(scenario, "fragment") == 0) {
        CHECK(XRCE_SHM || from_link == 1u);
        CHECK(XRCE_SHM || rig_seen[0].length == 2000u);
    }
}

static void replay(const transcript_t *transcript)
{
    static const uint8_t key[4] = {0x11, 0x22, 0x33, 0x44};

    now_playing = transcript;
    CHECK(transcript->count <= MAX_RECORDS);
    memset(done, 0, sizeof(done));
    rig_start(true, 8, 4096);
    rig_idle = agent;
    if (strcmp(transcript->scenario, "ping") == 0) {
        CHECK_INT(xrce_client_ping(&rig_client, 100), XRCE_OK);
    }
    CHECK_INT(xrce_client_open(&rig_client, key, 0), 0);
    settle(20);
    CHECK_INT(rig_client.sessions[0].state, XRCE_SESSION_CONNECTED);
    play(transcript->scenario);
    check_delivered(transcript->scenario);
    CHECK_INT(xrce_client_close(&rig_client, 0, 1000), XRCE_OK);
    agent();
    for (unsigned i = 0; i < transcript->count; i++) {
        if (!done[i]) {
            fprintf(stderr, "%s: record %u was not sent\n", transcript->name, i);
            exit(1);
        }
    }
}

int main(void)
{
    const char *other = XRCE_SHM ? "network" : "shm";

    for (size_t i = 0; i < COUNT(transcripts); i++) {
        if (strcmp(transcripts[i].variant, other) == 0) {
            continue;
        }
        replay(&transcripts[i]);
        printf("ok %s\n", transcripts[i].name);
    }
    return 0;
}
