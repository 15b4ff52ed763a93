/*
 * Reassembly of a DATA submessage that came in FRAGMENTs.
 *
 * The first 8 bytes (submessage header, request and object id) are kept aside, the payload goes into one piece of
 * memory: with shared memory a buffer of the pool, else a region of the stream memory. Other submessages are never
 * long enough to be cut, and are refused. Main context only.
 */
#include <string.h>

#include "session/xrce_session.h"
#include "shm/xrce_samples.h"

XRCE_COLD void xrce_fragment_reset(xrce_client_t *client, xrce_fragment_t *fragment)
{
    if (fragment->place != NULL) {
        xrce_place_give(client, fragment);
    }
    fragment->place = NULL;
    fragment->head_bytes = 0;
    fragment->length = 0;
    fragment->broken = false;
}

XRCE_COLD static int broken(xrce_client_t *client, xrce_fragment_t *fragment, bool last)
{
    bool first = !fragment->broken;

    xrce_fragment_reset(client, fragment);
    fragment->broken = !last;
    return first ? XRCE_FRAGMENT_BAD : XRCE_FRAGMENT_MORE;
}

XRCE_COLD int xrce_fragment_add(xrce_client_t *client, xrce_fragment_t *fragment, const uint8_t *bytes, uint32_t length,
                                bool last)
{
    if (fragment->broken) {
        return broken(client, fragment, last);
    }
    if (fragment->head_bytes == 0u && length != 0u && bytes[0] != XRCE_DATA) {
        return broken(client, fragment, last);
    }
    if (fragment->place == NULL && !xrce_place_take(client, fragment)) {
        return XRCE_FRAGMENT_RETRY;
    }
    while (fragment->head_bytes < XRCE_DATA_HEAD_BYTES && length != 0u) {
        fragment->head[fragment->head_bytes++] = *bytes++;
        length--;
    }
    if (length > fragment->capacity - fragment->length) {
        return broken(client, fragment, last);
    }
    if (length != 0u) {
        memcpy(fragment->place + fragment->length, bytes, length);
    }
    fragment->length += length;
    if (!last) {
        return XRCE_FRAGMENT_MORE;
    }
    return fragment->head_bytes == XRCE_DATA_HEAD_BYTES ? XRCE_FRAGMENT_DONE : broken(client, fragment, true);
}
