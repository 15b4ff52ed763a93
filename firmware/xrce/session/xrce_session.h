/*
 * One session with the Agent: login, the order of things to send, and what arrives, each submessage to the file that
 * knows it. Main context only.
 */
#ifndef XRCE_SESSION_H
#define XRCE_SESSION_H

#include "wire/xrce_message.h"
#include "xrce_state.h"

/* xrce_session.c: beginning and end */

/* Bytes of stream memory for one session. */
uint32_t xrce_session_memory(uint32_t slot_bytes, uint32_t history);
void xrce_session_open(xrce_client_t *client, xrce_session_t *session, const uint8_t key[4], uint8_t *memory);
/* The Agent accepted the login: everything is announced anew. */
void xrce_session_connected(xrce_client_t *client, xrce_session_t *session, bool cooperative);
void xrce_session_disconnected(xrce_client_t *client, xrce_session_t *session);
int xrce_session_logout(xrce_client_t *client, xrce_session_t *session);

/* xrce_create.c: CREATE, DELETE and READ_DATA into the reliable stream. XRCE_ERR_NO_BUFFER: no room there now. */

/* XRCE_ERR_TOO_LARGE: the texts are longer than a message. Sets entity->request. */
int xrce_create_send(xrce_session_t *session, xrce_entity_t *entity, const xrce_names_t *names);
int xrce_delete_send(xrce_session_t *session, uint16_t object, uint16_t *request);
/* Asks for samples, or cancels, as reader->wanted says. */
int xrce_read_send(xrce_session_t *session, const xrce_entity_t *reader);

/* xrce_info.c: GET_INFO and INFO */

/*
 * A cooperating Agent (it answered our property rig_lo) tells by an INFO about a data writer how many readers behind
 * it match that writer: request id 0, the writer's object id, two status bytes, u8 0 (no configuration), u8 1, kind
 * 5, then u16 remote readers. From then on the writer's samples go over the link exactly while that count is not 0.
 */
void xrce_info_received(xrce_client_t *client, xrce_session_t *session, const xrce_submessage_t *info);
/* Sends a ping: GET_INFO about the Agent, activity only. */
int xrce_info_ask(xrce_client_t *client, const xrce_peer_t *peer);
/* The Agent asks for a sign of life. */
void xrce_info_answer(xrce_client_t *client, const xrce_session_t *session, const xrce_submessage_t *question);
/* An INFO outside all sessions: the answer to a ping. */
void xrce_info_pong(xrce_client_t *client, const uint8_t *message, uint32_t length, uint32_t at);

/* xrce_time.c: TIMESTAMP and its reply */

/* Sends our time; the answer sets session->time_status and session->time_offset_ns. */
int xrce_time_ask(xrce_client_t *client, xrce_session_t *session);
void xrce_time_received(xrce_client_t *client, xrce_session_t *session, const xrce_submessage_t *reply);

/* xrce_fragment.c: a DATA submessage that comes in FRAGMENTs */

enum xrce_fragment_result { XRCE_FRAGMENT_MORE, XRCE_FRAGMENT_DONE, XRCE_FRAGMENT_RETRY, XRCE_FRAGMENT_BAD };

/* Adds one piece. RETRY: no memory just now, nothing was taken. BAD: the whole message is lost, once per message. */
int xrce_fragment_add(xrce_client_t *client, xrce_fragment_t *fragment, const uint8_t *bytes, uint32_t length,
                      bool last);
/* Gives the memory back and waits for a first piece. */
void xrce_fragment_reset(xrce_client_t *client, xrce_fragment_t *fragment);

/* xrce_pump.c: what a session sends of itself */

/* Sends whatever can be sent: login, announcements, samples, HEARTBEATs. */
void xrce_session_pump(xrce_client_t *client, xrce_session_t *session, uint32_t now);
/* Asks an Agent that has been silent for long whether it still knows us. */
void xrce_session_keep_alive(xrce_client_t *client, xrce_session_t *session, uint32_t now);
/* Milliseconds until this session wants to be pumped again, at most `limit`. */
uint32_t xrce_session_due(const xrce_session_t *session, uint32_t now, uint32_t limit);

/* xrce_receive.c: takes one message whose header names this session. */
void xrce_session_receive(xrce_client_t *client, xrce_session_t *session, const xrce_header_t *header,
                          const uint8_t *message, uint32_t length);

#endif
