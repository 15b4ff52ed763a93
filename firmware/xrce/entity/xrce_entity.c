#include "entity/xrce_entity.h"

#include <string.h>

static inline uint32_t key_slot(uint32_t key)
{
    return (key >> 4) + (key << 3) + (key >> 13);
}

xrce_entity_t *xrce_entity_find(const xrce_entities_t *entities, uint32_t key)
{
    uint32_t mask = entities->index_mask;
    uint32_t slot = key_slot(key) & mask;
    uint32_t row;

    while ((row = entities->index[slot]) != XRCE_NONE) {
        xrce_entity_t *entity = &entities->rows[row];

        if (XRCE_LIKELY(entity->key == key)) {
            return entity;
        }
        slot = (slot + 1u) & mask;
    }
    return NULL;
}

XRCE_SHARED static void index_put(xrce_entities_t *entities, const xrce_entity_t *entity)
{
    uint32_t slot = key_slot(entity->key) & entities->index_mask;

    while (entities->index[slot] != XRCE_NONE) {
        slot = (slot + 1u) & entities->index_mask;
    }
    entities->index[slot] = (uint8_t)(entity - entities->rows);
}

void xrce_entities_init(xrce_entities_t *entities, xrce_entity_t *rows, uint8_t row_count, uint8_t *index,
                        uint16_t index_bytes)
{
    entities->rows = rows;
    entities->row_count = row_count;
    entities->index = index;
    entities->index_mask = (uint16_t)(index_bytes - 1u);
    entities->used = 0;
    memset(rows, 0, sizeof(*rows) * row_count);
    memset(index, XRCE_NONE, index_bytes);
}

XRCE_COLD xrce_entity_t *xrce_entity_next(const xrce_entities_t *entities, xrce_entity_t *after)
{
    xrce_entity_t *row = after == NULL ? entities->rows : after + 1;

    while (row < entities->rows + entities->row_count && row->key == 0u) {
        row++;
    }
    return row < entities->rows + entities->row_count ? row : NULL;
}

XRCE_COLD xrce_entity_t *xrce_entity_next_of(const xrce_entities_t *entities, uint8_t session, xrce_entity_t *after)
{
    do {
        after = xrce_entity_next(entities, after);
    } while (after != NULL && (after->session != session || (after->flags & XRCE_E_GONE) != 0u));
    return after;
}

xrce_entity_t *xrce_entity_vacant(xrce_entities_t *entities)
{
    for (uint32_t i = 0; i < entities->row_count; i++) {
        if (entities->rows[i].key == 0u) {
            memset(&entities->rows[i], 0, sizeof(entities->rows[i]));
            entities->rows[i].name = XRCE_NONE;
            entities->rows[i].text = XRCE_NONE;
            return &entities->rows[i];
        }
    }
    return NULL;
}

XRCE_COLD void xrce_entity_enter(xrce_entities_t *entities, xrce_entity_t *entity, uint32_t key)
{
    entity->key = key;
    entity->session = (uint8_t)(key >> 16);
    entity->id = (uint16_t)(key >> 4 & 0xFFFu);
    entities->used++;
    index_put(entities, entity);
}

/* Open addressing has no cheap removal; deleting is rare, so the index is made anew. */
XRCE_COLD void xrce_entity_hide(xrce_entities_t *entities, xrce_entity_t *entity)
{
    entity->flags |= XRCE_E_GONE;
    entities->used--;
    memset(entities->index, XRCE_NONE, (size_t)entities->index_mask + 1u);
    for (xrce_entity_t *row = NULL; (row = xrce_entity_next(entities, row)) != NULL;) {
        if ((row->flags & XRCE_E_GONE) == 0u) {
            index_put(entities, row);
        }
    }
}
