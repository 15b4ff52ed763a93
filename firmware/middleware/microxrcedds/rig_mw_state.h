/* What the parts of this backend share. */
#ifndef RIG_MW_STATE_H
#define RIG_MW_STATE_H

#include <ucdr/microcdr.h>
#include <uxr/client/client.h>

#include "rig_middleware.h"

#ifndef RIG_MW_MAX_IDS
#define RIG_MW_MAX_IDS 4096 /* object numbers of a kind: all that there are */
#endif

/* A stream longer than this keeps the link busy for minutes with one message. */
#define MAX_SLOTS 4096u

#define SLOT_PREFIX 4u      /* the Client's length field before each slot */
#define MESSAGE_HEADER 4u   /* of a session without its key in the header */
#define SUBMESSAGE_HEADER 4u
#define WRITE_DATA_HEADER 4u

typedef struct {
    uint8_t *memory;
    uint32_t bytes;
} area_t;

typedef struct {
    bool open;
    bool staged; /* longer than a slot: written to `staging`, handed to the Client by publish */
    uint16_t writer;
    uint32_t length;
    ucdrBuffer buffer;
} loan_t;

typedef struct {
    bool started;
    bool connected;
    bool agentless; /* the session was opened without an Agent: nobody answers or acknowledges */
    bool muted; /* what the Client sends is thrown away */
    rig_mw_config_t config;
    rig_mw_transport_t link;
    uint16_t mtu;
    uint16_t out_slots;
    uint16_t in_slots;
    area_t out, in, best_effort; /* the Client's streams */
    area_t staging, gathered;    /* one message each, in one piece */
    uxrCustomTransport transport;
    uxrSession session;
    uxrStreamId out_reliable, out_best_effort, in_reliable, in_best_effort;
    loan_t loan;
    uint8_t writers[RIG_MW_MAX_IDS / 8];
    uint8_t reliable_writers[RIG_MW_MAX_IDS / 8];
    uint8_t reliable_readers[RIG_MW_MAX_IDS / 8];
    rig_mw_statistics_t statistics;
} rig_mw_state_t;

extern rig_mw_state_t rig_mw;

static inline bool rig_mw_bit(const uint8_t *bits, uint16_t id)
{
    return (bits[id >> 3] >> (id & 7u) & 1u) != 0u;
}

static inline void rig_mw_bit_set(uint8_t *bits, uint16_t id, bool value)
{
    uint8_t mask = (uint8_t)(1u << (id & 7u));

    bits[id >> 3] = (uint8_t)(value ? bits[id >> 3] | mask : bits[id >> 3] & ~mask);
}

/* RIG_MW_OK if functions that need a session may go on. */
int rig_mw_usable(uint8_t session);

/* rig_mw_link.c: the port's link as a transport of the Client. */
bool rig_mw_link_start(void);

/* rig_mw_memory.c: the areas, cut out of what the configuration brought; and the longest message that a stream can
 * ever hold. */
int rig_mw_divide_memory(void);
uint32_t rig_mw_longest(bool reliable);
/* ... and the longest one that lies in one slot of a stream. */
uint32_t rig_mw_slot(void);

/* rig_mw_messages.c: the `length` bytes of a buffer in one piece: where they are, or gathered; NULL if there is no
 * memory for that. And the Client's callback for messages. */
const uint8_t *rig_mw_in_one_piece(ucdrBuffer *buffer, uint32_t length);
void rig_mw_on_topic(uxrSession *session, uxrObjectId object, uint16_t request, uxrStreamId stream, ucdrBuffer *buffer,
                     uint16_t length, void *context);

#endif
