/*
 * The mailbox: how the rig talks to the bench firmware, through the debug probe or a shared file.
 *
 * The rig finds this structure by its ELF symbol `rig_mailbox` (POSIX: it starts the shared file). The rig writes
 * a command, then `command_serial`; the firmware runs it and copies the serial to `reply_serial`. While a command
 * runs, the firmware appends records to the ring and the rig drains it: head belongs to the firmware, tail to the
 * rig. All fields are little-endian 32-bit words at fixed offsets, so the layout is the same for every compiler.
 * rig/bench/_layout.py mirrors it; a change of either raises RIG_MAILBOX_VERSION.
 */
#ifndef RIG_MAILBOX_H
#define RIG_MAILBOX_H

#include <stddef.h>
#include <stdint.h>

#define RIG_MAILBOX_MAGIC 0x42474952u /* "RIGB" */
#define RIG_MAILBOX_VERSION 8u
#define RIG_MAILBOX_ARGUMENTS 16
#define RIG_MAILBOX_RESULTS 24
#define RIG_MAILBOX_TEXT 256
#define RIG_CONTEXTS 3 /* the main one, and two that can interrupt it or run beside it */

#ifndef RIG_MAILBOX_RING
#define RIG_MAILBOX_RING 512 /* records; a power of two; a small board sets less */
#endif

#ifndef RIG_MAILBOX_PROGRAM
#define RIG_MAILBOX_PROGRAM 4096 /* words; a small board sets less */
#endif

enum rig_clock {
    RIG_CLOCK_DWT = 1,   /* CPU cycles */
    RIG_CLOCK_TIMER = 2, /* a hardware timer */
    RIG_CLOCK_HOST = 3   /* CLOCK_MONOTONIC, nanoseconds */
};

enum rig_command {
    RIG_CMD_NOP = 0,
    RIG_CMD_START = 1,         /* buffer_count, buffer_bytes (0: all there is), mtu, history, link 0|1, rig_start_for
                                  -> bytes per buffer, address of the pool, bytes of the pool */
    RIG_CMD_STOP = 2,
    RIG_CMD_SESSION_OPEN = 3,  /* client key, timeout ms -> session */
    RIG_CMD_SESSION_CLOSE = 4, /* session, timeout ms */
    RIG_CMD_CREATE = 5,        /* session, kind, form, mode, id, parent, topic, qos bits, depth, reliable stream,
                                  timeout ms; text: name NUL type NUL reply type NUL */
    RIG_CMD_DELETE = 6,        /* session, kind, id, timeout ms */
    RIG_CMD_READ = 7,          /* session, reader, then the fields of rig_mw_delivery_t */
    RIG_CMD_EXCHANGE = 8,      /* see rig_exchange_argument -> see rig_exchange_result */
    RIG_CMD_SPIN = 9,          /* timeout ms, until this many messages (0: once) -> messages delivered */
    RIG_CMD_STATISTICS = 10,   /* -> the words of rig_mw_statistics_t */
    RIG_CMD_COUNTERS = 11,     /* -> see rig_counter, since start */
    RIG_CMD_CLOCK = 12,        /* repeats -> least, greatest back-to-back ticks; least ticks from a callback's last
                                  reading to where it was called: what recording a delivery adds to the next one */
    RIG_CMD_STACK = 13,        /* 1: forget what was used -> bytes of stack reserved, ever used; most bytes of heap */
    RIG_CMD_SERVICE = 14,      /* requests and their replies, see rig_service_argument -> see rig_service_result;
                                  every replier of the bench answers each request with the request's own bytes */
    RIG_CMD_PREEMPT = 15,      /* other contexts publish while the main one publishes and spins, after a START for it;
                                  see rig_preempt_argument -> see rig_preempt_result */
    RIG_CMD_CONFIGURATION = 16, /* -> text: what rig_mw_configuration says; rig_mw_ram_bytes */
    RIG_CMD_PUBLISH = 17,       /* session, writer, length, sequence number: one sample, and no spin after it */
    RIG_CMD_PROGRAM = 18,       /* words of the program area, 0|1 end at the first entity that cannot be made -> last
                                   step; what they did stands in the ring */
    RIG_CMD_WAKE = 19           /* another context publishes into a spin that sleeps, after a START for RIG_CMD_PREEMPT;
                                   see rig_wake_argument -> see rig_wake_result */
};

