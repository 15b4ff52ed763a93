/*
 * Requests and replies.
 *
 * A request of a requester reaches the repliers of its service: those on this MCU by shared memory, or, when there are
 * none, those behind the Agent. So a service that is served here is served here only, and no request is answered
 * twice. A reply goes back to where its request came from, as the sample identity says, which a replier hands back
 * as it got it.
 */
#include <string.h>

#include "entity/xrce_entity.h"
#include "shm/xrce_samples.h"
#include "shm/xrce_shm_parts.h"
#include "state/xrce_context.h"

/*
 * The identity of a request that never leaves this MCU, in the order of this MCU's bytes. Where one of an Agent begins
 * with a vendor's id, ours begins with a word that no vendor has; then two zeros, the requester's key, which it is of all
 * that were ever made (another one may have the same key later), and the request id as sequence number.
 */
typedef union {
    uint32_t word[XRCE_IDENTITY_BYTES / 4u];
    uint8_t bytes[XRCE_IDENTITY_BYTES];
} identity_t;

#define LOCAL_MARK 0xFF6C6FFFu /* FF at both ends, whatever the order of bytes */
#define AT_NUMBER 20u

XRCE_SHARED static void identity_make(identity_t *identity, const xrce_entity_t *requester, uint16_t request)
{
    identity->word[0] = LOCAL_MARK;
    identity->word[1] = 0;
    identity->word[2] = 0;
    identity->word[3] = requester->key;
    identity->word[4] = requester->topic;
    identity->word[5] = request;
}

static bool is_local(const uint8_t *identity)
{
    const uint32_t mark = LOCAL_MARK;

    return memcmp(identity, &mark, sizeof(mark)) == 0;
}

/* Whether an identity names a request of this requester. */
XRCE_COLD static bool names(const uint8_t *identity, const xrce_entity_t *requester)
{
    identity_t own;

    identity_make(&own, requester, 0);
    return memcmp(own.bytes, identity, AT_NUMBER) == 0;
}

XRCE_COLD void xrce_service_deliver(xrce_client_t *client, const xrce_buffer_t *buffer, const xrce_entity_t *entity)
{
    xrce_service_sample_t message = {0};
    identity_t identity;
    uint32_t head = xrce_kind_head(xrce_entity_kind(buffer->writer));

    if (head == 0u) {
        identity_make(&identity, buffer->writer, buffer->number);
        message.identity = identity.bytes;
    } else if (names(buffer->data, entity)) {
        uint32_t number;

        memcpy(&number, buffer->data + AT_NUMBER, sizeof(number));
        message.request = (uint16_t)number;
    } else {
        return; /* an answer to somebody else */
    }
    message.sample.data = buffer->data + head;
    message.sample.length = buffer->length - head;
    message.sample.local = true;
    client->shm.delivered_aside++;
    XRCE_STORE(client->shm.chores, true);
    xrce_hand_over(client, &message, entity);
}

/* Publishes the loan of requester or replier `writer`. Under the lock. */
XRCE_COLD static int publish(xrce_client_t *client, xrce_entity_t *writer, bool local, uint16_t number)
{
    xrce_buffer_t *buffer = writer->loan;

    if (!local && client->sessions[writer->session].state != XRCE_SESSION_CONNECTED) {
        return XRCE_ERR_STATE;
    }
    writer->loan = NULL;
    buffer->number = number;
    xrce_shm_publish(client, buffer, local ? XRCE_ROUTE_LOCAL : XRCE_ROUTE_LINK);
    return XRCE_OK;
}

static uint16_t next_request(xrce_session_t *session)
{
    uint16_t request = session->next_request++;

    if (session->next_request < XRCE_REQUEST_FIRST) {
        session->next_request = XRCE_REQUEST_FIRST;
    }
    return request;
}

uint16_t xrce_session_request(xrce_session_t *session)
{
    uint16_t request;

    xrce_lock(session->client);
    request = next_request(session);
    xrce_unlock(session->client);
    return request;
}

XRCE_COLD int xrce_service_request(xrce_client_t *client, uint8_t session, uint16_t requester)
{
    uint16_t request = 0;
    xrce_entity_t *writer;
    int status;

    xrce_lock(client);
    writer = xrce_entity_find(&client->entities, XRCE_KEY(session, XRCE_OBJECT(requester, XRCE_REQUESTER)));
    if (writer == NULL || writer->loan == NULL) {
        status = writer == NULL ? XRCE_ERR_UNKNOWN : XRCE_ERR_STATE;
    } else {
        request = next_request(&client->sessions[session]);
        status = publish(client, writer, writer->edges != NULL, request);
    }
    xrce_unlock(client);
    xrce_wake(client);
    return status < 0 ? status : (int)request;
}

XRCE_COLD int xrce_service_reply(xrce_client_t *client, uint8_t session, uint16_t replier,
                                 const uint8_t identity[XRCE_IDENTITY_BYTES])
{
    bool local = is_local(identity);
    const xrce_edge_t *edge = NULL;
    xrce_entity_t *writer;
    int status;

    xrce_lock(client);
    writer = xrce_entity_find(&client->entities, XRCE_KEY(session, XRCE_OBJECT(replier, XRCE_REPLIER)));
    if (writer == NULL || writer->loan == NULL) {
        status = writer == NULL ? XRCE_ERR_UNKNOWN : XRCE_ERR_STATE;
    } else {
        for (edge = writer->edges; local && edge != NULL && !names(identity, edge->reader);) {
            edge = edge->next;
        }
        status = local && edge == NULL ? XRCE_ERR_UNKNOWN : XRCE_OK;
    }
    if (status == XRCE_OK) {
        memcpy(((xrce_buffer_t *)writer->loan)->data, identity, XRCE_IDENTITY_BYTES);
        status = publish(client, writer, local, 0);
    }
    xrce_unlock(client);
    xrce_wake(client);
    return status;
}
