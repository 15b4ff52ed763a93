/* What the files of client/ have for each other. Main context only. */
#ifndef XRCE_CLIENT_PARTS_H
#define XRCE_CLIENT_PARTS_H

#include "xrce_client.h"

/* Pumps all sessions and works on what arrives within wait_ms at most. Returns 1 if anything arrived, else 0. */
int xrce_client_step(xrce_client_t *client, uint32_t wait_ms);
/* Steps until *status is no longer XRCE_STATUS_PENDING. Without a link, without a time-out and in callbacks it does
 * not wait: XRCE_OK at once. */
int xrce_client_wait(xrce_client_t *client, const uint8_t *status, uint32_t timeout_ms);

/* NULL when not open. */
xrce_session_t *xrce_client_session(xrce_client_t *client, uint8_t index);

/* Makes an entity and all that lies in it unknown here; says nothing to the Agent. */
void xrce_object_remove(xrce_client_t *client, xrce_entity_t *entity);

#endif
