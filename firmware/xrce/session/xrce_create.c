#include "entity/xrce_entity.h"
#include "entity/xrce_name.h"
#include "session/xrce_session.h"
#include "shm/xrce_samples.h"
#include "stream/xrce_stream.h"
#include "wire/xrce_cdr.h"

static const char *text_of(const xrce_entity_t *entity, const xrce_names_t *names, uint32_t part)
{
    return entity->text == XRCE_NONE ? "" : xrce_name_part(names, entity->text, part);
}

static void write_endpoint(xrce_writer_t *writer, const xrce_entity_t *entity)
{
    xrce_write_be16(writer, entity->topic);
    xrce_write_u8(writer, 1); /* qos follows */
    xrce_write_u16(writer, entity->qos);
    xrce_write_u8(writer, entity->depth != 0u);
    if (entity->depth != 0u) {
        xrce_write_u16(writer, entity->depth);
    }
    xrce_write_u8(writer, 0); /* deadline */
    xrce_write_u8(writer, 0); /* lifespan */
    xrce_write_u8(writer, 0); /* user data */
    xrce_write_u8(writer, 0); /* writer: ownership strength; reader: time filter */
    if (xrce_entity_kind(entity) == XRCE_DATAREADER) {
        xrce_write_u8(writer, 0); /* content filter */
    }
}

/* The BIN body, which counts its alignment from its own start. */
static void write_bin(xrce_writer_t *writer, const xrce_entity_t *entity, const xrce_names_t *names)
{
    const char *name = text_of(entity, names, 0);

    switch (xrce_entity_kind(entity)) {
    case XRCE_PARTICIPANT:
        xrce_write_u8(writer, 0); /* domain reference */
        xrce_write_u8(writer, name[0] != '\0');
        if (name[0] != '\0') {
            xrce_write_string(writer, name); /* where eProsima's Client puts it: QoS profile reference */
        }
        break;
    case XRCE_TOPIC:
        xrce_write_string(writer, name);
        xrce_write_u8(writer, 0); /* type reference */
        xrce_write_u8(writer, 1);
        xrce_write_string(writer, text_of(entity, names, 1));
        break;
    case XRCE_DATAWRITER:
    case XRCE_DATAREADER:
        write_endpoint(writer, entity);
        break;
    case XRCE_REQUESTER:
    case XRCE_REPLIER:
        for (uint32_t i = 0; i < 3u; i++) {
            xrce_write_string(writer, text_of(entity, names, i));
        }
        for (uint32_t i = 3; i < XRCE_NAME_PARTS; i++) { /* request topic, reply topic */
            const char *topic = text_of(entity, names, i);

            xrce_write_u8(writer, topic[0] != '\0');
            if (topic[0] != '\0') {
                xrce_write_string(writer, topic);
            }
        }
        break;
    default: /* publisher, subscriber */
        xrce_write_u8(writer, 0); /* name */
        xrce_write_u8(writer, 0); /* qos */
        break;
    }
}

static void write_payload(xrce_writer_t *writer, const xrce_entity_t *entity, const xrce_names_t *names)
{
    xrce_writer_t body;
    uint8_t kind = xrce_entity_kind(entity);
    uint8_t form = entity->form & 0x0Fu;

    xrce_write_be16(writer, entity->request);
    xrce_write_be16(writer, xrce_entity_object(entity));
    xrce_write_u8(writer, kind);
    xrce_write_u8(writer, form);
    if (form == XRCE_BIN) {
        xrce_write_open(&body, NULL, UINT32_MAX);
        write_bin(&body, entity, names);
        xrce_write_u32(writer, body.at);
        if (writer->bytes == NULL || writer->failed) {
            xrce_write_bytes(writer, NULL, body.at);
        } else {
            xrce_write_open(&body, writer->bytes + writer->at, writer->size - writer->at);
            write_bin(&body, entity, names);
            writer->failed = body.failed;
            writer->at += body.at;
        }
    } else {
        xrce_write_string(writer, text_of(entity, names, 0));
    }
    if (kind == XRCE_PARTICIPANT) {
        xrce_write_u16(writer, entity->domain);
    } else if (form != XRCE_REF || (kind != XRCE_PUBLISHER && kind != XRCE_SUBSCRIBER)) {
        xrce_write_be16(writer, entity->parent);
    }
}

