/* One step, waiting and spinning: the loop that drives sessions and local delivery. */
#include "client/xrce_client_parts.h"

#include <string.h>

#include "session/xrce_session.h"
#include "shm/xrce_samples.h"
#include "state/xrce_context.h"
#include "wire/xrce_framing.h"

#define SPIN_ROUNDS 64u /* messages from the link that one spin works on, so that a flood cannot hold it */

static void receive_message(xrce_client_t *client, const uint8_t *message, uint32_t length)
{
    xrce_header_t header;

    if (xrce_header_read(&header, message, length) < 0) {
        return;
    }
    if ((header.session & 0x7Fu) == 0u) {
        xrce_info_pong(client, message, length, header.bytes);
        return;
    }
    client->in_link = true;
    for (uint32_t i = 0; i < client->session_count; i++) {
        xrce_session_t *session = &client->sessions[i];

        if (session->state != XRCE_SESSION_CLOSED && session->peer.session == header.session &&
            (header.key == NULL || memcmp(header.key, session->peer.key, 4) == 0)) {
            xrce_session_receive(client, session, &header, message, length);
            break;
        }
    }
    client->in_link = false;
}

/* All frames in the chunk that was read. */
static void receive_chunk(xrce_client_t *client)
{
    while (client->chunk_at < client->chunk_end) {
        uint32_t used = 0;
        int length = xrce_frame_decode(&client->decoder, client->chunk + client->chunk_at,
                                       (uint32_t)client->chunk_end - client->chunk_at, &used);

        client->chunk_at = (uint16_t)(client->chunk_at + used);
        if (length > 0 && client->decoder.destination == XRCE_ADDRESS_CLIENT) {
            receive_message(client, client->receive, (uint32_t)length);
        }
    }
}

static uint32_t pump_all(xrce_client_t *client, uint32_t limit)
{
    uint32_t now = client->port.now_ms();

    for (uint32_t i = 0; i < client->session_count; i++) {
        xrce_session_pump(client, &client->sessions[i], now);
        limit = xrce_session_due(&client->sessions[i], now, limit);
    }
    return limit;
}

int xrce_client_step(xrce_client_t *client, uint32_t wait_ms)
{
    const xrce_transport_t *transport = client->transport;
    int got;

    if (client->in_link) {
        return 0;
    }
    if (wait_ms != 0u) {
        wait_ms = xrce_shm_sleep(client, wait_ms);
    }
    if (transport == NULL) {
        if (wait_ms != 0u) {
            client->port.wait(wait_ms);
        }
        xrce_shm_awake(client);
        return 0;
    }
    if (wait_ms != 0u) { /* idle: never in the middle of traffic */
        for (uint32_t i = 0; i < client->session_count; i++) {
            xrce_session_keep_alive(client, &client->sessions[i], client->port.now_ms());
        }
    }
    wait_ms = pump_all(client, wait_ms);
    if (wait_ms > INT32_MAX) {
        wait_ms = INT32_MAX;
    }
    got = transport->read(transport->context, transport->framed ? client->chunk : client->receive,
                          transport->framed ? XRCE_CHUNK_BYTES : client->mtu, (int)wait_ms);
    xrce_shm_awake(client);
    if (transport->framed) {
        client->chunk_at = 0;
        client->chunk_end = (uint16_t)(got > 0 ? got : 0);
        receive_chunk(client);
    } else if (got > 0) {
        receive_message(client, client->receive, (uint32_t)got);
    }
    if (got > 0) {
        (void)pump_all(client, 0); /* what came may have made room, or asked for an answer */
    }
    return got > 0 ? 1 : 0;
}

xrce_session_t *xrce_client_session(xrce_client_t *client, uint8_t index)
{
    if (index >= client->session_count || client->sessions[index].state == XRCE_SESSION_CLOSED) {
        return NULL;
    }
    return &client->sessions[index];
}

int xrce_client_wait(xrce_client_t *client, const uint8_t *status, uint32_t timeout_ms)
{
    uint32_t begin = client->port.now_ms();

    if (client->transport == NULL || client->in_link || client->spinning || timeout_ms == 0u) {
        return XRCE_OK;
    }
    while (*status == XRCE_STATUS_PENDING) {
        uint32_t spent = client->port.now_ms() - begin;

        if (spent >= timeout_ms) {
            return XRCE_ERR_TIMEOUT;
        }
        (void)xrce_client_step(client, timeout_ms - spent);
    }
    if (*status == XRCE_STATUS_MISMATCH) {
        return XRCE_ERR_MISMATCH;
    }
    return *status >= 0x80u ? XRCE_ERR_REFUSED : XRCE_OK;
}

/* Whether a spin that delivered local samples may leave the link alone. */
static bool link_idle(xrce_client_t *client)
{
    if (client->transport == NULL) {
        return true;
    }
    if (++client->streak >= XRCE_LINK_EVERY) {
        return false;
    }
    for (uint32_t i = 0; i < client->session_count; i++) {
        if (xrce_shm_waits(&client->sessions[i])) {
            return false;
        }
    }
    return true;
}

static uint32_t spin_link(xrce_client_t *client, uint32_t timeout_ms, uint32_t count)
{
    uint32_t begin = client->port.now_ms();
    uint32_t spent = 0;

    client->streak = 0;
    for (uint32_t round = 0; round < SPIN_ROUNDS || count == 0u; round++) {
        uint32_t before = client->delivered_link;
        int got = xrce_client_step(client, count != 0u ? 0u : timeout_ms - spent);

        count += client->delivered_link - before;
        count += xrce_shm_deliver(client);
        if (got == 0 && count != 0u) {
            break;
        }
        spent = client->port.now_ms() - begin;
        if (spent >= timeout_ms && (got == 0 || round >= SPIN_ROUNDS)) {
            break;
        }
        spent = spent < timeout_ms ? spent : timeout_ms;
    }
    return count;
}

int xrce_client_spin(xrce_client_t *client, uint32_t timeout_ms)
{
    uint32_t count;

    if (client->spinning || client->in_link) {
        return XRCE_ERR_STATE;
    }
    client->spinning = true;
    count = xrce_shm_deliver(client);
    if (count == 0u || !link_idle(client)) {
        count = spin_link(client, timeout_ms, count);
    }
    client->spinning = false;
    return (int)count;
}
