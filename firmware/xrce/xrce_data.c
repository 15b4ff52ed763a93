#include "xrce_data.h"

#include <string.h>

#include "xrce_cdr.h"
#include "xrce_client.h"

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

/* Writes request id and object id of a sample. */
XRCE_COLD static void sample_head(uint8_t *place, const xrce_entity_t *writer, uint16_t request)
{
    xrce_writer_t head;

    xrce_write_open(&head, place, XRCE_SAMPLE_HEAD_BYTES);
    xrce_write_be16(&head, request);
    xrce_write_be16(&head, xrce_entity_object(writer));
}

void xrce_data_received(xrce_client_t *client, xrce_session_t *session, uint16_t object, const uint8_t *data,
                        uint32_t length)
{
    xrce_entity_t *reader = xrce_entity_find(&client->entities, XRCE_KEY(session->index, object));

    if (reader == NULL || reader->wanted.max_samples == 0u) {
        return; /* deleted or cancelled meanwhile */
    }
    if (xrce_kind_is_service(xrce_entity_kind(reader))) {
        xrce_service_received(client, reader, data, length);
        return;
    }
#if XRCE_SHM
    if (xrce_echo_is(client, session, reader, data, length)) {
        return;
    }
#endif
    xrce_client_deliver_link(client, reader, data, length);
}

#if XRCE_SHM

XRCE_COLD static void link_pop(xrce_client_t *client, xrce_session_t *session)
{
    xrce_buffer_t *buffer = session->link_head;

    xrce_echo_expect(client, session, buffer);
    xrce_lock(client);
    session->link_head = buffer->next_link;
    if (session->link_head == NULL) {
        session->link_tail = NULL;
    }
    session->link_at = 0; /* with it, or the next one would seem to be under way */
    xrce_shm_let_go(client, buffer);
    xrce_unlock(client);
}

/* A request has had its id since it was published. */
XRCE_SHARED static void head_write(uint8_t *place, xrce_session_t *session, const xrce_buffer_t *buffer)
{
    bool named = xrce_entity_kind(buffer->writer) == XRCE_REQUESTER;

    sample_head(place, buffer->writer, named ? buffer->number : xrce_session_request(session));
}

/* One FRAGMENT of a sample whose WRITE_DATA has `total` bytes with its submessage header. False: no slot is free. */
XRCE_COLD static bool fragment_send(xrce_session_t *session, const xrce_buffer_t *buffer, uint32_t total)
{
    xrce_stream_out_t *stream = &session->out[XRCE_OUT_RELIABLE];
    uint32_t piece = xrce_out_capacity(stream, &session->peer);
    uint32_t rest = total - session->link_at;
    uint32_t bytes = rest < piece ? rest : piece;
    uint8_t flags = rest <= piece ? XRCE_LITTLE_ENDIAN | XRCE_LAST_FRAGMENT : XRCE_LITTLE_ENDIAN;
    uint8_t *place = xrce_out_room_alone(stream, &session->peer, XRCE_FRAGMENT, flags, bytes);

    if (place == NULL) {
        return false;
    }
    if (session->link_at == 0u) {
        const uint32_t head = XRCE_SUBHEADER_BYTES + XRCE_SAMPLE_HEAD_BYTES;

        xrce_subheader_write(place, XRCE_WRITE_DATA, XRCE_LITTLE_ENDIAN, total - XRCE_SUBHEADER_BYTES);
        head_write(place + XRCE_SUBHEADER_BYTES, session, buffer);
        memcpy(place + head, buffer->data, bytes - head);
    } else {
        memcpy(place, buffer->data + session->link_at - XRCE_SUBHEADER_BYTES - XRCE_SAMPLE_HEAD_BYTES, bytes);
    }
    session->link_at += bytes;
    return true;
}

/* True when the sample is wholly in a stream. */
XRCE_COLD static bool sample_send(xrce_session_t *session, const xrce_buffer_t *buffer)
{
    xrce_stream_out_t *stream = xrce_data_stream(session, buffer->writer);
    uint32_t length = buffer->length + XRCE_SAMPLE_HEAD_BYTES;
    uint8_t *place;

    if (length > xrce_out_capacity(stream, &session->peer)) {
        /* Only the reliable stream has FRAGMENTs, so that a long best-effort sample goes there too. */
        while (session->link_at < length + XRCE_SUBHEADER_BYTES) {
            if (!fragment_send(session, buffer, length + XRCE_SUBHEADER_BYTES)) {
                return false;
            }
        }
        return true;
    }
    place = xrce_out_room_alone(stream, &session->peer, XRCE_WRITE_DATA, XRCE_LITTLE_ENDIAN, length);
    if (place == NULL) {
        return false;
    }
    head_write(place, session, buffer);
    memcpy(place + XRCE_SAMPLE_HEAD_BYTES, buffer->data, buffer->length);
    return true;
}