/* Who gets the callbacks: argument RIG_START_FOR of RIG_CMD_START. */
#define RIG_START_FOR 5
enum rig_start_for { RIG_FOR_EXCHANGE = 0, RIG_FOR_PREEMPT = 1 };

/* In which call of the middleware a context is: the low byte of its word in `doing`; above it the calls so far. */
enum rig_doing {
    RIG_DOING_NOTHING = 0,
    RIG_DOING_LOAN = 1,
    RIG_DOING_PUBLISH = 2,
    RIG_DOING_SPIN = 3,
    RIG_DOING_CANCEL = 4,
    RIG_DOING_CREATE = 5,
    RIG_DOING_DELETE = 6
};

/*
 * A program is a list of steps in the program area, run without a round trip a step. A step is a word
 * `rig_step | words of its arguments << 8`, then its arguments. Ids of a service's end are `kind << 12 | id`.
 * Every call leaves one record, and so does every callback.
 */
enum rig_step {
    RIG_STEP_START = 1,       /* buffer count, bytes of the pool (0: all), mtu, history, link 0|1 */
    RIG_STEP_STOP = 2,
    RIG_STEP_OPEN = 3,        /* client key, timeout ms */
    RIG_STEP_CLOSE = 4,       /* session, timeout ms */
    RIG_STEP_CREATE = 5,      /* the arguments of RIG_CMD_CREATE; then the text, its end padded with NULs */
    RIG_STEP_DELETE = 6,      /* session, kind, id, timeout ms */
    RIG_STEP_READ = 7,        /* session, reader, samples: ask the Agent */
    RIG_STEP_LOAN = 8,        /* session, end, length, sequence number: lend a place and write the payload */
    RIG_STEP_SEND = 9,        /* session, end: publish the loan, or send it as a request */
    RIG_STEP_CANCEL = 10,     /* session, end */
    RIG_STEP_PUBLISH = 11,    /* session, end, length, first sequence number, count: loan and send, count times */
    RIG_STEP_REPLY = 12,      /* count: answer the oldest requests that were kept */
    RIG_STEP_KEEP = 13,       /* 0: repliers answer in their callback; 1: requests are kept for RIG_STEP_REPLY */
    RIG_STEP_SPIN = 14,       /* timeout ms, count */
    RIG_STEP_STATISTICS = 15,
    RIG_STEP_IN_CALLBACK = 16, /* n, words: the steps in the words that follow run inside the n-th callback from now */
    RIG_STEP_ELSEWHERE = 17,  /* delay ms, words: the publishing steps that follow run in another context, an interrupt
                                 or a thread, from `delay` on, while this one goes on */
    RIG_STEP_JOIN = 18,       /* timeout ms: until the other context is through */
    RIG_STEP_REPEAT = 19,     /* n, words: the steps that follow, n times, with sequence numbers that go on; only what
                                 fails leaves records, then one record sums up */
    RIG_STEP_LINK = 20,       /* rig_link_state: what becomes from now on of what is written to the link, and comes */
    RIG_STEP_HOST = 21        /* the firmware holds after its record: what the step is, is for the rig to do */
};

/* RIG_STEP_START makes it whole again. */
enum rig_link_state {
    RIG_LINK_WHOLE = 0,
    RIG_LINK_SILENT = 1, /* what is written is lost, and nothing comes */
    RIG_LINK_LOSSY = 2   /* every third message is lost, either way; of a byte stream, every third piece */
};

enum rig_preempt_argument {
    RIG_PREEMPT_SESSION = 0,
    RIG_PREEMPT_WRITER = 1,     /* of the main context; the others have the ids that follow */
    RIG_PREEMPT_COUNT = 2,      /* samples of each context */
    RIG_PREEMPT_LENGTH = 3,     /* payload bytes, at least 4 */
    RIG_PREEMPT_DEADLINE_MS = 4,
    RIG_PREEMPT_FIRST = 5,      /* sequence number of the main context's first sample; the others' are 1 << 24 apart */
    RIG_PREEMPT_READERS = 6,    /* readers of each sample, with ids from 1 on; at most 2 */
    RIG_PREEMPT_CONTEXTS = 7,   /* that publish, the main one among them: at most RIG_CONTEXTS */
    RIG_PREEMPT_TURNS = 8,      /* 1: all in the main context, one after the other */
    RIG_PREEMPT_GUEST = 9       /* 0, or id of one more reader, which the main context creates and deletes meanwhile */
};

