#include "xrce_shm_echo.h"

#if XRCE_SHM

#include "xrce_client.h"

XRCE_SHARED static uint32_t checksum_of(const uint8_t *data, uint32_t length)
{
    uint32_t sum = 2166136261u; /* FNV-1a */

    for (uint32_t i = 0; i < length; i++) {
        sum = (sum ^ data[i]) * 16777619u;
    }
    return sum;
}

/* How many readers of ours asked the Agent for this topic, so that it may come back to them. */
XRCE_COLD static uint8_t askers(const xrce_client_t *client, const xrce_session_t *session, uint8_t name)
{
    uint8_t count = 0;

    for (uint32_t i = 0; i < client->entities.row_count; i++) {
        const xrce_entity_t *entity = &client->entities.rows[i];

        if (entity->key != 0u && entity->session == session->index && entity->name == name &&
            entity->wanted.max_samples != 0u) {
            count++; /* a reader: a service has no name in common with a topic */
        }
    }
    return count;
}

XRCE_COLD bool xrce_echo_room(xrce_client_t *client, xrce_session_t *session)
{
    xrce_echoes_t *echoes = &client->echoes;

    if (session->cooperative || echoes->first == echoes->next) {
        return true;
    }
    if (client->port.now_ms() - echoes->since >= XRCE_ECHO_MS) {
        echoes->first = echoes->next;
        session->echo = session->echo == XRCE_ECHO_UNKNOWN ? XRCE_ECHO_NO : session->echo;
    }
    return (uint16_t)(echoes->next - echoes->first) < XRCE_ECHO_SAMPLES;
}

XRCE_COLD void xrce_echo_expect(xrce_client_t *client, xrce_session_t *session, const xrce_buffer_t *buffer)
{
    xrce_echoes_t *echoes = &client->echoes;
    xrce_echo_t *row = &echoes->rows[echoes->next % XRCE_ECHO_SAMPLES];
    uint8_t left = askers(client, session, buffer->writer->name);

    if (session->cooperative || session->echo == XRCE_ECHO_NO || (buffer->flags & XRCE_B_LOCAL) == 0u || left == 0u) {
        return;
    }
    if (echoes->first == echoes->next) {
        echoes->since = client->port.now_ms();
    }
    row->checksum = checksum_of(buffer->data, buffer->length);
    row->length = buffer->length;
    row->name = buffer->writer->name;
    row->session = session->index;
    row->left = left;
    echoes->next++;
}

XRCE_COLD bool xrce_echo_is(xrce_client_t *client, xrce_session_t *session, xrce_entity_t *reader, const uint8_t *data,
                  uint32_t length)
{
    xrce_echoes_t *echoes = &client->echoes;
    uint16_t number = echoes->first;

    if (session->cooperative || session->echo == XRCE_ECHO_NO) {
        return false;
    }
    if (xrce_sequence_distance(reader->echoed, number) > 0) {
        number = reader->echoed;
    }
    for (; number != echoes->next; number++) {
        xrce_echo_t *row = &echoes->rows[number % XRCE_ECHO_SAMPLES];

        if (row->session == session->index && row->name == reader->name && row->length == length &&
            row->checksum == checksum_of(data, length)) {
            reader->echoed = (uint16_t)(number + 1u);
            session->echo = XRCE_ECHO_YES;
            echoes->since = client->port.now_ms();
            row->left = (uint8_t)(row->left - (row->left != 0u ? 1u : 0u));
            while (echoes->first != echoes->next && echoes->rows[echoes->first % XRCE_ECHO_SAMPLES].left == 0u) {
                echoes->first++;
            }
            return true;
        }
    }
    return false;
}

#else
typedef int xrce_shm_echo_unused;
#endif
