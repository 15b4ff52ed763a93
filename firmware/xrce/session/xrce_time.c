#include "session/xrce_session.h"
#include "stream/xrce_stream.h"
#include "wire/xrce_cdr.h"

static int64_t now_ns(const xrce_client_t *client)
{
    return (int64_t)client->port.now_ms() * 1000000;
}

int xrce_time_ask(xrce_client_t *client, xrce_session_t *session)
{
    uint8_t message[XRCE_BARE_BYTES];
    xrce_writer_t writer = {.bytes = message, .size = sizeof(message)};
    int64_t now = now_ns(client);

    xrce_bare_open(&writer, &session->peer, XRCE_TIMESTAMP, 8);
    xrce_write_u32(&writer, (uint32_t)(now / 1000000000));
    xrce_write_u32(&writer, (uint32_t)(now % 1000000000));
    session->time_status = XRCE_STATUS_PENDING;
    return xrce_link_send(client, message, writer.at);
}

static int64_t read_time(xrce_reader_t *reader)
{
    int64_t seconds = (int32_t)xrce_read_u32(reader);

    return seconds * 1000000000 + (int64_t)xrce_read_u32(reader);
}

void xrce_time_received(xrce_client_t *client, xrce_session_t *session, const xrce_submessage_t *reply)
{
    xrce_reader_t reader;
    int64_t sent;
    int64_t received;
    int64_t asked;

    xrce_submessage_open(&reader, reply);
    sent = read_time(&reader);
    received = read_time(&reader);
    asked = read_time(&reader);
    if (!reader.failed && session->time_status == XRCE_STATUS_PENDING) {
        session->time_offset_ns = ((asked + now_ns(client)) - (received + sent)) / 2;
        session->time_status = XRCE_STATUS_OK;
    }
}