enum rig_preempt_result {
    RIG_PREEMPTED_ACCEPTED = 0,
    RIG_PREEMPTED_FULL = 1,      /* calls that found no buffer; their sample was tried again */
    RIG_PREEMPTED_DELIVERED = 2,
    RIG_PREEMPTED_DAMAGED = 3,
    RIG_PREEMPTED_MISPLACED = 4, /* not the successor of the one before, of the same writer at the same reader */
    RIG_PREEMPTED_STATUS = 5,    /* first other error of a loan or publish call */
    RIG_PREEMPTED_INSIDE = 6,    /* samples published while another context was in a call of the middleware */
    RIG_PREEMPTED_DEPTH = 7,     /* greatest depth of the lock in a callback, of the callback's own context */
    RIG_PREEMPTED_HELD_OFF = 8   /* longest ticks that another context had to wait for the lock */
};

enum rig_wake_argument {
    RIG_WAKE_SESSION = 0,
    RIG_WAKE_WRITER = 1,     /* of the main context; the others have the ids that follow */
    RIG_WAKE_CONTEXT = 2,    /* 1 or 2: who publishes */
    RIG_WAKE_LENGTH = 3,     /* payload bytes, at least 4 */
    RIG_WAKE_TRIES = 4,      /* spins; the sample comes at another moment of each */
    RIG_WAKE_TIMEOUT_MS = 5, /* of each spin */
    RIG_WAKE_FIRST = 6,      /* sequence number of the main context's first sample */
    RIG_WAKE_LATE = 7        /* ticks from the publisher's loan to the callback that count as late */
};

enum rig_wake_result {
    RIG_WOKEN_TRIED = 0,
    RIG_WOKEN_ACCEPTED = 1,
    RIG_WOKEN_DELIVERED = 2,  /* whole and in order */
    RIG_WOKEN_MISSED = 3,     /* spins that had lasted for half their time-out or more; the second one is the last */
    RIG_WOKEN_INSIDE = 4,     /* samples published while the spin was under way */
    RIG_WOKEN_LONGEST = 5,    /* ticks from the publisher's loan to the callback, of those in time */
    RIG_WOKEN_LONGEST_MS = 6, /* of all spins */
    RIG_WOKEN_STATUS = 7,     /* first error of a loan or publish call */
    RIG_WOKEN_LATE = 8        /* samples published while the spin was under way that were late, and came in time */
};

enum rig_service_argument {
    RIG_SERVICE_SESSION = 0,
    RIG_SERVICE_REQUESTER = 1,
    RIG_SERVICE_COUNT = 2,       /* requests; 0: only spin and answer what comes, until the deadline */
    RIG_SERVICE_LENGTH = 3,      /* payload bytes */
    RIG_SERVICE_OUTSTANDING = 4, /* requests between two spins, at most RIG_SERVICE_MOST */
    RIG_SERVICE_SPIN_MS = 5,
    RIG_SERVICE_DEADLINE_MS = 6, /* how long to wait for the replies to a round of requests */
    RIG_SERVICE_FIRST = 7        /* sequence number of the first request's payload */
};

#define RIG_SERVICE_MOST 32

enum rig_service_result {
    RIG_SERVED_ASKED = 0,    /* requests sent */
    RIG_SERVED_REFUSED = 1,  /* requests that were refused */
    RIG_SERVED_HEARD = 2,    /* requests that repliers of the bench got */
    RIG_SERVED_ANSWERED = 3, /* replies they sent */
    RIG_SERVED_REPLIED = 4,  /* replies that came to the requester, each once and with what was asked */
    RIG_SERVED_WRONG = 5,    /* replies with an unknown request id, twice, or with other bytes */
    RIG_SERVED_LOCAL = 6,    /* good replies that came by shared memory */
    RIG_SERVED_STATUS = 7    /* first error of a loan, request or reply; 0 if none */
};

enum rig_exchange_argument {
    RIG_EXCHANGE_SESSION = 0,
    RIG_EXCHANGE_WRITER = 1,
    RIG_EXCHANGE_COUNT = 2,        /* samples to publish */
    RIG_EXCHANGE_LENGTH = 3,       /* payload bytes */
    RIG_EXCHANGE_BURST = 4,        /* publish calls between two spins */
    RIG_EXCHANGE_EXPECTED = 5,     /* deliveries expected per sample */
    RIG_EXCHANGE_SPIN_MS = 6,      /* time-out handed to each spin */
    RIG_EXCHANGE_DEADLINE_MS = 7,  /* how long to wait for a burst's deliveries */
    RIG_EXCHANGE_FIRST = 8,        /* sequence number of the first sample */
    RIG_EXCHANGE_FLAGS = 9         /* rig_exchange_flag */
};

