/* Time synchronisation with the Agent: TIMESTAMP and its reply. Main context only. */
#ifndef XRCE_TIME_H
#define XRCE_TIME_H

#include "xrce_session.h"

/* Sends our time; the answer sets session->time_status and session->time_offset_ns. */
int xrce_time_ask(struct xrce_client *client, xrce_session_t *session);
void xrce_time_received(struct xrce_client *client, xrce_session_t *session, const xrce_submessage_t *reply);

#endif
