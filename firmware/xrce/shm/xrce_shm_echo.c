/*
 * Telling echoes from samples: an Agent that does not cooperate gets every sample, and some of them send it back to
 * the readers that had it by shared memory already.
 *
 * Kept for each sample that went to such an Agent and that local readers had: topic, length and checksum. A DATA that
 * fits the oldest of them that its reader has not had back yet is that sample's echo and is dropped. A foreign sample
 * with identical bytes is not lost while the Agent echoes: it is dropped as the echo, and the real echo is delivered.
 * An Agent that has all that was sent, and has not echoed it within
 * XRCE_ECHO_MS, never will (Fast DDS suppresses echoes): then nothing is dropped any more. It may do so within a session
 * and still send the samples of one session to the readers of another: it does not know that they are one MCU; so the
 * two are judged apart. No more than XRCE_ECHO_SAMPLES samples are under way at once: further ones wait for echoes.
 *
 * A sample that is given up while its echo is still to come turns that echo into a sample that nobody published. So an
 * Agent that has echoed before gets XRCE_ECHO_LOST_MS: it may be held up, or have to say a lost message again by its own
 * time-outs, and an emulated board that polls runs many times ahead of the Agent's clock. After that it is unknown
 * again what it does. And a session that connects, this one or another, takes nothing away: an Agent that stayed still
 * sends back what it had. Main context only.
 */
#include "entity/xrce_entity.h"
#include "shm/xrce_samples.h"
#include "shm/xrce_shm_parts.h"
#include "stream/xrce_stream.h"

XRCE_STATIC_ASSERT(XRCE_ECHO_SAMPLES <= 16u, echo_samples); /* bits of xrce_entity_t.echoed */

XRCE_SHARED static uint32_t checksum_of(const uint8_t *data, uint32_t length)
{
    uint32_t sum = 2166136261u; /* FNV-1a */

    for (uint32_t i = 0; i < length; i++) {
        sum = (sum ^ data[i]) * 16777619u;
    }
    return sum;
}

static bool is_back(const xrce_echo_t *row)
{
    return (row->left[0] | row->left[1]) == 0u;
}

/* Waits no longer for what the Agent has not sent back, within a session or across. */
XRCE_COLD static void give_up(xrce_echoes_t *echoes, uint32_t across)
{
    uint8_t less = echoes->mode[across] >> 1;

    for (uint16_t number = echoes->first; number != echoes->next; number++) {
        xrce_echo_t *row = &echoes->rows[number % XRCE_ECHO_SAMPLES];

        if (row->left[across] != 0u) {
            row->left[across] = 0;
            echoes->mode[across] = less;
        }
    }
}

XRCE_SHARED static void pass_what_is_back(xrce_echoes_t *echoes)
{
    while (echoes->first != echoes->next && is_back(&echoes->rows[echoes->first % XRCE_ECHO_SAMPLES])) {
        echoes->first++;
    }
}

XRCE_COLD bool xrce_echo_room(xrce_client_t *client, const xrce_session_t *session)
{
    xrce_echoes_t *echoes = &client->echoes;
    uint32_t now = client->port.now_ms();

    if (session->cooperative || echoes->first == echoes->next) {
        return true;
    }
    if (xrce_out_unacked(&session->out[XRCE_OUT_RELIABLE])) {
        echoes->since = now; /* nothing can come back of what has not arrived */
    }
    for (uint32_t across = 0; across < 2u; across++) {
        if (now - echoes->since >= (echoes->mode[across] == XRCE_ECHO_YES ? XRCE_ECHO_LOST_MS : XRCE_ECHO_MS)) {
            give_up(echoes, across);
        }
    }
    pass_what_is_back(echoes);
    return (uint16_t)(echoes->next - echoes->first) < XRCE_ECHO_SAMPLES;
}

XRCE_COLD void xrce_echo_expect(xrce_client_t *client, const xrce_session_t *session, const xrce_buffer_t *buffer)
{
    xrce_echoes_t *echoes = &client->echoes;
    uint32_t slot = echoes->next % XRCE_ECHO_SAMPLES;
    xrce_echo_t *row = &echoes->rows[slot];

    if (session->cooperative || (buffer->flags & XRCE_B_LOCAL) == 0u) {
        return;
    }
    row->left[0] = 0;
    row->left[1] = 0;
    for (xrce_entity_t *entity = NULL; (entity = xrce_entity_next(&client->entities, entity)) != NULL;) {
        bool across = entity->session != session->index;

        entity->echoed = (uint16_t)(entity->echoed & ~(1u << slot));
        /* A reader that asked the Agent for this topic: a service has no name in common with a topic. */
        if (entity->name == buffer->writer->name && entity->wanted.max_samples != 0u &&
            client->sessions[entity->session].state == XRCE_SESSION_CONNECTED &&
            echoes->mode[across] != XRCE_ECHO_NO) {
            row->left[across]++;
        }
    }
    if (is_back(row)) {
        return;
    }
    if (echoes->first == echoes->next) {
        echoes->since = client->port.now_ms();
    }
    row->checksum = checksum_of(buffer->data, buffer->length);
    row->length = buffer->length;
    row->name = buffer->writer->name;
    row->session = session->index;
    echoes->next++;
}

XRCE_COLD bool xrce_echo_is(xrce_client_t *client, const xrce_session_t *session, xrce_entity_t *reader,
                            const uint8_t *data, uint32_t length)
{
    xrce_echoes_t *echoes = &client->echoes;

    if (session->cooperative) {
        return false;
    }
    for (uint16_t number = echoes->first; number != echoes->next; number++) {
        uint32_t slot = number % XRCE_ECHO_SAMPLES;
        xrce_echo_t *row = &echoes->rows[slot];
        bool across = row->session != session->index;

        if ((reader->echoed >> slot & 1u) == 0u && row->name == reader->name && row->length == length &&
            echoes->mode[across] != XRCE_ECHO_NO && row->checksum == checksum_of(data, length)) {
            reader->echoed = (uint16_t)(reader->echoed | 1u << slot);
            echoes->mode[across] = XRCE_ECHO_YES;
            echoes->since = client->port.now_ms();
            if (row->left[across] != 0u) {
                row->left[across]--;
            }
            pass_what_is_back(echoes);
            return true;
        }
    }
    return false;
}

void xrce_echo_reset(xrce_client_t *client)
{
    client->echoes.mode[0] |= XRCE_ECHO_UNKNOWN;
    client->echoes.mode[1] |= XRCE_ECHO_UNKNOWN;
}