enum rig_exchange_flag {
    RIG_EXCHANGE_HOLD = 1 << 0,     /* stop in the very last expected callback until the rig lets go */
    RIG_EXCHANGE_NO_RECORD = 1 << 1, /* count only: nothing goes into the ring but failures */
    RIG_EXCHANGE_QUIET = 1 << 2      /* no link interrupt from the first loan of a burst to the end of the first spin */
};

enum rig_exchange_result {
    RIG_EXCHANGED_ACCEPTED = 0,  /* publish calls that returned success */
    RIG_EXCHANGED_REFUSED = 1,   /* publish or loan calls that returned an error */
    RIG_EXCHANGED_DELIVERED = 2, /* callbacks */
    RIG_EXCHANGED_DAMAGED = 3,   /* callbacks with a wrong length or content */
    RIG_EXCHANGED_STATUS = 4,    /* first error of a loan or publish call, 0 if none */
    RIG_EXCHANGED_LOCAL = 5,     /* callbacks that came by shared memory */
    RIG_EXCHANGED_COUNTERS = 6,  /* then rig_counter_count words: what this exchange alone added */
    RIG_EXCHANGED_OWN = 17,      /* least and greatest ticks of the bench's own work between a publish call's return
                                    and the spin call; both 0 if nothing was published */
    RIG_EXCHANGED_SURPLUS = 19,  /* RIG_EXCHANGE_NO_RECORD: intact callbacks that are a sample's second for one reader,
                                    or for a reader beyond those expected */
    RIG_EXCHANGED_RETURNED = 20  /* least and greatest ticks from a burst's last publish call to the return of the first
                                    spin after it, whatever its callbacks took; both 0 if nothing was published */
};

enum rig_counter {
    RIG_COUNT_COPY_CALLS = 0, /* memcpy and memmove calls of the middleware */
    RIG_COUNT_COPY_BYTES = 1, /* ... and payload loops of its framing */
    RIG_COUNT_SET_CALLS = 2,  /* memset calls */
    RIG_COUNT_WRITES = 3,     /* transport write calls */
    RIG_COUNT_WRITE_BYTES = 4,
    RIG_COUNT_READS = 5,      /* transport read calls that brought something */
    RIG_COUNT_READ_BYTES = 6,
    RIG_COUNT_LOCKS = 7,      /* lock/unlock pairs */
    RIG_COUNT_WAITS = 8,      /* sleeps and wake-ups asked of the OS or the port */
    RIG_COUNT_ALLOCATIONS = 9,
    RIG_COUNT_POLLS = 10,     /* transport read calls that brought nothing: how often depends on how long one waits */
    RIG_COUNTERS = 11
};

enum rig_record_kind {
    RIG_RECORD_DELIVERED = 1,
    RIG_RECORD_REFUSED = 2, /* a loan or publish call failed; `status` says how */
    RIG_RECORD_CALL = 3,    /* a step of a program, see rig_call_t */
    RIG_RECORD_SERVED = 4   /* a callback of a service: `status` is the request's id, 0 for a request that came */
};

enum rig_record_flag {
    RIG_RECORD_INTACT = 1 << 0, /* length and every byte are what was published */
    RIG_RECORD_LOCAL = 1 << 1   /* by shared memory */
};

/* One delivery. Times are raw ticks of the one clock; the rig converts each difference by itself. */
typedef struct {
    uint8_t kind;
    uint8_t flags;
    uint16_t reader;      /* index of its session << 12 | id */
    uint32_t sequence;    /* as read from the payload */
    uint32_t length;      /* as handed to the callback */
    uint32_t address;     /* of the payload; POSIX: offset in the shared file; top bit set: outside it */
    int32_t status;       /* refused: the error; damaged: index of the first wrong byte */
    uint32_t loan_begin;  /* the publisher asks for a place */
    uint32_t loan_end;    /* it has it, and writes its payload now */
    uint32_t publish;     /* payload written; publish is called */
    uint32_t enter;       /* callback entered */
    uint32_t leave;       /* callback left */
} rig_record_t;

