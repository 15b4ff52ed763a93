#include "stream/xrce_stream.h"

#include "entity/xrce_entity.h"
#include "wire/xrce_cdr.h"
#include "wire/xrce_framing.h"

static int write_piece(void *context, const uint8_t *bytes, size_t length)
{
    const xrce_transport_t *transport = context;
    int sent = transport->write(transport->context, bytes, length);

    return sent < 0 ? XRCE_ERR_LINK : sent;
}

int xrce_link_send(void *context, const uint8_t *bytes, uint32_t length)
{
    const xrce_client_t *client = context;
    const xrce_transport_t *transport = client->transport;
    void *sink = (void *)(uintptr_t)transport;

    if (transport == NULL) {
        return XRCE_ERR_LINK;
    }
    if (!transport->framed) {
        return write_piece(sink, bytes, length);
    }
    return xrce_frame_write(write_piece, sink, XRCE_ADDRESS_CLIENT, XRCE_ADDRESS_AGENT, bytes, length);
}

int xrce_link_flush(xrce_client_t *client, xrce_session_t *session)
{
    uint32_t now = client->port.now_ms();
    int reliable = xrce_out_flush(&session->out[XRCE_OUT_RELIABLE], xrce_link_send, client, now);
    int best_effort = xrce_out_flush(&session->out[XRCE_OUT_BEST_EFFORT], xrce_link_send, client, now);

    return best_effort < 0 ? best_effort : reliable;
}

XRCE_COLD void xrce_link_sample_head(uint8_t *place, const xrce_entity_t *writer, uint16_t request)
{
    xrce_writer_t head;

    xrce_write_open(&head, place, XRCE_SAMPLE_HEAD_BYTES);
    xrce_write_be16(&head, request);
    xrce_write_be16(&head, xrce_entity_object(writer));
}
