#include "xrce_shm_pool.h"

#include <string.h>

#if XRCE_SHM

XRCE_COLD void xrce_pool_init(xrce_pool_t *pool, xrce_buffer_t *headers, uint32_t count, uint8_t *memory, uint32_t bytes)
{
    pool->headers = headers;
    pool->count = count;
    pool->free_count = 0;
    pool->free = NULL;
    pool->buffer_bytes = count == 0u ? 0u : bytes / count & ~7u;
    memset(headers, 0, sizeof(*headers) * count);
    for (uint32_t i = count; i-- > 0u;) { /* the lowest address is lent first */
        headers[i].data = memory + i * pool->buffer_bytes;
        xrce_pool_give(pool, &headers[i]);
    }
}

#else
typedef int xrce_shm_pool_unused;
#endif
