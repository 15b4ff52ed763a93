/*
 * All that the library keeps, in memory that the application gives. The application needs the sizes; the fields are
 * the library's own.
 */
#ifndef XRCE_STATE_H
#define XRCE_STATE_H

#include "xrce_port.h"
#include "xrce_table.h"

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

/* One outgoing stream of one session. */
typedef struct {
    uint8_t *slots;
    uint32_t slot_bytes;
    uint16_t history;  /* slots; a power of two */
    uint16_t base;     /* sequence number that lies in slot 0 (modulo history) */
    uint16_t acked;    /* first one not acknowledged */
    uint16_t unsent;   /* first one never sent */
    uint16_t next;     /* one past the newest */
    uint8_t stream;    /* wire id */
    uint32_t heartbeat_at;
} xrce_stream_out_t;

/* The incoming reliable stream of one session. */
typedef struct {
    uint8_t *slots;
    uint32_t slot_bytes;
    uint16_t history;
    uint16_t expected; /* next in order */
    uint16_t last;     /* one past the newest number heard of */
    uint16_t have;     /* bit i: expected + i waits in its slot */
} xrce_stream_in_t;

/* A DATA submessage that comes in FRAGMENTs. */
#define XRCE_DATA_HEAD_BYTES 8u /* submessage header, request id, object id */

typedef struct {
    uint8_t head[XRCE_DATA_HEAD_BYTES];
    uint32_t head_bytes;
    uint8_t *place; /* NULL: no reassembly under way */
    uint32_t capacity;
    uint32_t length;
    bool broken;    /* pieces are thrown away up to the last one */
    struct xrce_buffer *buffer;
} xrce_fragment_t;

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

#if XRCE_SHM

/* A shared buffer is pure payload in the application's memory; what the library must know about it stands here. One
 * buffer serves all readers and the link: it is free again when the last of its users let go of it. */
typedef struct xrce_buffer {
    struct xrce_buffer *next;      /* free list, or the samples in the order of their publishing */
    struct xrce_buffer *next_link; /* samples of one session that wait for the link */
    struct xrce_buffer *next_kept; /* ring of what a writer keeps for late readers */
    struct xrce_entity *writer;
    uint8_t *data;
    uint32_t length;
    uint16_t number; /* kept sample: its writer's count; request: its id */
    uint8_t users; /* 0: free or lent to the application */
    uint8_t flags; /* xrce_buffer_flag */
} xrce_buffer_t;

enum xrce_buffer_flag {
    XRCE_B_BUSY = 0x01, /* the main context copies from it now */
    XRCE_B_LOCAL = 0x02 /* some local reader gets it */
};

typedef struct {
    xrce_buffer_t *free;
    xrce_buffer_t *headers;
    uint32_t buffer_bytes;
    uint32_t count;
    uint32_t free_count;
} xrce_pool_t;

/* A reader that gets what a writer says. */
typedef struct xrce_edge {
    struct xrce_edge *next;
    xrce_entity_t *reader;
    uint16_t skip;  /* samples under way that were published before the pair matched, and XRCE_EDGE_HOLD */
    uint16_t since; /* XRCE_EDGE_HOLD: the number of the first sample that was published after that */
} xrce_edge_t;

#define XRCE_EDGE_HOLD 0x8000u /* the reader is to get what its writer keeps before it gets anything else */

/* The samples of all writers in one queue, in the order of their publishing. */
typedef struct {
    xrce_buffer_t *head;
    xrce_buffer_t *tail;
    xrce_edge_t *cursor;    /* the pair whose callback runs; moved when that pair is removed */
    xrce_edge_t *free_edges;
    xrce_entity_t *last;    /* writer found last; checked by its key */
    bool idle;              /* the main context may be asleep: who publishes must wake it */
    bool chores;            /* a gone writer has no more samples, a late reader waits, a service was delivered */
    uint32_t delivered_aside; /* since the last chores: callbacks of services, and of what was kept for late readers */
    uint32_t refused;
    uint16_t kept;          /* by all writers, for late readers */
    uint16_t requesters;    /* ever made */
    uint32_t withheld;      /* samples over XRCE_LENGTH_FIELD_MAX that stayed with their local readers */
    uint32_t lost;
    uint32_t delivered;
    xrce_edge_t start;      /* stands before the first pair, for a cursor whose pair was first */
    xrce_entity_t nobody;   /* what `last` points to when there is none: its key is nobody's */
} xrce_shm_t;

/* A sample that an Agent may send back. */
typedef struct {
    uint32_t checksum;
    uint32_t length;
    uint8_t name;    /* row of the topic */
    uint8_t session; /* its writer's, index */
    uint8_t left[2]; /* readers of that session, of other ones, that have not had it back */
} xrce_echo_t;

/* Each wait in vain takes an Agent one step down. */
enum xrce_echo_mode { XRCE_ECHO_NO = 0, XRCE_ECHO_UNKNOWN = 1, XRCE_ECHO_YES = 3 };

typedef struct {
    xrce_echo_t rows[XRCE_ECHO_SAMPLES];
    uint16_t next;  /* number of the next sample; its row is the number modulo XRCE_ECHO_SAMPLES */
    uint16_t first; /* oldest one that is still to come back */
    uint32_t since; /* when the last one came back, or the first one went out */
    uint8_t mode[2]; /* xrce_echo_mode of the Agent, within a session and across */
} xrce_echoes_t;

#endif

/* What an application gives; its memory stays in use until the application stops calling. */
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

#endif
