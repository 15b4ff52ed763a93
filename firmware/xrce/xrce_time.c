#include "xrce_time.h"

#include "xrce_cdr.h"
#include "xrce_client.h"

#define TIME_BYTES 8u

static int64_t now_ns(const xrce_client_t *client)
{
    return (int64_t)client->port.now_ms() * 1000000;
}

int xrce_time_ask(xrce_client_t *client, xrce_session_t *session)
{
    uint8_t message[XRCE_MAX_HEADER_BYTES + XRCE_SUBHEADER_BYTES + TIME_BYTES];
    uint32_t header = xrce_header_write(message, &session->peer, XRCE_STREAM_NONE, 0);
    int64_t now = now_ns(client);
    xrce_writer_t writer;

    xrce_subheader_write(message + header, XRCE_TIMESTAMP, XRCE_LITTLE_ENDIAN, TIME_BYTES);
    xrce_write_open(&writer, message + header + XRCE_SUBHEADER_BYTES, TIME_BYTES);
    xrce_write_u32(&writer, (uint32_t)(now / 1000000000));
    xrce_write_u32(&writer, (uint32_t)(now % 1000000000));
    session->time_status = XRCE_STATUS_PENDING;
    return xrce_client_send(client, message, header + XRCE_SUBHEADER_BYTES + TIME_BYTES);
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

    xrce_read_open(&reader, reply->payload, reply->length, (reply->flags & XRCE_LITTLE_ENDIAN) != 0u);
    sent = read_time(&reader);
    received = read_time(&reader);
    asked = read_time(&reader);
    if (!reader.failed && session->time_status == XRCE_STATUS_PENDING) {
        session->time_offset_ns = ((asked + now_ns(client)) - (received + sent)) / 2;
        session->time_status = XRCE_STATUS_OK;
    }
}
