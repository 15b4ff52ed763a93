/* What arrives for a session: each submessage to the module that knows it. Main context only. */
#ifndef XRCE_RECEIVE_H
#define XRCE_RECEIVE_H

#include "xrce_session.h"

/* Takes one message whose header names this session. */
void xrce_session_receive(struct xrce_client *client, xrce_session_t *session, const xrce_header_t *header,
                          const uint8_t *message, uint32_t length);

#endif
