/* A client on the host for the tests: storage, a clock that the test moves, a link in RAM. */
#ifndef TEST_RIG_H
#define TEST_RIG_H

#include "xrce_client.h"

#define RIG_ENTITIES 64
#define RIG_PAIRS 64
#define RIG_NAMES 16
#define RIG_LOG 256

/* What the callbacks saw. */
typedef struct {
    const uint8_t *data;
    uint32_t length;
    uint32_t first; /* first four bytes, little-endian */
    uint16_t reader;
    uint8_t session;
    bool local;
    uint8_t kind;         /* 0: a sample; else of the requester or replier */
    uint16_t request;
    uint8_t identity[XRCE_IDENTITY_BYTES];
} seen_t;

extern xrce_client_t rig_client;
extern seen_t rig_seen[RIG_LOG];
extern unsigned rig_seen_count;
extern uint32_t rig_now;
extern unsigned rig_locks; /* lock calls so far */
extern int rig_lock_depth;
extern unsigned rig_wakes;
/* Called when the client waits and nothing has come, if set: the peer's turn. */
extern void (*rig_idle)(void);
/* An interrupt: called once, before the lock is taken, or after it was given back, for the rig_interrupt_in-th time. */
extern void (*rig_interrupt)(void);
extern unsigned rig_interrupt_in;
/* Called in each callback after it was recorded, if set. */
extern void (*rig_in_callback)(const xrce_sample_t *sample);
extern void (*rig_in_service)(const xrce_service_sample_t *sample);

/* Messages that the client sent, oldest first; the link returns what `rig_answer` puts in. */
void rig_answer(const uint8_t *bytes, uint32_t length);
/* Takes the oldest sent message; 0 when there is none. */
uint32_t rig_sent(uint8_t *bytes, uint32_t capacity);
void rig_link_clear(void);
extern bool rig_link_broken; /* writes fail */

extern uint8_t rig_sessions; /* that rig_start makes room for, 1 or 2; with 2 every header carries a key */
void rig_start(bool link, uint32_t buffers, uint32_t buffer_bytes);
void rig_start_history(bool link, uint32_t buffers, uint32_t buffer_bytes, uint16_t mtu, uint16_t history);

extern uint8_t rig_mode; /* XRCE_REUSE, XRCE_REPLACE of what follows */
int rig_entity(uint8_t session, uint8_t kind, uint16_t id, uint16_t parent, uint16_t topic, const char *name,
               const char *type, uint8_t qos, uint16_t depth);
/* Participant 1, topic 1, publisher 1, subscriber 1. */
void rig_world(uint8_t session);
/* Requester or replier on service "svc". */
int rig_service(uint8_t session, uint8_t kind, uint16_t id);
int rig_request(uint8_t session, uint16_t requester, uint32_t value, uint32_t length);
int rig_reply(uint8_t session, uint16_t replier, const uint8_t *identity, uint32_t value, uint32_t length);
int rig_publish(uint8_t session, uint16_t writer, uint32_t value, uint32_t length);

#endif
