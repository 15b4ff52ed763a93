/*
 * The one small interface between the bench app and a DDS-XRCE middleware.
 *
 * The bench knows only this header; a backend (reference/, microxrcedds/, ...) implements it. So one set of
 * scenarios runs on every middleware, and no scenario can know which one it runs on.
 *
 * Every function is called from the bench's main context unless its comment says otherwise. Results: 0 or a
 * positive count is success, a negative value is one of rig_mw_error. Nothing here allocates: all memory comes
 * with rig_mw_config_t and stays the caller's; the backend may use it until rig_mw_stop() returns.
 */
#ifndef RIG_MIDDLEWARE_H
#define RIG_MIDDLEWARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rig_mw_error {
    RIG_MW_OK = 0,
    RIG_MW_ERR_ARGUMENT = -1,    /* a value the interface does not allow */
    RIG_MW_ERR_UNSUPPORTED = -2, /* this backend lacks the feature: the report says so */
    RIG_MW_ERR_NO_BUFFER = -3,   /* the pool (or the output stream) is full now; retry after a spin */
    RIG_MW_ERR_TOO_LARGE = -4,   /* no buffer of the configuration can ever hold this length */
    RIG_MW_ERR_TABLE_FULL = -5,  /* no room for one more session or entity */
    RIG_MW_ERR_UNKNOWN = -6,     /* no such session or entity */
    RIG_MW_ERR_TIMEOUT = -7,     /* the peer did not answer in time */
    RIG_MW_ERR_LINK = -8,        /* the transport refused to send */
    RIG_MW_ERR_REFUSED = -9,     /* the Agent answered with an error status */
    RIG_MW_ERR_STATE = -10,      /* wrong state: not started, not connected, a loan is open, ... */
    RIG_MW_ERR_MISMATCH = -11,   /* REUSE asked for, but the existing entity differs */
    RIG_MW_ERR_UNCONFIRMED = -12 /* publish failed at the Agent, but readers on this MCU have the message */
};

enum rig_mw_capability {
    RIG_MW_CAP_SHM = 1 << 0,           /* shared memory is compiled in */
    RIG_MW_CAP_LOAN = 1 << 1,          /* the application writes the message where readers get it */
    RIG_MW_CAP_OFFLINE = 1 << 2,       /* sessions and entities can be made with no Agent, and connect when one comes */
    RIG_MW_CAP_XML = 1 << 3,
    RIG_MW_CAP_REF = 1 << 4,
    RIG_MW_CAP_SERVICES = 1 << 5,
    RIG_MW_CAP_DELETE = 1 << 6,
    RIG_MW_CAP_THREADS = 1 << 7,
    RIG_MW_CAP_CONFIRMED = 1 << 8      /* publish waits for the Agent's acknowledgement over the link */
};

/* Object kinds and creation forms carry their DDS-XRCE values. */
enum rig_mw_kind {
    RIG_MW_PARTICIPANT = 0x01,
    RIG_MW_TOPIC = 0x02,
    RIG_MW_PUBLISHER = 0x03,
    RIG_MW_SUBSCRIBER = 0x04,
    RIG_MW_DATAWRITER = 0x05,
    RIG_MW_DATAREADER = 0x06,
    RIG_MW_REQUESTER = 0x07,
    RIG_MW_REPLIER = 0x08
};

enum rig_mw_form { RIG_MW_REF = 1, RIG_MW_XML = 2, RIG_MW_BIN = 3 };

/* The link to the Agent, made by the port. `framed` false: one call is one message (UDP). `framed` true: a byte
 * stream (UART); the backend does the serial framing. */
typedef struct {
    bool framed;
    void *context;
    /* Sends all bytes or fails. Returns the count, or a negative value when the link is gone. */
    int (*write)(void *context, const uint8_t *bytes, size_t length);
    /* Waits up to timeout_ms (0: does not wait) for at least one byte/message. Returns the count, 0 on time-out. Must
     * also return early (with 0) after the port's wake() was called. */
    int (*read)(void *context, uint8_t *bytes, size_t capacity, int timeout_ms);
} rig_mw_transport_t;

