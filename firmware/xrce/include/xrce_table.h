/*
 * The rows of the two tables that an application gives: entities, and the texts they carry. Their fields are the
 * library's own.
 */
#ifndef XRCE_TABLE_H
#define XRCE_TABLE_H

#include "xrce_config.h"
#include "xrce_types.h"

struct xrce_edge;
struct xrce_buffer;

enum xrce_entity_flag {
    XRCE_E_ANNOUNCED = 0x01,       /* its CREATE went into the stream of the present connection */
    XRCE_E_READ = 0x02,            /* a READ_DATA must go out */
    XRCE_E_RELIABLE_STREAM = 0x04,
    XRCE_E_KNOWN = 0x10,           /* some Agent created it once, or may have */
    XRCE_E_GONE = 0x08             /* a deleted writer whose last accepted samples are still to be delivered */
};

/* Where a published sample goes. One byte, so that the usual case is one comparison. */
enum xrce_route {
    XRCE_ROUTE_LOCAL = 0x01,   /* a local reader matches */
    XRCE_ROUTE_LINK = 0x02,    /* somebody behind the Agent may want it */
    XRCE_ROUTE_LIMITED = 0x04, /* one of the local readers keeps only its last few */
    XRCE_ROUTE_KEEP = 0x08     /* the writer keeps its last ones for readers that come late */
};

/* What is asked of the Agent for a data reader, requester or replier. The units are as
 * eProsima's Agent and ours take them; both ignore the pace. */
typedef struct {
    uint16_t max_samples;          /* 0xFFFF: without limit; 0: none, and no more */
    uint16_t max_elapsed_s;        /* from the asking on; 0: without limit */
    uint16_t max_bytes_per_second; /* 0: without limit */
    uint16_t min_pace_ms;          /* between two samples */
} xrce_delivery_t;

typedef struct xrce_entity {
    uint32_t key;      /* session index << 16 | object; 0: the row is free */
    uint16_t parent;   /* object */
    uint16_t topic;    /* object; requester: which it is of all that were made here, for one may come back under its id */
    uint16_t request;  /* id of its CREATE */
    uint16_t depth;    /* 0: no limit of its own */
    uint16_t domain;   /* of its participant */
    uint16_t remote_readers; /* writer: as a cooperating Agent told */
    uint8_t name;      /* row that decides about matching: topic and type, or a reference; XRCE_NONE */
    uint8_t text;      /* row of the text that its CREATE holds, XRCE_NONE */
    uint8_t form;      /* xrce_form | (REUSE | REPLACE) << 4 */
    uint8_t qos;       /* xrce_qos_flag */
    uint8_t flags;     /* xrce_entity_flag */
    uint8_t status;    /* the Agent's word on its creation */
    uint8_t route;     /* xrce_route */
    uint8_t session;   /* index */
    uint16_t id;       /* 12 bits */
    uint16_t echoed;   /* reader: a bit for each row of xrce_echoes_t that came back to it */
#if XRCE_SHM
    struct xrce_edge *edges;   /* writer, requester, replier: who gets what it says, in the order of creation */
    struct xrce_buffer *loan;  /* writer: the buffer lent to the application */
    struct xrce_buffer *kept;  /* writer: newest of the samples kept for late readers; a ring */
    uint16_t backlog;          /* reader with a depth: samples that wait for it; writer: samples kept */
    uint16_t skip;             /* reader with a depth: that many of its oldest are lost */
    uint16_t orphans;          /* gone writer: its samples still under way */
    uint16_t number;           /* writer: of the next sample it keeps; reader: scratch of xrce_shm_reclaim */
#else
    uint8_t *loan;             /* writer: room lent in the output stream */
    uint32_t loan_length;
    uint16_t loan_sequence;
#endif
    xrce_delivery_t wanted; /* reader: of the Agent */
} xrce_entity_t;

typedef struct {
    xrce_entity_t *rows; /* caller's */
    uint8_t *index;      /* caller's: index_mask + 1 bytes, a power of two of at least 2 x row_count */
    uint8_t row_count;   /* below XRCE_NONE */
    uint16_t index_mask;
    uint16_t used;
} xrce_entities_t;

#define XRCE_KEY(session, object) ((uint32_t)(session) << 16 | (uint32_t)(object))

#define XRCE_NAME_PARTS 5u

/* One to five strings in a DDS domain. */
typedef struct {
    uint16_t offset;
    uint16_t length; /* all strings with their NULs; 0: the row is free */
    uint16_t users;
    uint16_t domain;
} xrce_name_t;

typedef struct {
    xrce_name_t *rows; /* caller's */
    uint8_t row_count; /* below XRCE_NONE */
    char *bytes;       /* caller's */
    uint16_t size;
    uint16_t used;
} xrce_names_t;

#endif
