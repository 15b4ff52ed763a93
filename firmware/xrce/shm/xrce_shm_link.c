/* Samples that were published into streams, as far as there is room. */
#include <string.h>

#include "entity/xrce_entity.h"
#include "shm/xrce_samples.h"
#include "shm/xrce_shm_parts.h"
#include "state/xrce_context.h"
#include "stream/xrce_stream.h"

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
    xrce_shm_release(client, buffer);
    xrce_unlock(client);
}

/* A request has had its id since it was published. */
XRCE_SHARED static void head_write(uint8_t *place, xrce_session_t *session, const xrce_buffer_t *buffer)
{
    bool named = xrce_entity_kind(buffer->writer) == XRCE_REQUESTER;

    xrce_link_sample_head(place, buffer->writer, named ? buffer->number : xrce_session_request(session));
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

XRCE_COLD void xrce_shm_pump(xrce_client_t *client, xrce_session_t *session)
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
        (void)xrce_link_flush(client, session);
    }
}

/* Samples that waited for the link have been delivered locally; the link cannot take them any more. */
XRCE_COLD void xrce_samples_cut(xrce_client_t *client, xrce_session_t *session)
{
    xrce_lock(client);
    while (session->link_head != NULL) {
        xrce_buffer_t *buffer = session->link_head;

        session->link_head = buffer->next_link;
        client->shm.lost += (buffer->flags & XRCE_B_LOCAL) != 0u && buffer->writer->remote_readers == 0u ? 0u : 1u;
        xrce_shm_release(client, buffer);
    }
    session->link_tail = NULL;
    session->link_at = 0;
    session->link_cut = false;
    xrce_unlock(client);
}

XRCE_COLD void xrce_properties_write(xrce_writer_t *writer)
{
    xrce_write_u8(writer, 1);
    xrce_write_u32(writer, 2);
    xrce_write_string(writer, "uxr_sm");
    xrce_write_string(writer, "1");
    xrce_write_string(writer, "rig_lo"); /* we can withhold samples that nobody behind the Agent wants */
    xrce_write_string(writer, "1");
}