/* A message as one reader gets it. The middleware owns `data`; it is valid only during the call. */
typedef struct {
    const uint8_t *data;
    uint32_t length;   /* payload bytes, exactly what was published */
    uint16_t reader;   /* 12-bit id of the data reader (or requester/replier) */
    uint8_t session;   /* index of the session that owns it */
    bool local;        /* came by shared memory, not over the link */
} rig_mw_message_t;

typedef void (*rig_mw_on_message_t)(void *context, const rig_mw_message_t *message);

/* A request as it is handed to a replier, or a reply to a requester. */
#define RIG_MW_IDENTITY_BYTES 24
typedef struct {
    rig_mw_message_t message; /* `reader` is the id of the replier or requester */
    uint8_t kind;             /* RIG_MW_REPLIER: a request came; RIG_MW_REQUESTER: a reply */
    uint16_t request;         /* reply: what rig_mw_request returned for its request */
    const uint8_t *identity;  /* request: RIG_MW_IDENTITY_BYTES, to be handed to rig_mw_reply; valid during the call */
} rig_mw_service_message_t;

typedef void (*rig_mw_on_service_t)(void *context, const rig_mw_service_message_t *message);

typedef struct {
    const rig_mw_transport_t *transport; /* NULL: there is no link at all */
    uint8_t *buffer_memory;              /* pool for messages that go by shared memory; 8-aligned */
    uint32_t buffer_bytes;
    uint32_t buffer_count;               /* buffer_memory is cut into this many equal buffers */
    uint8_t *stream_memory;              /* link streams, in and out; 8-aligned */
    uint32_t stream_bytes;
    uint16_t mtu;                        /* largest message on the link, bytes */
    uint16_t history;                    /* reliable slots per direction; a power of two */
    rig_mw_on_message_t on_message;      /* called from rig_mw_spin() only */
    void *context;
    rig_mw_on_service_t on_service;      /* the same; NULL: no services are used */
} rig_mw_config_t;

typedef struct {
    bool reliable;         /* DDS RELIABILITY */
    bool transient_local;  /* DDS DURABILITY */
    bool keep_all;         /* DDS HISTORY; false: KEEP_LAST `depth` */
    uint16_t depth;        /* 0: the backend's default */
} rig_mw_qos_t;

typedef struct {
    uint8_t session;       /* index from rig_mw_session_open */
    uint8_t kind;          /* rig_mw_kind */
    uint8_t form;          /* rig_mw_form */
    uint8_t mode;          /* 0, or the CREATE flags REUSE 0x02 | REPLACE 0x04 */
    uint16_t id;           /* 12-bit object number, the caller's choice */
    uint16_t parent;       /* participant for topic/publisher/subscriber/requester/replier; publisher or subscriber for data writer/reader */
    uint16_t topic;        /* data writer/reader: the topic's id; participant: its DDS domain */
    const char *name;      /* participant, topic or service name; REF: the reference */
    const char *type;      /* topic: type name; service: request type */
    const char *reply_type;
    rig_mw_qos_t qos;      /* data writer/reader */
    bool reliable_stream;  /* data writer: WRITE_DATA goes over the reliable stream; data reader: DATA is asked for on it */
} rig_mw_entity_t;

typedef struct {
    uint32_t delivered_local;  /* callbacks made for messages by shared memory */
    uint32_t delivered_link;   /* callbacks made for messages over the link */
    uint32_t refused_buffer;   /* publish calls that failed because the pool was full */
    uint32_t refused_table;    /* creations that failed because a table was full */
    uint32_t lost;             /* messages accepted and then dropped, for any reason */
    uint32_t buffers_free;     /* now */
    uint32_t entities;         /* now */
    uint32_t withheld;         /* messages that only local readers got: too long for an Agent that does not tell who reads */
    uint32_t copied;           /* payload bytes that the backend copied, because this interface hands a message over in one piece */
} rig_mw_statistics_t;

/* Limits of a reader's READ_DATA to the Agent. */
typedef struct {
    uint16_t max_samples;          /* 0xFFFF: no limit; 0: cancels the READ_DATA */
    uint16_t max_elapsed_s;        /* since the READ_DATA; here and in the next two 0 means no limit */
    uint16_t max_bytes_per_second;
    uint16_t min_pace_ms;          /* between two samples */
} rig_mw_delivery_t;