/* Where a step ran. */
enum rig_context { RIG_CONTEXT_MAIN = 0, RIG_CONTEXT_CALLBACK = 1, RIG_CONTEXT_OTHER = 2 };

/* One call of a program, as long as a delivery. In a program, `loan_begin` of a delivery is the step under way. */
typedef struct {
    uint8_t kind;          /* RIG_RECORD_CALL */
    uint8_t step;          /* rig_step */
    uint16_t context;      /* rig_context */
    uint32_t sequence;     /* of the sample; RIG_STEP_REPEAT: callbacks that came */
    uint32_t length;       /* of the sample, bytes; RIG_STEP_SPIN: milliseconds it took, without its callbacks */
    uint32_t address;      /* the loaned place; RIG_STEP_REPEAT: callbacks with a wrong payload */
    int32_t status;        /* what the call returned */
    uint32_t number;       /* of the step: the index of its first word in the program */
    uint32_t value[4];     /* RIG_STEP_START: bytes a buffer, address and bytes of the pool;
                              RIG_STEP_STATISTICS: buffers free, entities, lost, callbacks by shared memory;
                              RIG_STEP_REPEAT: calls accepted, calls refused, callbacks out of order, replies
                              with another request id or requests with none, first error;
                              else [0] ticks when called, [1] ticks when it returned */
} rig_call_t;

typedef struct {
    uint32_t magic;            /* written last when the firmware is up */
    uint32_t version;
    uint32_t bytes;            /* of this structure, ring included */
    uint32_t boot_serial;      /* differs from boot to boot where RAM survives */
    uint32_t clock;            /* rig_clock */
    uint32_t clock_hz;
    uint32_t capabilities;     /* rig_mw_capability bits */
    uint32_t memory_bytes;     /* largest pool that START can give */
    char middleware[24];
    char middleware_version[24];
    char compiler[40];
    char os[16];               /* below the bench: "none", or its name in lower case */
    char os_version[24];
    char variant[8];           /* shm or network, as this image was built */
    uint32_t heartbeat;        /* counts loops of the main context, and rounds of RIG_STEP_REPEAT */
    uint32_t hold;             /* serial of the hold the firmware stands in; 0: none */
    uint32_t hold_release;     /* rig: the serial it lets go */
    uint32_t cancel;           /* rig: nonzero ends the running command */
    uint32_t command_serial;   /* rig */
    uint32_t command;          /* rig */
    uint32_t arguments[RIG_MAILBOX_ARGUMENTS]; /* rig */
    uint32_t reply_serial;
    int32_t status;            /* rig_mw_error of the command */
    uint32_t results[RIG_MAILBOX_RESULTS];
    char text[RIG_MAILBOX_TEXT]; /* rig; CONFIGURATION: the firmware */
    uint32_t ring_records;     /* capacity */
    uint32_t record_bytes;
    uint32_t head;             /* records ever written */
    uint32_t tail;             /* rig: records ever read */
    uint32_t program_words;    /* capacity */
    uint32_t doing[RIG_CONTEXTS]; /* rig_doing of each context | calls so far << 8; RIG_CMD_PREEMPT and RIG_CMD_WAKE */
    rig_record_t ring[RIG_MAILBOX_RING];
    uint32_t program[RIG_MAILBOX_PROGRAM]; /* rig */
} rig_mailbox_t;

/* C99 has no static assertion: an array of negative size stops the compiler. */
#define RIG_LAYOUT(name, condition) typedef char rig_layout_##name[(condition) ? 1 : -1]
RIG_LAYOUT(record, sizeof(rig_record_t) == 40);
RIG_LAYOUT(middleware, offsetof(rig_mailbox_t, middleware) == 32);
RIG_LAYOUT(heartbeat, offsetof(rig_mailbox_t, heartbeat) == 168);
RIG_LAYOUT(arguments, offsetof(rig_mailbox_t, arguments) == 192);
RIG_LAYOUT(results, offsetof(rig_mailbox_t, results) == 264);
RIG_LAYOUT(text, offsetof(rig_mailbox_t, text) == 360);
RIG_LAYOUT(call, sizeof(rig_call_t) == sizeof(rig_record_t));
RIG_LAYOUT(ring, offsetof(rig_mailbox_t, ring) == 648);
RIG_LAYOUT(ring_power, (RIG_MAILBOX_RING & (RIG_MAILBOX_RING - 1)) == 0);

#endif
