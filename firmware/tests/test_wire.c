/* The wire rows shared with the Python codec, serial framing, and the bounds of serialisation. */
#include "check.h"
#include "entity/xrce_entity.h"
#include "entity/xrce_name.h"
#include "rig.h"
#include "session/xrce_session.h"
#include "shm/xrce_samples.h"
#include "stream/xrce_stream.h"
#include "wire/xrce_framing.h"
#include "wire_rows.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const row_t *row_named(const char *name)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    fprintf(stderr, "no wire row %s\n", name);
    exit(1);
}

static void expect_row(const char *name, const uint8_t *message, uint32_t length)
{
    const row_t *row = row_named(name);

    if (length != row->length) {
        fprintf(stderr, "row %s: %u bytes, expected %u\n", name, length, row->length);
        exit(1);
    }
    for (uint32_t i = 0; i < length; i++) {
        if (((message[i] ^ (uint8_t)row->bytes[i]) & (uint8_t)row->mask[i]) != 0) {
            fprintf(stderr, "row %s: byte %u is %02x, expected %02x\n", name, i, message[i], (uint8_t)row->bytes[i]);
            exit(1);
        }
        if (row->mask[i] == 0) {
            CHECK_INT(message[i], 0); /* our padding is zero */
        }
    }
}

/* Every row parses: header, then submessages that fill it. */
static void rows_parse(void)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        const uint8_t *bytes = (const uint8_t *)rows[i].bytes;
        xrce_header_t header;
        xrce_submessage_t submessage;
        unsigned count = 0;
        uint32_t at;

        CHECK_INT(xrce_header_read(&header, bytes, rows[i].length), XRCE_OK);
        at = header.bytes;
        while (xrce_submessage_next(&submessage, bytes, rows[i].length, &at) > 0) {
            count++;
            if (submessage.id == XRCE_CREATE_CLIENT || submessage.id == XRCE_STATUS_AGENT) {
                break; /* may be longer than it says */
            }
        }
        CHECK(count > 0u);
        for (uint32_t cut = 0; cut < header.bytes; cut++) {
            CHECK_INT(xrce_header_read(&header, bytes, cut), XRCE_ERR_ARGUMENT);
        }
    }
}

static xrce_session_t session;

static void session_at(uint8_t stream_row, uint16_t sequence, uint16_t request)
{
    static uint8_t memory[512 * 5];

    memset(&session, 0, sizeof(session));
    rig_start(false, 1, 64);
    session.peer.session = 0x81;
#if XRCE_SHM
    session.client = &rig_client;
#endif
    session.next_request = request;
    xrce_out_init(&session.out[XRCE_OUT_RELIABLE], stream_row, memory, 512, 4);
    session.out[XRCE_OUT_RELIABLE].base = sequence;
    session.out[XRCE_OUT_RELIABLE].acked = sequence;
    session.out[XRCE_OUT_RELIABLE].unsent = sequence;
    session.out[XRCE_OUT_RELIABLE].next = sequence;
}

static void expect_sent(const char *name)
{
    const uint8_t *slot = session.out[XRCE_OUT_RELIABLE].slots;

    expect_row(name, slot + XRCE_SLOT_PREFIX_BYTES, slot[0] | (uint32_t)slot[1] << 8);
}

static uint8_t form = XRCE_BIN;

static void create_row(const char *name, uint8_t stream, uint16_t sequence, uint16_t request, xrce_entity_t entity,
                       const char *text, const char *type)
{
    static xrce_name_t name_rows[4];
    static char text_bytes[128];
    const xrce_span_t parts[XRCE_NAME_PARTS] = {{text, text == NULL ? 0u : (uint32_t)strlen(text)},
                                                {type, type == NULL ? 0u : (uint32_t)strlen(type)}};
    xrce_names_t names;

    xrce_names_init(&names, name_rows, 4, text_bytes, sizeof(text_bytes));
    entity.text = text == NULL ? XRCE_NONE : (uint8_t)xrce_name_take(&names, parts, 0);
    entity.form = (uint8_t)(form | (row_named(name)->bytes[5] & (XRCE_REUSE | XRCE_REPLACE)) << 4);
    session_at(stream, sequence, request);
    CHECK_INT(xrce_create_send(&session, &entity, &names), XRCE_OK);
    CHECK_INT(entity.request, request);
    /* The stream pads a CREATE at its end; the rows end with its last byte. */
    {
        uint8_t *slot = session.out[XRCE_OUT_RELIABLE].slots;
        const row_t *row = row_named(name);
        uint32_t length = slot[0] | (uint32_t)slot[1] << 8;

        CHECK_INT(length, (row->length + 3u) & ~3u);
        slot[0] = (uint8_t)row->length;
        slot[1] = (uint8_t)(row->length >> 8);
    }
    expect_sent(name);
}

