#include <string.h>

#include "entity/xrce_entity.h"
#include "session/xrce_session.h"
#include "shm/xrce_samples.h"
#include "state/xrce_context.h"
#include "stream/xrce_stream.h"
#include "wire/xrce_cdr.h"

#define PROTOCOL_BYTES 8u /* cookie, version, vendor */

static bool agent_cooperates(xrce_reader_t *reader)
{
    bool found = false;

    if (xrce_read_u8(reader) != 0u) {
        for (uint32_t count = xrce_read_u32(reader); count > 0u && !reader->failed; count--) {
            const char *name = xrce_read_string(reader);
            const char *value = xrce_read_string(reader);

            found = found || (name != NULL && value != NULL && strcmp(name, "rig_lo") == 0 && value[0] == '1');
        }
    }
    return found && !reader->failed;
}

static void on_status_agent(xrce_client_t *client, xrce_session_t *session, const xrce_submessage_t *submessage)
{
    xrce_reader_t reader;
    uint8_t status;

    xrce_submessage_open(&reader, submessage);
    status = xrce_read_u8(&reader);
    (void)xrce_read_u8(&reader);
    (void)xrce_read_bytes(&reader, PROTOCOL_BYTES);
    if (reader.failed || session->state == XRCE_SESSION_CLOSED) {
        return;
    }
    if (status != XRCE_STATUS_OK) {
        session->refusal = status;
        return;
    }
    if (session->state == XRCE_SESSION_CONNECTED) {
        return; /* the answer to a login that we repeated */
    }
    xrce_session_connected(client, session, agent_cooperates(&reader));
}

static void on_status(xrce_client_t *client, xrce_session_t *session, const xrce_submessage_t *submessage)
{
    xrce_reader_t reader;
    xrce_entity_t *entity;
    uint16_t request;
    uint16_t object;
    uint8_t status;

    xrce_read_open(&reader, submessage->payload, submessage->length, true);
    request = xrce_read_be16(&reader);
    object = xrce_read_be16(&reader);
    status = xrce_read_u8(&reader);
    if (reader.failed) {
        return;
    }
    if (object == XRCE_OBJECT_CLIENT) {
        session->logout = status;
    } else if (session->removal == XRCE_STATUS_PENDING && request == session->removal_request) {
        session->removal = status;
    } else {
        entity = xrce_entity_find(&client->entities, XRCE_KEY(session->index, object));
        if (entity == NULL || entity->request != request || entity->status != XRCE_STATUS_PENDING) {
            return;
        }
        if (status == XRCE_STATUS_ALREADY_EXISTS && (entity->flags & XRCE_E_KNOWN) != 0u) {
            status = XRCE_STATUS_OK; /* the Agent kept it over a reconnection */
        }
        entity->status = status;
        entity->flags |= status < 0x80u ? XRCE_E_KNOWN : 0u;
    }
}

/* ACKNACK and HEARTBEAT name their stream themselves. */
static void on_acknack(xrce_client_t *client, xrce_session_t *session, const xrce_submessage_t *submessage)
{
    xrce_reader_t reader;
    uint16_t first;
    uint16_t missing;

    xrce_submessage_open(&reader, submessage);
    first = xrce_read_u16(&reader);
    missing = xrce_read_be16(&reader);
    if (xrce_read_u8(&reader) == XRCE_STREAM_RELIABLE && !reader.failed) {
        (void)xrce_out_acknack(&session->out[XRCE_OUT_RELIABLE], first, missing, xrce_link_send, client);
    }
}

/* Tells the Agent what of its reliable stream we have. */
static void send_acknack(xrce_client_t *client, const xrce_session_t *session)
{
    uint8_t message[XRCE_BARE_BYTES];
    xrce_writer_t writer = {.bytes = message, .size = sizeof(message)};

    xrce_bare_open(&writer, &session->peer, XRCE_ACKNACK, 5);
    xrce_write_u16(&writer, session->in.expected);
    xrce_write_be16(&writer, xrce_in_missing(&session->in)); /* the bitmap alone is big-endian */
    xrce_write_u8(&writer, XRCE_STREAM_RELIABLE);
    (void)xrce_link_send(client, message, writer.at);
}

static void on_heartbeat(xrce_client_t *client, xrce_session_t *session, const xrce_submessage_t *submessage)
{
    xrce_reader_t reader;
    uint16_t first;
    uint16_t last;
    uint16_t given_up;

    xrce_submessage_open(&reader, submessage);
    first = xrce_read_u16(&reader);
    last = xrce_read_u16(&reader);
    if (xrce_read_u8(&reader) != XRCE_STREAM_RELIABLE || reader.failed) {
        return;
    }
    given_up = xrce_in_heartbeat(&session->in, first, last);
    if (given_up != 0u) {
        client->lost_link += given_up;
        xrce_fragment_reset(client, &session->fragment);
    }
    send_acknack(client, session);
}

static void deliver(xrce_client_t *client, const xrce_entity_t *reader, const uint8_t *data, uint32_t length)
{
    const xrce_sample_t sample = {data, length, reader->id, reader->session, false};

    client->delivered_link++;
    client->on_sample(client->context, &sample);
}

