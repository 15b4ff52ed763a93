/*
 * From the loan of a sample, request or reply to its publishing; `key` names the entity. With shared memory any context
 * may call these, one at a time per entity; without it the main context.
 */
#ifndef XRCE_SAMPLE_H
#define XRCE_SAMPLE_H

#include "xrce_state.h"

int xrce_sample_loan(xrce_client_t *client, uint32_t key, uint32_t length, uint8_t **place);
int xrce_sample_publish(xrce_client_t *client, uint32_t key);
int xrce_sample_cancel(xrce_client_t *client, uint32_t key);

/* Sends the loaned request and returns its id (> 0), which its reply will carry. XRCE_ERR_STATE: there is neither a
 * replier here nor an Agent; the loan stays open. */
int xrce_service_request(xrce_client_t *client, uint8_t session, uint16_t requester);
/* Sends the loaned reply to the requester in `identity`. XRCE_ERR_UNKNOWN: it is gone; the loan stays open. */
int xrce_service_reply(xrce_client_t *client, uint8_t session, uint16_t replier,
                       const uint8_t identity[XRCE_IDENTITY_BYTES]);

#endif