int xrce_create_send(xrce_session_t *session, xrce_entity_t *entity, const xrce_names_t *names)
{
    xrce_stream_out_t *stream = &session->out[XRCE_OUT_RELIABLE];
    xrce_writer_t writer;
    uint32_t length;
    uint8_t *place;
    uint8_t flags;

    xrce_write_open(&writer, NULL, UINT32_MAX);
    write_payload(&writer, entity, names);
    length = writer.at;
    xrce_write_align(&writer, 4); /* the message goes on after padding, and so it does at its end */
    if (writer.at > xrce_out_capacity(stream, &session->peer)) {
        return XRCE_ERR_TOO_LARGE;
    }
    flags = (uint8_t)(XRCE_LITTLE_ENDIAN | entity->form >> 4);
    place = xrce_out_room(stream, &session->peer, XRCE_CREATE, flags, writer.at);
    if (place == NULL) {
        return XRCE_ERR_NO_BUFFER;
    }
    entity->request = xrce_session_request(session);
    xrce_subheader_write(place - XRCE_SUBHEADER_BYTES, XRCE_CREATE, flags, length);
    xrce_write_open(&writer, place, writer.at);
    write_payload(&writer, entity, names);
    xrce_write_align(&writer, 4);
    return XRCE_OK;
}

int xrce_delete_send(xrce_session_t *session, uint16_t object, uint16_t *request)
{
    xrce_writer_t writer;
    uint8_t *place = xrce_out_room(&session->out[XRCE_OUT_RELIABLE], &session->peer, XRCE_DELETE,
                                   XRCE_LITTLE_ENDIAN, 4);

    if (place == NULL) {
        return XRCE_ERR_NO_BUFFER;
    }
    *request = xrce_session_request(session);
    xrce_write_open(&writer, place, 4);
    xrce_write_be16(&writer, *request);
    xrce_write_be16(&writer, object);
    return XRCE_OK;
}

int xrce_read_send(xrce_session_t *session, const xrce_entity_t *reader)
{
    const uint32_t bytes = 16;
    const xrce_delivery_t *wanted = &reader->wanted;
    bool reliable = (reader->flags & XRCE_E_RELIABLE_STREAM) != 0u;
    xrce_writer_t writer;
    uint8_t *place = xrce_out_room(&session->out[XRCE_OUT_RELIABLE], &session->peer, XRCE_READ_DATA,
                                   XRCE_LITTLE_ENDIAN, bytes);

    if (place == NULL) {
        return XRCE_ERR_NO_BUFFER;
    }
    xrce_write_open(&writer, place, bytes);
    xrce_write_be16(&writer, xrce_session_request(session));
    xrce_write_be16(&writer, xrce_entity_object(reader));
    xrce_write_u8(&writer, wanted->max_samples == 0u ? XRCE_STREAM_NONE
                           : reliable                ? XRCE_STREAM_RELIABLE
                                                     : XRCE_STREAM_BEST_EFFORT);
    xrce_write_u8(&writer, 0); /* format DATA */
    xrce_write_u8(&writer, 0); /* no content filter */
    xrce_write_u8(&writer, 1); /* delivery control follows */
    xrce_write_u16(&writer, wanted->max_samples);
    xrce_write_u16(&writer, wanted->max_elapsed_s);
    xrce_write_u16(&writer, wanted->max_bytes_per_second);
    xrce_write_u16(&writer, wanted->min_pace_ms);
    return XRCE_OK;
}
