/*
 * One session with the Agent: login, streams, the order of things to send. Main context only.
 */
#ifndef XRCE_SESSION_H
#define XRCE_SESSION_H

#include "xrce_fragment.h"
#include "xrce_message.h"
#include "xrce_stream_in.h"
#include "xrce_stream_out.h"

struct xrce_client;
struct xrce_buffer;

enum xrce_session_state {
    XRCE_SESSION_CLOSED,
    XRCE_SESSION_OFFLINE,  /* open, no Agent so far (or no more) */
    XRCE_SESSION_CONNECTED
};

typedef struct {
    uint8_t state;
    uint8_t index;
#if XRCE_SHM
    const struct xrce_client *client;
    struct xrce_buffer *link_head; /* samples that wait for the link */
    struct xrce_buffer *link_tail;
    uint32_t link_at;              /* bytes of the first one already in fragments, its headers included */
    bool link_cut;                 /* the first one was given up with its fragments unfinished */
#endif
    xrce_peer_t peer;
    bool cooperative;      /* this Agent tells how many remote readers a writer has */
    bool dirty;            /* some entity has something to announce */
    uint8_t logout;        /* status of the logout, XRCE_STATUS_PENDING until it came */
    uint8_t removal;       /* status of the DELETE under way */
    uint16_t removal_request;
    uint16_t next_request;
    uint16_t best_effort_expected;
    uint32_t connect_at;   /* when CREATE_CLIENT went out last */
    uint8_t unanswered;    /* HEARTBEATs since the Agent said anything */
    uint8_t unheard;       /* pings since then */
    uint8_t time_status;   /* of the time synchronisation under way */
    uint32_t heard_at;     /* when the Agent last said anything, or we last asked */
    int64_t time_offset_ns; /* our clock minus the Agent's */
    uint8_t refusal;       /* status of a refused login, 0 if none */
    bool connect_sent;
    xrce_stream_out_t out[2]; /* best effort, reliable */
    xrce_stream_in_t in;
    xrce_fragment_t fragment;
} xrce_session_t;

#define XRCE_OUT_BEST_EFFORT 0
#define XRCE_OUT_RELIABLE 1

/* Request ids run from 0x000A; the ones below are reserved. Takes the lock. */
uint16_t xrce_session_request(xrce_session_t *session);
/* The same under the lock; any context. */
uint16_t xrce_session_request_next(xrce_session_t *session);

/* Bytes of stream memory for one session. */
uint32_t xrce_session_memory(uint32_t slot_bytes, uint32_t history);
void xrce_session_open(struct xrce_client *client, xrce_session_t *session, const uint8_t key[4], uint8_t *memory);

/* Sends CREATE_CLIENT if it is time to. */
void xrce_session_connect(struct xrce_client *client, xrce_session_t *session, uint32_t now);
/* The Agent accepted the login: everything is announced anew. */
void xrce_session_connected(struct xrce_client *client, xrce_session_t *session, bool cooperative);
void xrce_session_disconnected(struct xrce_client *client, xrce_session_t *session);
int xrce_session_logout(struct xrce_client *client, xrce_session_t *session);

/* Sends whatever can be sent: announcements, samples, HEARTBEATs. */
void xrce_session_pump(struct xrce_client *client, xrce_session_t *session, uint32_t now);
int xrce_session_flush(struct xrce_client *client, xrce_session_t *session);
/* Asks an Agent that has been silent for long whether it still knows us. */
void xrce_session_keep_alive(struct xrce_client *client, xrce_session_t *session, uint32_t now);
/* Milliseconds until this session wants to be pumped again, at most `limit`. */
uint32_t xrce_session_due(const xrce_session_t *session, uint32_t now, uint32_t limit);

/* Tells the Agent what of its reliable stream we have. */
void xrce_session_acknack(struct xrce_client *client, const xrce_session_t *session);

#endif
