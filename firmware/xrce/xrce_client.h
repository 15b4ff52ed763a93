/*
 * The client: all sessions and entities of one MCU, the link they share, and shared memory between them.
 *
 * No function allocates or calls the operating system; all storage comes with xrce_client_config_t and stays the
 * caller's, in use until the caller stops calling. Contexts: xrce_client_loan, _publish and _cancel may be called
 * from any thread or interrupt (with XRCE_SHM; one context at a time per writer), everything else from the main
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

#include "xrce_data.h"
#include "xrce_entity.h"
#include "xrce_framing.h"
#include "xrce_name.h"
#include "xrce_port.h"
#include "xrce_service.h"
#include "xrce_session.h"
#include "xrce_shm_echo.h"
#include "xrce_shm_queue.h"

/* A sample as it is handed to one reader; `data` is valid during the callback only. */
typedef struct {
    const uint8_t *data;
    uint32_t length;
    uint16_t reader; /* 12-bit id */
    uint8_t session; /* index */
    bool local;
} xrce_sample_t;

typedef void (*xrce_on_sample_t)(void *context, const xrce_sample_t *sample);

/* A request as it is handed to a replier, or a reply to a requester; all of it is valid during the callback only. */
typedef struct {
    xrce_sample_t sample;    /* `reader` is the id of the replier or requester */
    uint8_t kind;            /* XRCE_REPLIER: a request came; XRCE_REQUESTER: a reply */
    uint16_t request;        /* reply: the id of its request */
    const uint8_t *identity; /* request: XRCE_IDENTITY_BYTES, to be handed back with the reply */
} xrce_service_sample_t;

typedef void (*xrce_on_service_t)(void *context, const xrce_service_sample_t *sample);

typedef struct {
    const xrce_port_t *port;
    const xrce_transport_t *transport; /* NULL: there is no link */
    xrce_on_sample_t on_sample;
    xrce_on_service_t on_service;      /* NULL: there are no services */
    void *context;
    xrce_entity_t *entities;
    uint8_t entity_count;
    uint8_t *index;          /* index_bytes: a power of two, at least 2 x entity_count */
    uint16_t index_bytes;
    xrce_name_t *names;
    uint8_t name_count;
    char *name_text;
    uint16_t name_bytes;
    xrce_session_t *sessions;
    uint8_t session_count;
#if XRCE_SHM
    xrce_edge_t *edges;
    uint16_t edge_count;
    uint8_t *buffer_memory;  /* 8-aligned */
    uint32_t buffer_bytes;
    uint32_t buffer_count;
#endif
    uint8_t *stream_memory;  /* 8-aligned */
    uint32_t stream_bytes;
    uint16_t mtu;            /* largest message of the transport; ours are at most mtu - 4 */
    uint16_t history;        /* a power of two */
} xrce_client_config_t;

typedef struct xrce_client {
    xrce_port_t port;
    const xrce_transport_t *transport;
    xrce_on_sample_t on_sample;
    xrce_on_service_t on_service;
    void *context;
    xrce_entities_t entities;
    xrce_names_t names;
    xrce_session_t *sessions;
    uint8_t session_count;
    bool in_link;            /* a message from the link is being worked on */
    bool spinning;
    uint8_t pong;            /* XRCE_STATUS_PENDING while a ping is under way */
    uint8_t streak;          /* spins that left the link alone */
#if XRCE_SHM
    xrce_pool_t pool;
    xrce_shm_t shm;
#endif
    uint16_t mtu;
    uint16_t history;
    uint8_t *session_memory; /* session_bytes for each session */
    uint32_t session_bytes;
    uint8_t *receive;        /* mtu bytes */
    uint8_t *reassembly;     /* without shared memory */
    uint32_t reassembly_bytes;
    bool reassembling;
    xrce_frame_decoder_t decoder;
    uint16_t chunk_at;
    uint16_t chunk_end;
    uint32_t delivered_link;
    uint32_t refused_stream; /* loans refused because the output stream was full */
    uint32_t refused_table;
    uint32_t lost_link;
#if XRCE_SHM
    xrce_echoes_t echoes; /* long ones last: what stands near the start is reached by shorter instructions */
#endif
    uint8_t chunk[XRCE_CHUNK_BYTES];
} xrce_client_t;

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
    uint16_t domain;     /* participant: DDS domain (ROS_DOMAIN_ID), to 232; what lies in it meets no other domain */
    bool reliable_stream;
} xrce_create_t;