#define ENTITY(kind_, id_) .key = XRCE_OBJECT(id_, kind_)

static void creations_are_the_rows(void)
{
    create_row("create_participant_bin_named", 0x01, 0, 10, (xrce_entity_t){ENTITY(XRCE_PARTICIPANT, 1)}, "n", NULL);
    create_row("create_participant_bin_empty", 0x80, 0, 10, (xrce_entity_t){ENTITY(XRCE_PARTICIPANT, 1)}, NULL, NULL);
    create_row("create_participant_domain", 0x80, 0, 10,
               (xrce_entity_t){ENTITY(XRCE_PARTICIPANT, 2), .domain = 42}, NULL, NULL);
    create_row("create_topic_bin", 0x01, 1, 11, (xrce_entity_t){ENTITY(XRCE_TOPIC, 0x123), .parent = 0x11}, "rt/a",
               "T_");
    create_row("create_publisher_bin", 0x01, 2, 12, (xrce_entity_t){ENTITY(XRCE_PUBLISHER, 1), .parent = 0x11}, NULL,
               NULL);
    create_row("create_subscriber_bin", 0x01, 3, 13, (xrce_entity_t){ENTITY(XRCE_SUBSCRIBER, 1), .parent = 0x11},
               NULL, NULL);
    create_row("create_datawriter_bin", 0x01, 4, 14,
               (xrce_entity_t){ENTITY(XRCE_DATAWRITER, 1), .parent = 0x13, .topic = 0x1232, .qos = 0x0B, .depth = 5},
               NULL, NULL);
    create_row("create_datareader_bin", 0x01, 5, 15,
               (xrce_entity_t){ENTITY(XRCE_DATAREADER, 1), .parent = 0x14, .topic = 0x1232, .qos = 0x08, .depth = 10},
               NULL, NULL);
}

static void creations_by_text_are_the_rows(void)
{
    form = XRCE_REF;
    create_row("create_datawriter_ref", 0x80, 3, 13, (xrce_entity_t){ENTITY(XRCE_DATAWRITER, 1), .parent = 0x13},
               "shapetype__dw",
               NULL);
    form = XRCE_XML;
    create_row("create_publisher_xml", 0x80, 2, 12, (xrce_entity_t){ENTITY(XRCE_PUBLISHER, 1), .parent = 0x11}, "",
               NULL);
    form = XRCE_BIN;
}

static void other_requests_are_the_rows(void)
{
    xrce_entity_t reader = {ENTITY(XRCE_DATAREADER, 1), .wanted = {.max_samples = 0xFFFF}, .flags = XRCE_E_RELIABLE_STREAM};
    uint16_t request;

    session_at(0x01, 9, 0x13);
    CHECK_INT(xrce_read_send(&session, &reader), XRCE_OK);
    expect_sent("read_data_unlimited");
    session_at(0x80, 6, 0x15);
    reader.wanted = (xrce_delivery_t){10, 3, 1024, 5};
    CHECK_INT(xrce_read_send(&session, &reader), XRCE_OK);
    expect_sent("read_data_limited");
    session_at(0x80, 5, 0x14);
    reader.wanted = (xrce_delivery_t){0};
    CHECK_INT(xrce_read_send(&session, &reader), XRCE_OK);
    expect_sent("read_data_cancel");
    session_at(0x80, 1, 0x10);
    CHECK_INT(xrce_delete_send(&session, 0x0015, &request), XRCE_OK);
    CHECK_INT(request, 0x10);
    expect_sent("delete_writer");
}