/* The sample whose fragments went out in part has been given up: an early end tells the Agent to forget it, because
 * its length does not fit. False: no slot is free. */
XRCE_COLD static bool cut_send(xrce_client_t *client, xrce_session_t *session)
{
    const uint8_t flags = XRCE_LITTLE_ENDIAN | XRCE_LAST_FRAGMENT;

    if (XRCE_LOAD(session->link_cut) && /* else the queue has just run empty */
        xrce_out_room_alone(&session->out[XRCE_OUT_RELIABLE], &session->peer, XRCE_FRAGMENT, flags, 0) == NULL) {
        return false;
    }
    xrce_lock(client);
    session->link_at = 0;
    session->link_cut = false;
    xrce_unlock(client);
    return true;
}

/* The sample whose turn it is; nobody drops it to make room while it is busy. */
XRCE_COLD static xrce_buffer_t *link_turn(xrce_client_t *client, xrce_session_t *session, uint8_t busy)
{
    xrce_buffer_t *buffer;

    xrce_lock(client);
    buffer = session->link_cut ? NULL : session->link_head;
    if (buffer != NULL) {
        buffer->flags = (uint8_t)((buffer->flags & ~XRCE_B_BUSY) | busy);
    }
    xrce_unlock(client);
    return buffer;
}

XRCE_COLD void xrce_data_pump(xrce_client_t *client, xrce_session_t *session)
{
    bool sent = true;

    while (sent && (XRCE_LOAD(session->link_head) != NULL || XRCE_LOAD(session->link_cut))) {
        xrce_buffer_t *buffer = link_turn(client, session, XRCE_B_BUSY);

        if (buffer == NULL) {
            sent = cut_send(client, session);
        } else if ((session->link_at != 0u || xrce_echo_room(client, session)) && sample_send(session, buffer)) {
            link_pop(client, session);
        } else {
            (void)link_turn(client, session, 0);
            sent = false;
        }
        (void)xrce_session_flush(client, session);
    }
}

#else

int xrce_sample_loan(xrce_client_t *client, uint32_t key, uint32_t length, uint8_t **place)
{
    xrce_entity_t *writer = xrce_entity_find(&client->entities, key);
    xrce_session_t *session;
    xrce_stream_out_t *stream;
    uint32_t bytes = length + XRCE_SAMPLE_HEAD_BYTES;

    if (writer == NULL) {
        return XRCE_ERR_UNKNOWN;
    }
    session = &client->sessions[writer->session];
    stream = xrce_data_stream(session, writer);
    if (writer->loan != NULL || session->state != XRCE_SESSION_CONNECTED) {
        return XRCE_ERR_STATE;
    }
    if (length > UINT32_MAX - XRCE_SAMPLE_HEAD_BYTES || bytes > xrce_out_loan_capacity(stream, &session->peer)) {
        return XRCE_ERR_TOO_LARGE;
    }
    writer->loan = xrce_out_loan(stream, &session->peer, XRCE_WRITE_DATA, bytes, &writer->loan_sequence);
    if (writer->loan == NULL) {
        client->refused_stream++;
        return XRCE_ERR_NO_BUFFER;
    }
    writer->loan_length = bytes;
    *place = writer->loan + XRCE_SAMPLE_HEAD_BYTES;
    return XRCE_OK;
}

int xrce_sample_publish(xrce_client_t *client, uint32_t key)
{
    xrce_entity_t *writer = xrce_entity_find(&client->entities, key);

    if (writer == NULL || writer->loan == NULL) {
        return writer == NULL ? XRCE_ERR_UNKNOWN : XRCE_ERR_STATE;
    }
    return xrce_sample_commit(client, writer, xrce_session_request(&client->sessions[writer->session]));
}

int xrce_sample_commit(xrce_client_t *client, xrce_entity_t *writer, uint16_t request)
{
    xrce_session_t *session = &client->sessions[writer->session];
    xrce_stream_out_t *stream = xrce_data_stream(session, writer);

    sample_head(writer->loan, writer, request);
    writer->loan = NULL;
    xrce_out_loan_commit(stream, &session->peer, writer->loan_length, writer->loan_sequence);
    if (xrce_session_flush(client, session) < 0 && !xrce_out_reliable(stream)) {
        client->lost_link++;
        return XRCE_ERR_LINK;
    }
    return XRCE_OK;
}

int xrce_sample_cancel(xrce_client_t *client, uint32_t key)
{
    xrce_entity_t *writer = xrce_entity_find(&client->entities, key);
    xrce_session_t *session;

    if (writer == NULL || writer->loan == NULL) {
        return writer == NULL ? XRCE_ERR_UNKNOWN : XRCE_ERR_STATE;
    }
    session = &client->sessions[writer->session];
    writer->loan = NULL;
    xrce_out_loan_cancel(xrce_data_stream(session, writer), &session->peer, writer->loan_length,
                         writer->loan_sequence);
    return XRCE_OK;
}

#endif
