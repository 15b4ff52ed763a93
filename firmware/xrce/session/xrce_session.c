#include "session/xrce_session.h"

#include <string.h>

#include "entity/xrce_entity.h"
#include "shm/xrce_samples.h"
#include "stream/xrce_stream.h"
#include "wire/xrce_cdr.h"

uint32_t xrce_session_memory(uint32_t slot_bytes, uint32_t history)
{
    return slot_bytes * (1u + 2u * history);
}

XRCE_COLD void xrce_session_open(xrce_client_t *client, xrce_session_t *session, const uint8_t key[4], uint8_t *memory)
{
    uint8_t index = session->index;
    uint32_t slot = client->mtu & ~7u;

    memset(session, 0, sizeof(*session));
    session->index = index;
#if XRCE_SHM
    session->client = client;
#endif
    session->state = XRCE_SESSION_OFFLINE;
    /* With several sessions, each sends its key in the header; otherwise the Agent takes the keyless one for the only
     * Client at this address, and ends it as soon as the next one logs in. */
    session->peer.session = (uint8_t)(client->session_count > 1u ? index + 1u : 0x81u);
    memcpy(session->peer.key, key, 4);
    session->next_request = XRCE_REQUEST_FIRST;
    if (memory != NULL) {
        xrce_out_init(&session->out[XRCE_OUT_BEST_EFFORT], XRCE_STREAM_BEST_EFFORT, memory, slot, 1);
        xrce_out_init(&session->out[XRCE_OUT_RELIABLE], XRCE_STREAM_RELIABLE, memory + slot, slot, client->history);
        xrce_in_init(&session->in, memory + slot * (1u + client->history), slot, client->history);
    }
}

XRCE_COLD void xrce_session_disconnected(xrce_client_t *client, xrce_session_t *session)
{
    if (session->state == XRCE_SESSION_CONNECTED) {
        session->state = XRCE_SESSION_OFFLINE;
    }
    session->connect_sent = false;
    session->unanswered = 0;
    session->unheard = 0;
    session->heard_at = client->port.now_ms();
    session->cooperative = false;
    xrce_out_reset(&session->out[XRCE_OUT_BEST_EFFORT]);
    xrce_out_reset(&session->out[XRCE_OUT_RELIABLE]);
    xrce_in_reset(&session->in);
    xrce_fragment_reset(client, &session->fragment);
    session->best_effort_expected = 0;
    xrce_shm_route(client, session);
    xrce_samples_cut(client, session);
}

/* The Agent may be a new one that knows none of our entities: all must be told again. One whose answer never came may
 * have been made none the less, and an Agent that is still the same will say so. */
XRCE_COLD static void announce_all(xrce_client_t *client, xrce_session_t *session)
{
    for (xrce_entity_t *row = NULL; (row = xrce_entity_next_of(&client->entities, session->index, row)) != NULL;) {
        if ((row->flags & XRCE_E_ANNOUNCED) != 0u && row->status == XRCE_STATUS_PENDING) {
            row->flags |= XRCE_E_KNOWN;
        }
        row->flags = (uint8_t)(row->flags & ~XRCE_E_ANNOUNCED);
        row->status = XRCE_STATUS_PENDING;
        row->remote_readers = 0;
        if (row->wanted.max_samples != 0u) {
            row->flags |= XRCE_E_READ;
        }
    }
    session->dirty = true;
}

XRCE_COLD void xrce_session_connected(xrce_client_t *client, xrce_session_t *session, bool cooperative)
{
    xrce_session_disconnected(client, session); /* both sides begin with empty streams */
    session->state = XRCE_SESSION_CONNECTED;
    session->cooperative = cooperative;
    xrce_echo_reset(client); /* it may be another Agent */
    announce_all(client, session);
    xrce_shm_route(client, session);
}

int xrce_session_logout(xrce_client_t *client, xrce_session_t *session)
{
    uint8_t message[XRCE_BARE_BYTES];
    xrce_writer_t writer = {.bytes = message, .size = sizeof(message)};

    xrce_bare_open(&writer, &session->peer, XRCE_DELETE, 4);
    xrce_write_be16(&writer, XRCE_REQUEST_LOGOUT);
    xrce_write_be16(&writer, XRCE_OBJECT_CLIENT);
    session->logout = XRCE_STATUS_PENDING;
    return xrce_link_send(client, message, writer.at);
}
