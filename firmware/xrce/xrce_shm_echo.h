/*
 * Telling echoes from samples: an Agent that does not cooperate gets every sample, and some of them send it back to
 * the readers that had it by shared memory already.
 *
 * Kept for each sample that went to such an Agent and that local readers had: topic, length and checksum. A DATA that
 * fits the oldest of them that its reader has not had back yet is that sample's echo and is dropped. So a sample that
 * somebody else published with the very same bytes is never lost while the Agent echoes: it takes the echo's place,
 * and the echo is delivered in its stead. An Agent that has not echoed the first samples within XRCE_ECHO_MS never
 * will (Fast DDS suppresses them): then nothing is dropped any more. It may do so within a session and still send the
 * samples of one session to the readers of another: it does not know that they are one MCU; so the two are judged
 * apart. No more than XRCE_ECHO_SAMPLES samples are under way at once: further ones wait for echoes, or for
 * XRCE_ECHO_MS without one. Main context only.
 */
#ifndef XRCE_SHM_ECHO_H
#define XRCE_SHM_ECHO_H

#include "xrce_entity.h"
#include "xrce_session.h"

#if XRCE_SHM

typedef struct {
    uint32_t checksum;
    uint32_t length;
    uint8_t name;    /* row of the topic */
    uint8_t session; /* its writer's, index */
    uint8_t left[2]; /* readers of that session, of other ones, that have not had it back */
} xrce_echo_t;

enum xrce_echo_mode { XRCE_ECHO_UNKNOWN, XRCE_ECHO_YES, XRCE_ECHO_NO };

typedef struct {
    xrce_echo_t rows[XRCE_ECHO_SAMPLES];
    uint16_t next;  /* number of the next sample; its row is the number modulo XRCE_ECHO_SAMPLES */
    uint16_t first; /* oldest one that is still to come back */
    uint32_t since; /* when the last one came back, or the first one went out */
    uint8_t mode[2]; /* xrce_echo_mode of the Agent, within a session and across */
} xrce_echoes_t;

struct xrce_buffer;

/* Whether one more sample may go to this Agent now. */
bool xrce_echo_room(struct xrce_client *client, const xrce_session_t *session);
/* A sample went into the link's stream. */
void xrce_echo_expect(struct xrce_client *client, const xrce_session_t *session, const struct xrce_buffer *buffer);
/* Whether a sample that came for `reader` is one of ours coming back. */
bool xrce_echo_is(struct xrce_client *client, const xrce_session_t *session, xrce_entity_t *reader,
                  const uint8_t *data, uint32_t length);

#endif
#endif