static void deliver_service(xrce_client_t *client, const xrce_entity_t *entity, const uint8_t *data, uint32_t length)
{
    xrce_service_sample_t message = {0};
    uint32_t head = xrce_entity_kind(entity) == XRCE_REPLIER ? XRCE_IDENTITY_BYTES : XRCE_SAMPLE_HEAD_BYTES;

    if (length < head) {
        client->lost_link++;
        return;
    }
    if (xrce_entity_kind(entity) == XRCE_REPLIER) {
        message.identity = data;
    } else {
        message.request = (uint16_t)((uint32_t)data[0] << 8 | data[1]); /* then the requester's own object id */
    }
    message.sample.data = data + head;
    message.sample.length = length - head;
    client->delivered_link++;
    xrce_hand_over(client, &message, entity);
}

/* A sample of this session arrived, whole. */
static void take_sample(xrce_client_t *client, xrce_session_t *session, uint16_t object, const uint8_t *data,
                        uint32_t length)
{
    xrce_entity_t *reader = xrce_entity_find(&client->entities, XRCE_KEY(session->index, object));

    if (reader == NULL || reader->wanted.max_samples == 0u) {
        return; /* deleted or cancelled meanwhile */
    }
    if (xrce_kind_is_service(xrce_entity_kind(reader))) {
        deliver_service(client, reader, data, length);
        return;
    }
    if (!xrce_echo_is(client, session, reader, data, length)) {
        deliver(client, reader, data, length);
    }
}

static void on_data(xrce_client_t *client, xrce_session_t *session, const xrce_submessage_t *submessage)
{
    const uint8_t *payload = submessage->payload;

    if (submessage->length >= XRCE_SAMPLE_HEAD_BYTES) {
        take_sample(client, session, (uint16_t)((uint32_t)payload[2] << 8 | payload[3]),
                    payload + XRCE_SAMPLE_HEAD_BYTES, submessage->length - XRCE_SAMPLE_HEAD_BYTES);
    }
}

/* False: no memory to put it, it must come again. */
static bool on_fragment(xrce_client_t *client, xrce_session_t *session, const xrce_submessage_t *submessage)
{
    xrce_fragment_t *fragment = &session->fragment;
    const uint8_t *head = fragment->head;
    uint32_t length;

    switch (xrce_fragment_add(client, fragment, submessage->payload, submessage->length,
                              (submessage->flags & XRCE_LAST_FRAGMENT) != 0u)) {
    case XRCE_FRAGMENT_RETRY:
        return false;
    case XRCE_FRAGMENT_BAD:
        client->lost_link++;
        break;
    case XRCE_FRAGMENT_DONE:
        length = head[2] | (uint32_t)head[3] << 8;
        length = length == 0u ? fragment->length : length - XRCE_SAMPLE_HEAD_BYTES; /* 0: all of it */
        if (length <= fragment->length) {
            take_sample(client, session, (uint16_t)((uint32_t)head[6] << 8 | head[7]), fragment->place, length);
        } else {
            client->lost_link++;
        }
        xrce_fragment_reset(client, fragment);
        break;
    default:
        break;
    }
    return true;
}

typedef struct {
    xrce_client_t *client;
    xrce_session_t *session;
    bool reliable;
} take_t;

/* Works on all submessages of a message whose turn it is. */
static bool take_message(void *context, const uint8_t *message, uint32_t length)
{
    take_t *take = context;
    xrce_client_t *client = take->client;
    xrce_session_t *session = take->session;
    xrce_submessage_t submessage;
    uint32_t begin = xrce_header_bytes(message[0]);
    uint32_t at = begin;

    while (xrce_submessage_next(&submessage, message, length, &at) > 0) {
        bool first = submessage.payload == message + begin + XRCE_SUBHEADER_BYTES;

        if (submessage.id == XRCE_STATUS_AGENT) {
            on_status_agent(client, session, &submessage);
        } else if (submessage.id == XRCE_STATUS) {
            on_status(client, session, &submessage);
        } else if (session->state != XRCE_SESSION_CONNECTED) {
            continue;
        } else if (submessage.id == XRCE_INFO) {
            xrce_info_received(client, session, &submessage);
        } else if (submessage.id == XRCE_GET_INFO) {
            xrce_info_answer(client, session, &submessage);
        } else if (submessage.id == XRCE_TIMESTAMP_REPLY) {
            xrce_time_received(client, session, &submessage);
        } else if (submessage.id == XRCE_DATA) {
            on_data(client, session, &submessage);
        } else if (submessage.id == XRCE_ACKNACK) {
            on_acknack(client, session, &submessage);
        } else if (submessage.id == XRCE_HEARTBEAT) {
            on_heartbeat(client, session, &submessage);
        } else if (submessage.id == XRCE_FRAGMENT && take->reliable && !on_fragment(client, session, &submessage)) {
            if (first) {
                return false;
            }
            client->lost_link++;
        }
    }
    return true;
}

void xrce_session_receive(xrce_client_t *client, xrce_session_t *session, const xrce_header_t *header,
                          const uint8_t *message, uint32_t length)
{
    take_t take = {client, session, header->stream == XRCE_STREAM_RELIABLE};

    session->unanswered = 0;
    session->unheard = 0;
    session->heard_at = client->port.now_ms();
    if (header->stream == XRCE_STREAM_NONE) {
        (void)take_message(&take, message, length);
    } else if (session->state != XRCE_SESSION_CONNECTED) {
        return;
    } else if (header->stream == XRCE_STREAM_BEST_EFFORT) {
        if (xrce_sequence_distance(header->sequence, session->best_effort_expected) >= 0) {
            session->best_effort_expected = (uint16_t)(header->sequence + 1u);
            (void)take_message(&take, message, length);
        }
    } else if (take.reliable) {
        xrce_in_message(&session->in, header->sequence, message, length, take_message, &take);
        send_acknack(client, session);
    }
}
