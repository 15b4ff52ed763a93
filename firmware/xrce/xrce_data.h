/* READ_DATA, WRITE_DATA and DATA: samples on the link. Main context only. */
#ifndef XRCE_DATA_H
#define XRCE_DATA_H

#include "xrce_entity.h"
#include "xrce_session.h"

#define XRCE_SAMPLE_HEAD_BYTES 4u /* request id and object id before the sample */

/* Asks for, or cancels, as reader->wanted says. XRCE_ERR_NO_BUFFER: no room in the stream now. */
int xrce_read_send(xrce_session_t *session, const xrce_entity_t *reader);

/* The stream of a writer's samples. */
static inline xrce_stream_out_t *xrce_data_stream(xrce_session_t *session, const xrce_entity_t *writer)
{
    return &session->out[(writer->flags & XRCE_E_RELIABLE_STREAM) != 0u ? XRCE_OUT_RELIABLE : XRCE_OUT_BEST_EFFORT];
}

/* What the inline functions of xrce_client.h stand on; `key` names the data writer. With shared memory any context
 * may call them, else the main context. */
int xrce_sample_loan(struct xrce_client *client, uint32_t key, uint32_t length, uint8_t **place);
int xrce_sample_publish(struct xrce_client *client, uint32_t key);
int xrce_sample_cancel(struct xrce_client *client, uint32_t key);
#if !XRCE_SHM
/* The writer's open loan goes into its stream under the request id. */
int xrce_sample_commit(struct xrce_client *client, xrce_entity_t *writer, uint16_t request);
#endif

#if XRCE_SHM
/* Puts the samples that wait for the link into the streams, as far as there is room. */
void xrce_data_pump(struct xrce_client *client, xrce_session_t *session);
#endif

/* A sample of this session arrived, whole. */
void xrce_data_received(struct xrce_client *client, xrce_session_t *session, uint16_t object, const uint8_t *data,
                        uint32_t length);

#endif