/* Name and version of the middleware behind this build, e.g. "reference" "0.1.0". Static storage. */
const char *rig_mw_name(void);
const char *rig_mw_version(void);
uint32_t rig_mw_capabilities(void); /* rig_mw_capability bits */
/* Table sizes and limits that this middleware was built with, as `key=value` words with a blank between, at
 * most 255 characters. A value is a number, or `per_scenario` where rig_mw_start decides. Keys that every backend uses:
 * sessions; shm_entities, entries of shared memory's table; shm_pairs, matching writers and readers, so also readers
 * of one sample; shm_buffers; history, slots of a reliable stream; mtu; envelope, bytes before a payload on
 * the link, if any. Others are the backend's own. */
const char *rig_mw_configuration(void);
/* Static RAM that the middleware's documented formula gives for this build, bytes; 0: there is no such formula. */
uint32_t rig_mw_ram_bytes(void);

/* Resets all state and starts with `config` (copied). */
int rig_mw_start(const rig_mw_config_t *config);
/* Closes all sessions and releases the memory; it may inform an Agent, but does not wait for it. */
void rig_mw_stop(void);

/* Opens a session with `client_key`. With an Agent: waits up to timeout_ms for its answer. timeout_ms 0: do not
 * wait; the session starts offline (RIG_MW_CAP_OFFLINE) and connects in a later spin when the Agent is there. A
 * middleware without that capability may open a session that never gets an Agent.
 * Returns the session's index >= 0. */
int rig_mw_session_open(uint32_t client_key, uint32_t timeout_ms);
int rig_mw_session_close(uint8_t session, uint32_t timeout_ms);

/* Creates an entity; waits up to timeout_ms for the Agent's status. timeout_ms 0: do not wait (offline). */
int rig_mw_create(const rig_mw_entity_t *entity, uint32_t timeout_ms);
int rig_mw_delete(uint8_t session, uint8_t kind, uint16_t id, uint32_t timeout_ms);

/* Sends READ_DATA for a data reader, with limits that are copied. Local samples need no READ_DATA. */
int rig_mw_read(uint8_t session, uint16_t reader, const rig_mw_delivery_t *limits);

/* Lends the place where the application writes the `length` bytes of its next message: a shared buffer, or room
 * in the output stream. One loan per writer may be open. */
int rig_mw_loan(uint8_t session, uint16_t writer, uint32_t length, uint8_t **place);
/* Publishes the loan: 0 (accepted): every matching reader gets it; otherwise the error says why not. */
int rig_mw_publish(uint8_t session, uint16_t writer);
/* Returns a loan without publishing it. */
int rig_mw_loan_cancel(uint8_t session, uint16_t writer);

/* RIG_MW_CAP_SERVICES. Requesters and repliers are created with name, type and reply type, and get their replies and
 * requests from then on without rig_mw_read(). A backend that has no services leaves these functions out. */
/* Lends the place for a request (`kind` RIG_MW_REQUESTER) or a reply (RIG_MW_REPLIER); one loan per entity. */
int rig_mw_service_loan(uint8_t session, uint8_t kind, uint16_t id, uint32_t length, uint8_t **place);
int rig_mw_service_cancel(uint8_t session, uint8_t kind, uint16_t id);
/* Sends the loaned request; returns the id (> 0) that its reply will carry. Many may be outstanding. */
int rig_mw_request(uint8_t session, uint16_t requester);
/* Sends the loaned reply to the request that came with `identity`; during its callback or later. */
int rig_mw_reply(uint8_t session, uint16_t replier, const uint8_t identity[RIG_MW_IDENTITY_BYTES]);

/* Delivers local messages and those of the link; runs retransmissions. Returns as soon as at least one
 * message was delivered and nothing more is pending, or after timeout_ms. Returns the count of messages delivered
 * (one per reader). timeout_ms 0: never waits. */
int rig_mw_spin(uint32_t timeout_ms);

void rig_mw_statistics(rig_mw_statistics_t *out);

#endif
