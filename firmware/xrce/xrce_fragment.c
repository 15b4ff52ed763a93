#include "xrce_fragment.h"

#include <string.h>

#include "xrce_client.h"

/* Memory for a payload. False: none just now. */
XRCE_COLD static bool place_take(xrce_client_t *client, xrce_fragment_t *fragment)
{
#if XRCE_SHM
    xrce_lock(client);
    fragment->buffer = xrce_pool_take(&client->pool);
    xrce_unlock(client);
    if (fragment->buffer == NULL) {
        return false;
    }
    fragment->place = fragment->buffer->data;
    fragment->capacity = client->pool.buffer_bytes;
#else
    if (client->reassembling) {
        return false; /* another session is at it */
    }
    client->reassembling = true;
    fragment->place = client->reassembly;
    fragment->capacity = client->reassembly_bytes;
#endif
    return true;
}

XRCE_COLD void xrce_fragment_reset(xrce_client_t *client, xrce_fragment_t *fragment)
{
    if (fragment->place != NULL) {
#if XRCE_SHM
        xrce_lock(client);
        xrce_pool_give(&client->pool, fragment->buffer);
        xrce_unlock(client);
#else
        client->reassembling = false;
#endif
    }
    fragment->place = NULL;
    fragment->buffer = NULL;
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
    if (fragment->place == NULL && !place_take(client, fragment)) {
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
