/* The shared buffers: memory cut at the beginning, and lent for what comes in pieces. */
#include <string.h>

#include "shm/xrce_samples.h"
#include "shm/xrce_shm_parts.h"
#include "state/xrce_context.h"

/* Cuts the memory into buffers of (bytes / count) rounded down to 8. */
XRCE_COLD static void pool_init(xrce_pool_t *pool, xrce_buffer_t *headers, const xrce_client_config_t *config)
{
    uint32_t count = config->buffer_count;

    pool->headers = headers;
    pool->count = count;
    pool->buffer_bytes = count == 0u ? 0u : config->buffer_bytes / count & ~7u;
    memset(headers, 0, sizeof(*headers) * count);
    for (uint32_t i = count; i-- > 0u;) { /* the lowest address is lent first */
        headers[i].data = config->buffer_memory + i * pool->buffer_bytes;
        xrce_pool_give(pool, &headers[i]);
    }
}

XRCE_COLD int xrce_shm_init(xrce_client_t *client, const xrce_client_config_t *config, uint8_t **at, uint32_t *left)
{
    uint32_t headers = (config->buffer_count * (uint32_t)sizeof(xrce_buffer_t) + 7u) & ~7u;

    client->shm.last = &client->shm.nobody;
    for (uint32_t i = config->edge_count; i-- > 0u;) {
        config->edges[i].next = client->shm.free_edges;
        client->shm.free_edges = &config->edges[i];
    }
    if (config->buffer_count > UINT16_MAX) {
        return XRCE_ERR_ARGUMENT;
    }
    if (headers > *left) {
        return XRCE_ERR_TOO_LARGE;
    }
    pool_init(&client->pool, (xrce_buffer_t *)(void *)*at, config);
    *at += headers;
    *left -= headers;
    return XRCE_OK;
}

XRCE_COLD void xrce_shm_release(xrce_client_t *client, xrce_buffer_t *buffer)
{
    xrce_shm_let_go(client, buffer);
}

XRCE_COLD bool xrce_place_take(xrce_client_t *client, xrce_fragment_t *fragment)
{
    xrce_lock(client);
    fragment->buffer = xrce_pool_take(&client->pool);
    xrce_unlock(client);
    if (fragment->buffer == NULL) {
        return false;
    }
    fragment->place = fragment->buffer->data;
    fragment->capacity = client->pool.buffer_bytes;
    return true;
}

XRCE_COLD void xrce_place_give(xrce_client_t *client, xrce_fragment_t *fragment)
{
    xrce_lock(client);
    xrce_pool_give(&client->pool, fragment->buffer);
    xrce_unlock(client);
    fragment->buffer = NULL;
}
