/* Without shared memory: a loan is room in an output stream, and publishing sends it. */
#include <string.h>

#include "entity/xrce_entity.h"
#include "shm/xrce_samples.h"
#include "state/xrce_context.h"
#include "stream/xrce_stream.h"
#include "xrce_sample.h"

uint16_t xrce_session_request(xrce_session_t *session)
{
    uint16_t request = session->next_request++;

    if (session->next_request < XRCE_REQUEST_FIRST) {
        session->next_request = XRCE_REQUEST_FIRST;
    }
    return request;
}

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

static int commit(xrce_client_t *client, xrce_entity_t *writer, uint16_t request)
{
    xrce_session_t *session = &client->sessions[writer->session];
    xrce_stream_out_t *stream = xrce_data_stream(session, writer);

    xrce_link_sample_head(writer->loan, writer, request);
    writer->loan = NULL;
    xrce_out_loan_commit(stream, &session->peer, writer->loan_length, writer->loan_sequence);
    if (xrce_link_flush(client, session) < 0 && !xrce_out_reliable(stream)) {
        client->lost_link++;
        return XRCE_ERR_LINK;
    }
    return XRCE_OK;
}

int xrce_sample_publish(xrce_client_t *client, uint32_t key)
{
    xrce_entity_t *writer = xrce_entity_find(&client->entities, key);

    if (writer == NULL || writer->loan == NULL) {
        return writer == NULL ? XRCE_ERR_UNKNOWN : XRCE_ERR_STATE;
    }
    return commit(client, writer, xrce_session_request(&client->sessions[writer->session]));
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

XRCE_COLD int xrce_service_request(xrce_client_t *client, uint8_t session, uint16_t requester)
{
    xrce_entity_t *writer =
        xrce_entity_find(&client->entities, XRCE_KEY(session, XRCE_OBJECT(requester, XRCE_REQUESTER)));
    uint16_t request;
    int status;

    if (writer == NULL || writer->loan == NULL) {
        return writer == NULL ? XRCE_ERR_UNKNOWN : XRCE_ERR_STATE;
    }
    request = xrce_session_request(&client->sessions[session]);
    status = commit(client, writer, request);
    return status < 0 ? status : (int)request;
}

XRCE_COLD int xrce_service_reply(xrce_client_t *client, uint8_t session, uint16_t replier,
                                 const uint8_t identity[XRCE_IDENTITY_BYTES])
{
    xrce_entity_t *writer = xrce_entity_find(&client->entities, XRCE_KEY(session, XRCE_OBJECT(replier, XRCE_REPLIER)));

    if (writer == NULL || writer->loan == NULL) {
        return writer == NULL ? XRCE_ERR_UNKNOWN : XRCE_ERR_STATE;
    }
    memcpy(writer->loan + XRCE_SAMPLE_HEAD_BYTES, identity, XRCE_IDENTITY_BYTES);
    return commit(client, writer, xrce_session_request(&client->sessions[session]));
}

int xrce_samples_enter(xrce_client_t *client, xrce_entity_t *entity, uint32_t key)
{
    xrce_lock(client);
    xrce_entity_enter(&client->entities, entity, key);
    xrce_unlock(client);
    return XRCE_OK;
}

void xrce_samples_leave(xrce_client_t *client, xrce_entity_t *entity)
{
    xrce_lock(client);
    entity->key = 0;
    xrce_unlock(client);
}

void xrce_samples_cut(xrce_client_t *client, xrce_session_t *session)
{
    for (xrce_entity_t *row = NULL; (row = xrce_entity_next_of(&client->entities, session->index, row)) != NULL;) {
        row->loan = NULL; /* its place in the stream is gone */
    }
}

/* One session at a time. */
bool xrce_place_take(xrce_client_t *client, xrce_fragment_t *fragment)
{
    if (client->reassembling) {
        return false;
    }
    client->reassembling = true;
    fragment->place = client->reassembly;
    fragment->capacity = client->reassembly_bytes;
    return true;
}

void xrce_place_give(xrce_client_t *client, xrce_fragment_t *fragment)
{
    (void)fragment;
    client->reassembling = false;
}

void xrce_properties_write(xrce_writer_t *writer)
{
    xrce_write_u8(writer, 0);
}