/* Forgets everything. XRCE_ERR_ARGUMENT, or XRCE_ERR_TOO_LARGE when the stream memory holds not even one session. */
int xrce_client_init(xrce_client_t *client, const xrce_client_config_t *config);

/* Returns the session's index. With a link and timeout_ms > 0 waits for the Agent's answer; 0 connects in spins. */
int xrce_client_open(xrce_client_t *client, const uint8_t key[4], uint32_t timeout_ms);
int xrce_client_close(xrce_client_t *client, uint8_t session, uint32_t timeout_ms);

/* Where something stands already, by mode: 0: XRCE_ERR_REFUSED; XRCE_REUSE: the old one goes on if it does what is asked for, else
 * XRCE_ERR_MISMATCH; XRCE_REPLACE: it goes with all that is in it; both: it goes unless it does what is asked for. The
 * same does: a participant in the same domain; a topic of the same name and type; an endpoint of the same topic, QoS
 * and stream; a service of the same names, types and topics; any publisher and subscriber. Parents and names of
 * participants are not compared; a reference is the same only as itself, for the Agent alone knows what it means. */
int xrce_client_create(xrce_client_t *client, const xrce_create_t *create, uint32_t timeout_ms);
int xrce_client_delete(xrce_client_t *client, uint8_t session, uint8_t kind, uint16_t id, uint32_t timeout_ms);
/* Asks the Agent for samples of a data reader, replies to a requester, requests for a replier, within limits that are
 * copied; asked anew when the session is. Local samples need no asking. */
int xrce_client_ask_within(xrce_client_t *client, uint8_t session, uint8_t kind, uint16_t id,
                           const xrce_delivery_t *limits);
/* The same, limited by a number only: 0xFFFF: without limit, 0: no more. */
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

/* Asks for an Agent outside all sessions: XRCE_OK when one answers in time. */
int xrce_client_ping(xrce_client_t *client, uint32_t timeout_ms);
/* Our clock (port.now_ms) minus the Agent's, nanoseconds. */
int xrce_client_time(xrce_client_t *client, uint8_t session, uint32_t timeout_ms, int64_t *offset_ns);

/* Returns the count of callbacks made, as soon as it is not 0 and nothing more is pending, or after timeout_ms. */
int xrce_client_spin(xrce_client_t *client, uint32_t timeout_ms);

/* For the modules of the library: */

static inline void xrce_lock(const xrce_client_t *client)
{
    client->port.lock();
}

static inline void xrce_unlock(const xrce_client_t *client)
{
    client->port.unlock();
}

#if XRCE_SHM
/* After publishing, without the lock. A wake-up cannot be lost: the main context says under the lock that it is going
 * to sleep, and looks at the queue there; so either it sees the sample, or the publisher sees that it sleeps. */
static inline void xrce_wake(const xrce_client_t *client)
{
    if (XRCE_UNLIKELY(XRCE_LOAD(client->shm.idle))) {
        client->port.wake();
    }
}
#endif

/* Sends one message, framed if need be. An xrce_send_t with the client as context. */
int xrce_client_send(void *client, const uint8_t *bytes, uint32_t length);
/* Pumps all sessions and works on what arrives within wait_ms at most. Returns 1 if anything arrived, else 0. */
int xrce_client_step(xrce_client_t *client, uint32_t wait_ms);
/* Steps until *status is no longer XRCE_STATUS_PENDING. Without a link, without a time-out and in callbacks it does
 * not wait: XRCE_OK at once. */
int xrce_client_wait(xrce_client_t *client, const uint8_t *status, uint32_t timeout_ms);
xrce_session_t *xrce_client_session(xrce_client_t *client, uint8_t index); /* NULL when not open */
void xrce_client_deliver_link(xrce_client_t *client, const xrce_entity_t *reader, const uint8_t *data,
                              uint32_t length);

#endif
