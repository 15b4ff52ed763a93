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

/* Some reader of ours asked the Agent for this topic, so that an echo may come. */
XRCE_COLD static bool may_come_back(const xrce_client_t *client, const xrce_session_t *session, uint8_t name)
{
    for (uint32_t i = 0; i < client->entities.row_count; i++) {
        const xrce_entity_t *entity = &client->entities.rows[i];

        if (entity->key != 0u && entity->session == session->index && entity->name == name && entity->wanted != 0u &&
            xrce_entity_kind(entity) == XRCE_DATAREADER) {
            return true;
        }
    }
    return false;
}

XRCE_COLD void xrce_echo_expect(xrce_client_t *client, xrce_session_t *session, const xrce_buffer_t *buffer)
{
    xrce_echoes_t *echoes = &client->echoes;
    uint32_t now = client->port.now_ms();
    xrce_echo_t *row;

    if (session->cooperative || session->echo == XRCE_ECHO_NO || (buffer->flags & XRCE_B_LOCAL) == 0u ||
        !may_come_back(client, session, buffer->writer->name)) {
        return;
    }
    if (session->echo == XRCE_ECHO_UNKNOWN && session->echo_asked && now - session->echo_since >= XRCE_ECHO_MS) {
        session->echo = XRCE_ECHO_NO;
        return;
    }
    if (!session->echo_asked) {
        session->echo_asked = true;
        session->echo_since = now;
    }
    row = &echoes->rows[echoes->next % XRCE_ECHO_SAMPLES];
    row->checksum = checksum_of(buffer->data, buffer->length);
    row->length = buffer->length;
    row->name = buffer->writer->name;
    row->session = session->index;
    echoes->next++;
    if ((uint16_t)(echoes->next - echoes->first) > XRCE_ECHO_SAMPLES) {
        echoes->first++;
    }
}

XRCE_COLD bool xrce_echo_is(xrce_client_t *client, xrce_session_t *session, xrce_entity_t *reader, const uint8_t *data,
                  uint32_t length)
{
    const xrce_echoes_t *echoes = &client->echoes;
    uint16_t number = echoes->first;
    uint32_t checksum = 0;
    bool summed = false;

    if (session->cooperative || session->echo == XRCE_ECHO_NO) {
        return false;
    }
    if (xrce_sequence_distance(reader->echoed, number) > 0) {
        number = reader->echoed;
    }
    for (; number != echoes->next; number++) {
        const xrce_echo_t *row = &echoes->rows[number % XRCE_ECHO_SAMPLES];

        if (row->session != session->index || row->name != reader->name || row->length != length) {
            continue;
        }
        if (!summed) {
            checksum = checksum_of(data, length);
            summed = true;
        }
        if (row->checksum == checksum) {
            reader->echoed = (uint16_t)(number + 1u);
            session->echo = XRCE_ECHO_YES;
            return true;
        }
    }
    return false;
}

#else
typedef int xrce_shm_echo_unused;
#endif
