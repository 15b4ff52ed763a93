/* The bench app: obeys the mailbox, drives the middleware, records what it sees. Main context only. */
#ifndef BENCH_H
#define BENCH_H

#include "rig_mailbox.h"
#include "rig_middleware.h"

#define BENCH_READERS 8

/* Which of the last 32 samples a reader had: bit 0 is `newest`. */
typedef struct {
    uint32_t reader; /* session << 12 | id */
    uint32_t newest;
    uint32_t had;
} bench_reader_t;

/* The state that the parts of the bench share. */
typedef struct {
    rig_mailbox_t *mailbox;
    bool started;              /* the middleware runs */
    uint32_t delivered;        /* callbacks of the exchange under way */
    uint32_t damaged;
    uint32_t local;
    uint32_t expected;         /* callbacks that the whole exchange should make; 0: no exchange */
    uint32_t expected_length;
    uint32_t flags;            /* rig_exchange_flag */
    uint32_t next;             /* RIG_EXCHANGE_IN_ORDER: sequence number that is due */
    uint32_t misplaced;
    uint32_t surplus;          /* callbacks that brought a reader nothing new */
    uint32_t readers;          /* readers that should hear of a sample */
    uint32_t heard;            /* of `who` in use */
    bench_reader_t who[BENCH_READERS];
    uint32_t near;             /* sequence number around which short payloads are read */
    uint32_t hold_serial;
    uint32_t times[4];         /* loan_begin, loan_end, publish, published of the last sample */
    uint32_t own[2];           /* least, greatest ticks from published to the spin call, of this exchange */
    uint32_t returned[2];      /* ... from a publish call to the return of the first spin after it */
} bench_t;

extern bench_t bench;

void bench_run(int argc, char **argv);

/* One command; fills results, returns its status. */
int bench_command(uint32_t command, const uint32_t *arguments, uint32_t *results);

/* Starts the middleware anew with the arguments of RIG_CMD_START; stops it. */
int bench_start(const uint32_t *arguments, uint32_t *results, rig_mw_on_message_t on_message,
                rig_mw_on_service_t on_service);
void bench_stop(void);

/* The arguments of RIG_CMD_CREATE, and its texts: name NUL type NUL reply type NUL, within `bytes`. */
#define BENCH_CREATE_ARGUMENTS 11u
int bench_create(const uint32_t *arguments, const char *text, uint32_t bytes);

int bench_program(uint32_t words, uint32_t *results);
void bench_program_message(void *context, const rig_mw_message_t *message);
void bench_program_service(void *context, const rig_mw_service_message_t *message);

int bench_exchange(const uint32_t *arguments, uint32_t *results);
int bench_publish(const uint32_t *arguments);
int bench_preempt(const uint32_t *arguments, uint32_t *results);
int bench_service(const uint32_t *arguments, uint32_t *results);
void bench_on_service(void *context, const rig_mw_service_message_t *message);
void bench_on_message(void *context, const rig_mw_message_t *message);

/* Waits until the ring has room for `records`; false if the rig cancelled the command. */
bool bench_ring_wait(uint32_t records);
void bench_ring_put(const rig_record_t *record);
bool bench_cancelled(void);

#endif
