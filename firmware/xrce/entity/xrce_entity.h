/*
 * The table of everything that was created, over all sessions, found by key in constant time.
 *
 * The table itself changes in the main context only, under the port's lock; other contexts may look up under it.
 */
#ifndef XRCE_ENTITY_H
#define XRCE_ENTITY_H

#include "xrce_table.h"

static inline uint8_t xrce_entity_kind(const xrce_entity_t *entity)
{
    return (uint8_t)(entity->key & 0x0Fu);
}

/* Depth of requesters and repliers: not a limit, it keeps them off the short way of delivery. */
#define XRCE_SERVICE_DEPTH 1u

static inline bool xrce_kind_is_endpoint(uint8_t kind)
{
    return kind >= XRCE_DATAWRITER;
}

static inline bool xrce_kind_is_service(uint8_t kind)
{
    return kind == XRCE_REQUESTER || kind == XRCE_REPLIER;
}

/* Bytes before the payload in a loan: the identity before a reply, as on the wire. */
static inline uint32_t xrce_kind_head(uint8_t kind)
{
    return kind == XRCE_REPLIER ? XRCE_IDENTITY_BYTES : 0u;
}

static inline uint16_t xrce_entity_object(const xrce_entity_t *entity)
{
    return (uint16_t)entity->key;
}

/* NULL when there is no such entity. */
xrce_entity_t *xrce_entity_find(const xrce_entities_t *entities, uint32_t key);

void xrce_entities_init(xrce_entities_t *entities, xrce_entity_t *rows, uint8_t row_count, uint8_t *index,
                        uint16_t index_bytes);

/* Every row in use: the one after `after`, the first one after NULL; NULL: there is no more. */
xrce_entity_t *xrce_entity_next(const xrce_entities_t *entities, xrce_entity_t *after);
/* The same, only those of one session, and none that is gone. */
xrce_entity_t *xrce_entity_next_of(const xrce_entities_t *entities, uint8_t session, xrce_entity_t *after);

/* A zeroed row that is not yet found by key; NULL: the table is full. */
xrce_entity_t *xrce_entity_vacant(xrce_entities_t *entities);
void xrce_entity_enter(xrce_entities_t *entities, xrce_entity_t *entity, uint32_t key);
/* Not found any more; the row stays taken until its key is 0. */
void xrce_entity_hide(xrce_entities_t *entities, xrce_entity_t *entity);

#endif
