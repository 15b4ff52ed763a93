/*
 * Samples on their way. What both variants do in ways of their own has two bodies: in shm/ (XRCE_SHM 1) and in
 * network/ (0); a build takes one of the two folders. What only shared memory has to do is nothing without it.
 * Main context only.
 */
#ifndef XRCE_SAMPLES_H
#define XRCE_SAMPLES_H

#include "wire/xrce_cdr.h"
#include "xrce_state.h"

/* Request ids run from 0x000A; the ones below are reserved. */
uint16_t xrce_session_request(xrce_session_t *session);

/* A described entity becomes known by its key, and an endpoint meets those it matches. XRCE_ERR_TABLE_FULL: not all of
 * them; the caller removes it then. */
int xrce_samples_enter(xrce_client_t *client, xrce_entity_t *entity, uint32_t key);
/* A hidden entity leaves; its row is free as soon as its accepted samples are delivered. */
void xrce_samples_leave(xrce_client_t *client, xrce_entity_t *entity);
/* Samples that were on the way to the session's Agent are so no more. */
void xrce_samples_cut(xrce_client_t *client, xrce_session_t *session);

/* Memory for the payload of a sample that comes in pieces. False: none just now. */
bool xrce_place_take(xrce_client_t *client, xrce_fragment_t *fragment);
void xrce_place_give(xrce_client_t *client, xrce_fragment_t *fragment);

/* What the login tells of us. */
void xrce_properties_write(xrce_writer_t *writer);

#if XRCE_SHM

/* Takes memory for the headers of the buffers from the `left` bytes at *at. */
int xrce_shm_init(xrce_client_t *client, const xrce_client_config_t *config, uint8_t **at, uint32_t *left);

/* Calls the readers for every sample accepted before this call; returns the count of callbacks. */
uint32_t xrce_shm_deliver(xrce_client_t *client);
/* Frees the rows of gone writers whose last sample was delivered. */
void xrce_shm_reap(xrce_client_t *client);
/* From now on publishers wake us. Returns how long to wait: not at all if there is something to deliver. */
uint32_t xrce_shm_sleep(xrce_client_t *client, uint32_t wait_ms);

/* Computes anew whether samples of the session's writers go over the link. */
void xrce_shm_route(xrce_client_t *client, const xrce_session_t *session);
/* How many readers behind the Agent a writer of ours has. `reader` stands behind the object's id. */
void xrce_shm_on_info(xrce_client_t *client, const xrce_session_t *session, xrce_reader_t *reader, uint16_t object);
/* Puts the samples that wait for the link into the streams, as far as there is room. */
void xrce_shm_pump(xrce_client_t *client, xrce_session_t *session);

/* A session has connected: it may be another Agent, of which is not known that it does not echo. */
void xrce_echo_reset(xrce_client_t *client);
/* Whether a sample that came for `reader` is one of ours coming back. */
bool xrce_echo_is(xrce_client_t *client, const xrce_session_t *session, xrce_entity_t *reader, const uint8_t *data,
                  uint32_t length);

static inline void xrce_shm_awake(xrce_client_t *client)
{
    XRCE_STORE(client->shm.idle, false);
}

/* Whether something that was published still waits for room in the stream. */
static inline bool xrce_shm_waits(const xrce_session_t *session)
{
    return XRCE_LOAD(session->link_head) != NULL;
}

#else

#define xrce_shm_init(client, config, at, left) XRCE_OK
#define xrce_shm_deliver(client) 0u
#define xrce_shm_reap(client) ((void)0)
#define xrce_shm_sleep(client, wait_ms) (wait_ms)
#define xrce_shm_awake(client) ((void)0)
#define xrce_shm_waits(session) ((void)(session), false)
#define xrce_shm_route(client, session) ((void)0)
#define xrce_shm_on_info(client, session, reader, object) ((void)0)
#define xrce_shm_pump(client, session) ((void)0)
#define xrce_echo_reset(client) ((void)0)
#define xrce_echo_is(client, session, reader, data, length) false

#endif
#endif
