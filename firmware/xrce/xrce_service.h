/*
 * Requests and replies.
 *
 * A request of a requester reaches the repliers of its service: those on this MCU by shared memory, or, when there are
 * none, those behind the Agent. So a service that is served here is served here only, and no request is answered
 * twice. A reply goes back to where its request came from, as the sample identity says, which a replier hands back
 * as it got it.
 */
#ifndef XRCE_SERVICE_H
#define XRCE_SERVICE_H

#include "xrce_entity.h"

#define XRCE_IDENTITY_BYTES 24u

struct xrce_client;
struct xrce_buffer;

/* `length` bytes at *place for a request (`kind` XRCE_REQUESTER) or a reply (XRCE_REPLIER). One loan per entity. */
int xrce_service_loan(struct xrce_client *client, uint8_t session, uint8_t kind, uint16_t id, uint32_t length,
                      uint8_t **place);
int xrce_service_cancel(struct xrce_client *client, uint8_t session, uint8_t kind, uint16_t id);

/* Sends the loaned request and returns its id (> 0), which its reply will carry. XRCE_ERR_STATE: there is neither a
 * replier here nor an Agent; the loan stays open. */
int xrce_service_request(struct xrce_client *client, uint8_t session, uint16_t requester);
/* Sends the loaned reply to whom `identity` names. XRCE_ERR_UNKNOWN: that one is gone; the loan stays open. */
int xrce_service_reply(struct xrce_client *client, uint8_t session, uint16_t replier,
                       const uint8_t identity[XRCE_IDENTITY_BYTES]);

/* A request or reply came over the link. Main context. */
void xrce_service_received(struct xrce_client *client, const xrce_entity_t *entity, const uint8_t *data,
                           uint32_t length);
#if XRCE_SHM
/* One by shared memory whose turn it is; replies for other requesters are passed over. Main context. */
void xrce_service_deliver(struct xrce_client *client, const struct xrce_buffer *buffer, const xrce_entity_t *entity);
#endif

#endif
