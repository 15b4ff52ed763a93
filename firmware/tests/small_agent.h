/*
 * A small Agent on the test link: acknowledges, asks again, answers CREATE (with OK, unless told otherwise), keeps the last sample.
 *
 * It loses messages in both directions and takes some late, as `agent_loss` says. It knows one Client.
 */
#ifndef SMALL_AGENT_H
#define SMALL_AGENT_H

#include <stdbool.h>
#include <stdint.h>

/* What came on the Client's reliable stream, in order. */
typedef struct {
    uint16_t expected;
    uint16_t last;
    uint32_t have; /* bit i: expected + i came */
    uint8_t stored[32][512];
    uint32_t stored_length[32];
    uint8_t sample[1 << 18];
    uint32_t sample_length;
    unsigned samples;
    unsigned cut;           /* fragmented submessages that ended too early */
    unsigned deletions;     /* DELETEs; they are not answered */
    uint8_t whole[1 << 18]; /* reassembled */
    uint32_t whole_length;
    bool mute;
    uint16_t remote; /* remote readers to tell a writer that is created */
    bool cooperative;
    uint8_t status; /* the answer to a CREATE; 0: OK */
} agent_in_t;

/* The Agent's own reliable stream. */
typedef struct {
    uint8_t message[256][512];
    uint32_t length[256];
    uint16_t next;
    uint16_t acked;
} agent_out_t;

extern uint32_t agent_seed;
extern unsigned agent_loss; /* per cent */
extern bool agent_echoes;   /* each sample comes back to reader 1, as from an Agent that knows no better */
extern bool agent_reads_late; /* echoes wait for agent_reads_on */
extern agent_in_t agent_in;
extern agent_out_t agent_out;

void agent_reset(void);
bool agent_lost(void);
/* What has waited is echoed now. */
void agent_reads_on(void);
/* Works on all that the Client sent. */
void agent_run(void);
void agent_heartbeat(void);
/* Says a submessage on the reliable stream. */
void agent_say(const uint8_t *submessage, uint32_t length);
/* A short sample for reader 1. */
void agent_send_sample(const uint8_t *sample, uint32_t length);
/* Agent and Client in turns until both have nothing to say, then 50 ms more. */
void agent_settle(void);

#endif
