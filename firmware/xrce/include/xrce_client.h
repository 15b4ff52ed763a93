/*
 * The client: all sessions and entities of one MCU, the link they share, and shared memory between them.
 *
 * No function allocates or calls the operating system; all storage comes with xrce_client_config_t and stays the
 * caller's, in use until the caller stops calling. Contexts: xrce_client_loan, _publish and _cancel may be called
 * from any thread or interrupt (with XRCE_SHM; only one context at a time for each writer), everything else from the main
 * context, which is the one that spins. Callbacks run in the main context, in a spin or in a call that waits for the
 * Agent; a callback may publish, create and delete, but such calls do not wait then.
 *
 * RAM, bytes on a 32-bit core:
 *   client      sizeof(xrce_client_t), XRCE_CHUNK_BYTES of which are the serial chunk
 *   entity      56 (sizeof(xrce_entity_t)), and its share of the index: a power of two of at least 2 bytes an entity
 *   name        8 a row, and the texts with their NULs in `name_bytes`
 *   session     sizeof(xrce_session_t)
 * With shared memory further:
 *   pair        12 (sizeof(xrce_edge_t)) for every writer and reader that match
 *   buffer      28 (sizeof(xrce_buffer_t)) of stream memory, beside its payload
 * Stream memory: 28 x buffers, and with a link mtu (to receive) + sessions x mtu x (1 + 2 x history). Without shared
 * memory the rest is for the reassembly of what comes in fragments.
 */
#ifndef XRCE_CLIENT_H
#define XRCE_CLIENT_H

#include "xrce_sample.h"

/* What is to be created. Texts are copied. */
typedef struct {
    uint8_t session;
    uint8_t kind;
    uint8_t form;
    uint8_t mode;
    uint16_t id;
    uint16_t parent;
    uint16_t topic;
    /* BIN: participant: name or NULL; topic: name, type; requester, replier: service, request type, reply type, then
     * request topic and reply topic or NULL. XML, REF: the text in [0]. */
    const char *text[XRCE_NAME_PARTS];
    uint8_t qos;         /* xrce_qos_flag */
    uint16_t depth;
    uint16_t domain;     /* participant: DDS domain (ROS_DOMAIN_ID), 0 to 232; endpoints match only within a domain */
    bool reliable_stream;
} xrce_create_t;

/* Resets all state. XRCE_ERR_ARGUMENT, or XRCE_ERR_TOO_LARGE if the stream memory is too small for one session. */
int xrce_client_init(xrce_client_t *client, const xrce_client_config_t *config);

/* Returns the session's index. With a link and timeout_ms > 0 waits for the Agent's answer; 0: connects in spins. */
int xrce_client_open(xrce_client_t *client, const uint8_t key[4], uint32_t timeout_ms);
int xrce_client_close(xrce_client_t *client, uint8_t session, uint32_t timeout_ms);

/* Where something stands already, by mode: 0: XRCE_ERR_REFUSED; XRCE_REUSE: the old one goes on if it does what is
 * asked for, else XRCE_ERR_MISMATCH; XRCE_REPLACE: it goes with all that is in it; both: it goes unless it does what is
 * asked for. The same does: a participant in the same domain; a topic of the same name and type; an endpoint of the
 * same topic, QoS and stream; a service of the same names, types and topics; any publisher and subscriber. Parents and
 * names of participants are not compared; a reference is the same only as itself, for the Agent alone knows what it
 * means. */
int xrce_client_create(xrce_client_t *client, const xrce_create_t *create, uint32_t timeout_ms);
int xrce_client_delete(xrce_client_t *client, uint8_t session, uint8_t kind, uint16_t id, uint32_t timeout_ms);
/* Asks the Agent for samples of a data reader, replies to a requester, requests for a replier, within limits that are
 * copied; asked anew when the session is. Local samples need no asking. */
int xrce_client_ask_within(xrce_client_t *client, uint8_t session, uint8_t kind, uint16_t id,
                           const xrce_delivery_t *limits);
/* The same with a limit of samples only; 0xFFFF: no limit, 0: cancels. */
static inline int xrce_client_ask(xrce_client_t *client, uint8_t session, uint8_t kind, uint16_t id,
                                  uint16_t max_samples)
{
    const xrce_delivery_t limits = {.max_samples = max_samples};

    return xrce_client_ask_within(client, session, kind, id, &limits);
}

static inline int xrce_client_read(xrce_client_t *client, uint8_t session, uint16_t reader, uint16_t max_samples)
{
    return xrce_client_ask(client, session, XRCE_DATAREADER, reader, max_samples);
}

/* One loan per writer may be open. `length` bytes at *place are the application's until it publishes or cancels. */
static inline int xrce_client_loan(xrce_client_t *client, uint8_t session, uint16_t writer, uint32_t length,
                                   uint8_t **place)
{
    return xrce_sample_loan(client, XRCE_KEY(session, XRCE_OBJECT(writer, XRCE_DATAWRITER)), length, place);
}

/* Accepted (0): every local reader that matches gets the sample; none of them has it yet. */
static inline int xrce_client_publish(xrce_client_t *client, uint8_t session, uint16_t writer)
{
    return xrce_sample_publish(client, XRCE_KEY(session, XRCE_OBJECT(writer, XRCE_DATAWRITER)));
}

static inline int xrce_client_cancel(xrce_client_t *client, uint8_t session, uint16_t writer)
{
    return xrce_sample_cancel(client, XRCE_KEY(session, XRCE_OBJECT(writer, XRCE_DATAWRITER)));
}

/* `length` bytes at *place for a request (`kind` XRCE_REQUESTER) or a reply (XRCE_REPLIER). One loan per entity;
 * xrce_service_request and xrce_service_reply of xrce_sample.h send it. */
int xrce_service_loan(xrce_client_t *client, uint8_t session, uint8_t kind, uint16_t id, uint32_t length,
                      uint8_t **place);
int xrce_service_cancel(xrce_client_t *client, uint8_t session, uint8_t kind, uint16_t id);

/* Pings the Agent outside all sessions: XRCE_OK if one answers in time. */
int xrce_client_ping(xrce_client_t *client, uint32_t timeout_ms);
/* Gets the Client's clock (port.now_ms) minus the Agent's, in nanoseconds. */
int xrce_client_time(xrce_client_t *client, uint8_t session, uint32_t timeout_ms, int64_t *offset_ns);

/* Returns the number of callbacks made: as soon as it is not 0 and nothing more is pending, or after timeout_ms. */
int xrce_client_spin(xrce_client_t *client, uint32_t timeout_ms);

#endif
