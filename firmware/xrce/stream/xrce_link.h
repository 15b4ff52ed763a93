/* The way to the Agent: whole messages out, framed if need be. Main context only. */
#ifndef XRCE_LINK_H
#define XRCE_LINK_H

#include "stream/xrce_stream_out.h"

/* Sends one message. An xrce_send_t with the client as context. */
int xrce_link_send(void *client, const uint8_t *bytes, uint32_t length);
/* Writes request id and object id of a sample. */
void xrce_link_sample_head(uint8_t *place, const xrce_entity_t *writer, uint16_t request);
/* Sends what waits in the session's streams. */
int xrce_link_flush(xrce_client_t *client, xrce_session_t *session);

/* The stream of a writer's samples. */
static inline xrce_stream_out_t *xrce_data_stream(xrce_session_t *session, const xrce_entity_t *writer)
{
    return &session->out[(writer->flags & XRCE_E_RELIABLE_STREAM) != 0u ? XRCE_OUT_RELIABLE : XRCE_OUT_BEST_EFFORT];
}

#endif
