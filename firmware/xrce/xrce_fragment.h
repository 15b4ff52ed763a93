/*
 * Reassembly of a DATA submessage that came in FRAGMENTs.
 *
 * The first 8 bytes (submessage header, request and object id) are kept aside, the payload goes into one piece of
 * memory: with shared memory a buffer of the pool, else a region of the stream memory. Other submessages are never
 * long enough to be cut, and are refused. Main context only.
 */
#ifndef XRCE_FRAGMENT_H
#define XRCE_FRAGMENT_H

#include "xrce_config.h"
#include "xrce_types.h"

struct xrce_client;

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

enum xrce_fragment_result { XRCE_FRAGMENT_MORE, XRCE_FRAGMENT_DONE, XRCE_FRAGMENT_RETRY, XRCE_FRAGMENT_BAD };

/* Adds one piece. RETRY: no memory just now, nothing was taken. BAD: the whole message is lost, once per message. */
int xrce_fragment_add(struct xrce_client *client, xrce_fragment_t *fragment, const uint8_t *bytes, uint32_t length,
                      bool last);
/* Gives the memory back and waits for a first piece. */
void xrce_fragment_reset(struct xrce_client *client, xrce_fragment_t *fragment);

#endif
