/*
 * Which local readers get a writer's samples: decided when entities come and go, so that publishing only walks a
 * list. A pair matches when its names are the same row (that is: the same topic and type texts) and the reader's
 * QoS asks for no more than the writer's offers. Main context only; changes lists under the port's lock.
 */
#ifndef XRCE_SHM_MATCH_H
#define XRCE_SHM_MATCH_H

#include "xrce_entity.h"

#if XRCE_SHM

typedef struct xrce_edge {
    struct xrce_edge *next;
    xrce_entity_t *reader;
    uint16_t skip; /* samples under way that were published before the pair matched; or XRCE_EDGE_HOLD */
} xrce_edge_t;

#define XRCE_EDGE_HOLD 0xFFFFu /* the reader is to get what its writer kept before it gets anything else */

static inline bool xrce_keeps_last(const xrce_entity_t *reader)
{
    return reader->depth != 0u && (reader->qos & XRCE_QOS_KEEP_LAST) != 0u;
}

struct xrce_client;

/* Request-offered rules of DDS for reliability and durability. */
bool xrce_match_qos(uint8_t offered, uint8_t requested);

/* Pairs a new endpoint with all it matches. XRCE_ERR_TABLE_FULL: only with some; the caller removes it then. */
int xrce_match_add(struct xrce_client *client, xrce_entity_t *entity);

/* A reader leaves: nobody delivers to it any more. */
void xrce_match_remove_reader(struct xrce_client *client, const xrce_entity_t *reader);

/* Drops the list of a writer that has no sample under way. */
void xrce_match_remove_writer(struct xrce_client *client, xrce_entity_t *writer);

#endif
#endif