static void logins_are_the_rows(void)
{
    static const uint8_t other[4] = {9, 9, 9, 9};
    static const uint8_t key[4] = {0xAA, 0xBB, 0xCC, 0xDD};
    static const uint8_t plain_key[4] = {0x11, 0x22, 0x33, 0x44};
    uint8_t message[128];
    uint32_t length;

    rig_start(true, 2, 64);
    CHECK_INT(xrce_client_open(&rig_client, XRCE_SHM ? key : plain_key, 0), 0);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 0);
    length = rig_sent(message, sizeof(message));
    expect_row(XRCE_SHM ? "create_client_rig" : "create_client_plain", message, length);
    CHECK_INT(xrce_client_spin(&rig_client, XRCE_CONNECT_MS - 1u), 0);
    CHECK_INT(rig_sent(message, sizeof(message)), 0);
    CHECK_INT(xrce_client_spin(&rig_client, 2), 0); /* asked again, in time */
    CHECK(rig_sent(message, sizeof(message)) > 0u);
    CHECK_INT(rig_sent(message, sizeof(message)), 0);
    /* Room for two: both have their key in the header, the first one from the start. */
    rig_sessions = 2;
    rig_start(true, 2, 64);
    rig_sessions = 1;
    CHECK_INT(xrce_client_open(&rig_client, XRCE_SHM ? key : plain_key, 0), 0);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 0);
    length = rig_sent(message, sizeof(message));
    expect_row(XRCE_SHM ? "create_client_rig_with_key_header" : "create_client_with_key_header", message, length);
    CHECK_INT(xrce_client_open(&rig_client, other, 0), 1);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 0);
    CHECK(rig_sent(message, sizeof(message)) >= 28u);
    CHECK_INT(message[0], 0);
    CHECK(memcmp(message + 4, other, 4) == 0);
    CHECK_INT(message[24], 2);
}

/* Framing. */

typedef struct {
    uint8_t bytes[4096];
    uint32_t length;
    int left; /* pieces until it fails; negative: never */
} sink_t;

static int collect(void *context, const uint8_t *bytes, size_t length)
{
    sink_t *sink = context;

    if (sink->left == 0) {
        return -1;
    }
    sink->left--;
    CHECK(length <= XRCE_CHUNK_BYTES);
    memcpy(sink->bytes + sink->length, bytes, length);
    sink->length += (uint32_t)length;
    return (int)length;
}

static void frames_encode(void)
{
    for (size_t i = 0; i < COUNT(frame_rows); i++) {
        const frame_row_t *row = &frame_rows[i];
        sink_t sink = {.left = -1};

        CHECK_INT(xrce_frame_write(collect, &sink, (uint8_t)row->source, (uint8_t)row->destination,
                                   (const uint8_t *)row->payload, row->length), 0);
        CHECK_INT(sink.length, row->frame_length);
        CHECK(memcmp(sink.bytes, row->frame, row->frame_length) == 0);
        sink.left = 0;
        CHECK_INT(xrce_frame_write(collect, &sink, 1, 0, (const uint8_t *)row->payload, row->length), -1);
    }
    for (size_t i = 0; i < COUNT(crc_rows); i++) {
        CHECK_INT(xrce_crc16_update(0, (const uint8_t *)crc_rows[i].text, (uint32_t)strlen(crc_rows[i].text)),
                  crc_rows[i].value);
    }
}

