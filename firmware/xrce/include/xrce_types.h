/* Constants and small types of DDS-XRCE, and the error numbers of this library. */
#ifndef XRCE_TYPES_H
#define XRCE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero is success, a positive value a count. */
enum xrce_error {
    XRCE_OK = 0,
    XRCE_ERR_ARGUMENT = -1,
    XRCE_ERR_UNSUPPORTED = -2,
    XRCE_ERR_NO_BUFFER = -3,  /* full now; retry after a spin */
    XRCE_ERR_TOO_LARGE = -4,  /* can never fit */
    XRCE_ERR_TABLE_FULL = -5,
    XRCE_ERR_UNKNOWN = -6,
    XRCE_ERR_TIMEOUT = -7,
    XRCE_ERR_LINK = -8,
    XRCE_ERR_REFUSED = -9,    /* the Agent's status was an error */
    XRCE_ERR_STATE = -10,
    XRCE_ERR_MISMATCH = -11   /* REUSE of something that does something else */
};

enum xrce_submessage_id {
    XRCE_CREATE_CLIENT = 0,
    XRCE_CREATE = 1,
    XRCE_GET_INFO = 2,
    XRCE_DELETE = 3,
    XRCE_STATUS_AGENT = 4,
    XRCE_STATUS = 5,
    XRCE_INFO = 6,
    XRCE_WRITE_DATA = 7,
    XRCE_READ_DATA = 8,
    XRCE_DATA = 9,
    XRCE_ACKNACK = 10,
    XRCE_HEARTBEAT = 11,
    XRCE_RESET = 12,
    XRCE_FRAGMENT = 13,
    XRCE_TIMESTAMP = 14,
    XRCE_TIMESTAMP_REPLY = 15
};

enum xrce_kind {
    XRCE_PARTICIPANT = 1,
    XRCE_TOPIC = 2,
    XRCE_PUBLISHER = 3,
    XRCE_SUBSCRIBER = 4,
    XRCE_DATAWRITER = 5,
    XRCE_DATAREADER = 6,
    XRCE_REQUESTER = 7,
    XRCE_REPLIER = 8,
    XRCE_AGENT_KIND = 13
};

enum xrce_form { XRCE_REF = 1, XRCE_XML = 2, XRCE_BIN = 3 };

enum xrce_flag {
    XRCE_LITTLE_ENDIAN = 0x01,
    XRCE_LAST_FRAGMENT = 0x02,
    XRCE_REUSE = 0x02,
    XRCE_REPLACE = 0x04
};

enum xrce_status {
    XRCE_STATUS_OK = 0x00,
    XRCE_STATUS_OK_MATCHED = 0x01,
    XRCE_STATUS_MISMATCH = 0x81,
    XRCE_STATUS_ALREADY_EXISTS = 0x82,
    XRCE_STATUS_TOO_LONG = 0xFE, /* ours, never on the wire: its CREATE does not fit a message */
    XRCE_STATUS_PENDING = 0xFF   /* ours, never on the wire: no answer yet */
};

enum xrce_qos_flag {
    XRCE_QOS_RELIABLE = 0x01,
    XRCE_QOS_KEEP_LAST = 0x02,
    XRCE_QOS_TRANSIENT_LOCAL = 0x08
};

#define XRCE_STREAM_NONE 0x00u
#define XRCE_STREAM_BEST_EFFORT 0x01u
#define XRCE_STREAM_RELIABLE 0x80u

#define XRCE_OBJECT_AGENT 0xFFFDu
#define XRCE_OBJECT_CLIENT 0xFFFEu

#define XRCE_IDENTITY_BYTES 24u /* of a request, as its reply names it */

#define XRCE_REQUEST_LOGIN 1u
#define XRCE_REQUEST_LOGOUT 2u
#define XRCE_REQUEST_PING 3u
#define XRCE_REQUEST_FIRST 10u

#define XRCE_NONE 0xFFu /* no table row */

/* Who we are in a message header. */
typedef struct {
    uint8_t session; /* wire id; below 0x80 the key follows in every header */
    uint8_t key[4];
} xrce_peer_t;

/* A serial frame that is being received. */
typedef struct {
    uint8_t *payload;  /* caller's memory for one payload */
    uint32_t capacity;
    uint32_t length;   /* of the frame under way */
    uint32_t got;      /* payload bytes so far */
    uint16_t crc;      /* as received */
    uint8_t state;
    bool escaped;
    uint8_t source;
    uint8_t destination;
    uint32_t errors;   /* frames thrown away: bad CRC, too long, cut off */
} xrce_frame_decoder_t;

/* The two wire bytes of an object as one number: 12-bit id, 4-bit kind. */
#define XRCE_OBJECT(id, kind) ((uint16_t)(((uint32_t)(id) << 4) | (uint32_t)(kind)))

/* a - b on the circle of 16-bit sequence numbers: negative if a is older. */
static inline int32_t xrce_sequence_distance(uint16_t a, uint16_t b)
{
    return (int16_t)(uint16_t)(a - b);
}

#endif
