/* GET_INFO and INFO: pings, and what a cooperating Agent tells. Main context only. */
#ifndef XRCE_INFO_H
#define XRCE_INFO_H

#include "xrce_session.h"

/*
 * A cooperating Agent (it answered our property rig_lo) tells by an INFO about a data writer how many readers behind
 * it match that writer: request id 0, the writer's object id, two status bytes, u8 0 (no configuration), u8 1, kind
 * 5, then u16 remote readers. From then on the writer's samples go over the link exactly while that count is not 0.
 */
void xrce_info_received(struct xrce_client *client, xrce_session_t *session, const xrce_submessage_t *info);

/* Sends a ping: GET_INFO about the Agent, activity only. */
int xrce_info_ask(struct xrce_client *client, const xrce_peer_t *peer);

/* The Agent asks for a sign of life. */
void xrce_info_answer(struct xrce_client *client, const xrce_session_t *session, const xrce_submessage_t *question);

/* An INFO outside all sessions: the answer to a ping. */
void xrce_info_pong(struct xrce_client *client, const uint8_t *message, uint32_t length, uint32_t at);

/* Computes anew whether samples of the session's writers go over the link. */
void xrce_info_route(struct xrce_client *client, const xrce_session_t *session);

#endif