static void frames_decode(void)
{
    static uint8_t payload[2048];
    xrce_frame_decoder_t decoder;

    for (size_t i = 0; i < COUNT(frame_rows); i++) {
        const frame_row_t *row = &frame_rows[i];
        const uint8_t *frame = (const uint8_t *)row->frame;
        uint8_t stream[4096];
        uint32_t used;

        if (row->length == 0u) {
            continue;
        }
        /* whole, with trailing bytes */
        xrce_frame_decoder_init(&decoder, payload, sizeof(payload));
        memcpy(stream, frame, row->frame_length);
        memcpy(stream + row->frame_length, "\x55\xAA\x7E", 3);
        CHECK_INT(xrce_frame_decode(&decoder, stream, row->frame_length + 3u, &used), row->length);
        CHECK_INT(used, row->frame_length);
        CHECK_INT(decoder.source, row->source);
        CHECK_INT(decoder.destination, row->destination);
        CHECK(memcmp(payload, row->payload, row->length) == 0);
        /* byte by byte, after noise and a cut frame */
        CHECK_INT(xrce_frame_decode(&decoder, (const uint8_t *)"\x01\x02\x7E\x01\x00\x03", 6, &used), 0);
        for (uint32_t at = 0; at < row->frame_length; at++) {
            int got = xrce_frame_decode(&decoder, frame + at, 1, &used);

            CHECK_INT(got, at + 1u == row->frame_length ? (int)row->length : 0);
        }
        CHECK_INT(decoder.errors, 1);
        /* every single flipped bit is noticed or makes no frame, and the next frame is read */
        for (uint32_t bit = 0; bit < row->frame_length * 8u; bit++) {
            int got;

            memcpy(stream, frame, row->frame_length);
            stream[bit / 8u] ^= (uint8_t)(1u << bit % 8u);
            got = xrce_frame_decode(&decoder, stream, row->frame_length, &used);
            CHECK(got == 0 || bit / 8u <= 2u || memcmp(payload, row->payload, row->length) == 0);
            do {
                got = xrce_frame_decode(&decoder, frame, row->frame_length, &used);
            } while (got == 0);
            CHECK_INT(got, row->length);
        }
        /* too long for the memory */
        xrce_frame_decoder_init(&decoder, payload, row->length - 1u);
        CHECK_INT(xrce_frame_decode(&decoder, frame, row->frame_length, &used), 0);
        CHECK_INT(decoder.errors, 1);
    }
}

/* CDR. */

static void write_all(xrce_writer_t *writer)
{
    xrce_write_u8(writer, 1);
    xrce_write_u16(writer, 0x0203);
    xrce_write_u8(writer, 4);
    xrce_write_u32(writer, 0x05060708);
    xrce_write_be16(writer, 0x090A);
    xrce_write_string(writer, "abc");
    xrce_write_bytes(writer, "xyz", 3);
}

static void cdr_fails_at_every_length(void)
{
    static const uint8_t expected[] = {1, 0, 3, 2, 4, 0, 0, 0, 8, 7, 6, 5, 9, 10, 0, 0, 4, 0, 0, 0, 'a', 'b', 'c', 0,
                                       'x', 'y', 'z'};
    xrce_writer_t writer;
    xrce_reader_t reader;
    uint8_t bytes[64];

    xrce_write_open(&writer, NULL, UINT32_MAX);
    write_all(&writer);
    CHECK(!writer.failed);
    CHECK_INT(writer.at, sizeof(expected));
    for (uint32_t size = 0; size <= sizeof(expected); size++) {
        memset(bytes, 0xEE, sizeof(bytes));
        xrce_write_open(&writer, bytes, size);
        write_all(&writer);
        CHECK_INT(writer.failed, size < sizeof(expected));
        CHECK_INT(bytes[size], 0xEE);
    }
    CHECK(memcmp(bytes, expected, sizeof(expected)) == 0);
    for (uint32_t size = 0; size <= sizeof(expected); size++) {
        const char *text;

        memcpy(bytes, expected, size);
        xrce_read_open(&reader, bytes, size, true);
        (void)xrce_read_u8(&reader);
        (void)xrce_read_u16(&reader);
        (void)xrce_read_u8(&reader);
        (void)xrce_read_u32(&reader);
        (void)xrce_read_be16(&reader);
        text = xrce_read_string(&reader);
        (void)xrce_read_bytes(&reader, 3);
        CHECK_INT(reader.failed, size < sizeof(expected));
        CHECK(size < sizeof(expected) || strcmp(text, "abc") == 0);
    }
    xrce_read_open(&reader, (const uint8_t *)"\xFF\xFF\xFF\xFF", 4, true);
    CHECK(xrce_read_string(&reader) == NULL && reader.failed);
    xrce_read_open(&reader, (const uint8_t *)"\x01\x02\x03\x04\x05\x06\x07\x08", 8, false);
    CHECK_INT(xrce_read_u16(&reader), 0x0102);
    CHECK_INT(xrce_read_u32(&reader), 0x05060708);
}

int main(void)
{
    RUN(rows_parse);
    RUN(creations_are_the_rows);
    RUN(creations_by_text_are_the_rows);
    RUN(other_requests_are_the_rows);
    RUN(logins_are_the_rows);
    RUN(frames_encode);
    RUN(frames_decode);
    RUN(cdr_fails_at_every_length);
    return 0;
}
