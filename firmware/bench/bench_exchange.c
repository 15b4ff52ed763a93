#include "bench_exchange.h"

#include "bench_counters.h"
#include "bench_mailbox.h"
#include "bench_middleware.h"
#include "bench_payload.h"
#include "bench_ring.h"
#include "rig_port.h"
#include "rig_port_clock.h"

#define READERS 8
#define UNCONFIRMED 16u /* failures of a publish that waits for its Agent, until an exchange is given up: each lasts */

/* Which of the last 32 samples a reader had: bit 0 is `newest`. */
typedef struct {
    uint32_t reader; /* session << 12 | id */
    uint32_t newest;
    uint32_t had;
} reader_t;

/* The exchange under way. */
static struct {
    uint32_t delivered;        /* callbacks so far */
    uint32_t damaged;
    uint32_t local;
    uint32_t expected;         /* callbacks that the whole exchange should make; 0: no exchange */
    uint32_t expected_length;
    uint32_t flags;            /* rig_exchange_flag */
    uint32_t surplus;          /* callbacks that brought a reader nothing new */
    uint32_t readers;          /* readers that should hear of a sample */
    uint32_t heard;            /* of `who` in use */
    reader_t who[READERS];
    uint32_t near;             /* sequence number around which short payloads are read */
    uint32_t times[4];         /* loan_begin, loan_end, publish, published of the last sample */
    uint32_t own[2];           /* least, greatest ticks from published to the spin call */
    uint32_t returned[2];      /* ... from a publish call to the return of the first spin after it */
} now;

/* Publishes one sample. Failures are recorded; what happens to them is the publisher's business, not ours. */
static int publish_one(uint8_t session, uint16_t writer, uint32_t length, uint32_t sequence)
{
    uint8_t *place = NULL;
    int status;

    now.times[0] = rig_port_clock();
    status = rig_mw_loan(session, writer, length, &place);
    now.times[1] = rig_port_clock();
    if (status == RIG_MW_OK) {
        bench_payload_write(place, length, sequence);
        now.times[2] = rig_port_clock();
        status = rig_mw_publish(session, writer);
        now.times[3] = rig_port_clock();
        if (status != RIG_MW_OK) {
            (void)rig_mw_loan_cancel(session, writer);
        }
    }
    if (status != RIG_MW_OK) {
        rig_record_t record = {0};

        record.kind = RIG_RECORD_REFUSED;
        record.sequence = sequence;
        record.length = length;
        record.status = status;
        bench_ring_put(&record);
    }
    return status;
}

int bench_publish(const uint32_t *arguments)
{
    if (arguments[2] == 0u) {
        return RIG_MW_ERR_ARGUMENT;
    }
    now.expected = 0;
    now.flags = 0;
    now.near = arguments[3];
    return bench_ring_wait(1) ? publish_one((uint8_t)arguments[0], (uint16_t)arguments[1], arguments[2], arguments[3])
                              : RIG_MW_ERR_TIMEOUT;
}

/* Least and greatest of what was read off so far; both 0 at the start. */
static void note(uint32_t range[2], uint32_t ticks)
{
    range[0] = ticks < range[0] || range[1] == 0u ? ticks : range[0];
    range[1] = ticks > range[1] ? ticks : range[1];
}

/* Spins until `target` callbacks were made, the deadline passes, or the rig cancels. The first spin comes before
 * anything else: it is part of what is measured, and our own book-keeping is not. */
static void collect(uint32_t target, uint32_t spin_ms, uint32_t deadline_ms, bool published)
{
    uint32_t begin;
    uint32_t spin_called = rig_port_clock();

    (void)rig_mw_spin(spin_ms);
    if (published) {
        /* First, so that nothing stands between the reading above and the call; what it takes itself is a few ticks. */
        note(now.returned, rig_port_clock() - now.times[2]);
        /* What the bench itself did between publishing and spinning stands in every latency. */
        note(now.own, spin_called - now.times[3]);
    }
    if ((now.flags & RIG_EXCHANGE_QUIET) != 0u) {
        rig_port_link_quiet(false);
    }
    begin = rig_port_millis();
    while (now.delivered < target && !bench_cancelled() && rig_port_millis() - begin < deadline_ms) {
        (void)rig_mw_spin(spin_ms);
    }
}

int bench_exchange(const uint32_t *arguments, uint32_t *results)
{
    uint8_t session = (uint8_t)arguments[RIG_EXCHANGE_SESSION];
    uint16_t writer = (uint16_t)arguments[RIG_EXCHANGE_WRITER];
    uint32_t count = arguments[RIG_EXCHANGE_COUNT];
    uint32_t length = arguments[RIG_EXCHANGE_LENGTH];
    uint32_t burst = arguments[RIG_EXCHANGE_BURST];
    uint32_t readers = arguments[RIG_EXCHANGE_EXPECTED];
    uint32_t first = arguments[RIG_EXCHANGE_FIRST];
    uint32_t spin_ms = arguments[RIG_EXCHANGE_SPIN_MS];
    uint32_t deadline_ms = arguments[RIG_EXCHANGE_DEADLINE_MS];
    uint32_t before[RIG_COUNTERS];
    uint32_t accepted = 0;
    uint32_t refused = 0;
    uint32_t unconfirmed = 0;
    bool waits = (rig_mw_capabilities() & RIG_MW_CAP_CONFIRMED) != 0u;
    int first_error = 0;
    int status = RIG_MW_OK;

    if (!bench_started()) {
        return RIG_MW_ERR_STATE;
    }
    if (burst == 0u || length == 0u) {
        return RIG_MW_ERR_ARGUMENT;
    }
    now.delivered = 0;
    now.damaged = 0;
    now.local = 0;
    now.surplus = 0;
    now.readers = readers;
    now.heard = 0;
    now.expected = count * readers;
    now.expected_length = length;
    now.flags = arguments[RIG_EXCHANGE_FLAGS];
    if (waits) {
        now.flags &= ~(uint32_t)RIG_EXCHANGE_QUIET; /* held back, publish would wait in vain */
    }
    now.own[0] = now.own[1] = 0;
    now.returned[0] = now.returned[1] = 0;
    for (int i = 0; i < RIG_COUNTERS; i++) {
        before[i] = bench_counters[i];
    }

    for (uint32_t sent = 0; sent < count && unconfirmed < UNCONFIRMED && !bench_cancelled();) {
        uint32_t round = burst < count - sent ? burst : count - sent;

        if (!bench_ring_wait(round * (readers + 1u))) {
            break;
        }
        now.near = first + sent;
        if ((now.flags & RIG_EXCHANGE_QUIET) != 0u) {
            rig_port_link_quiet(true);
        }
        for (uint32_t i = 0; i < round; i++, sent++) {
            status = publish_one(session, writer, length, first + sent);
            accepted += status == RIG_MW_OK;
            refused += status != RIG_MW_OK;
            unconfirmed += waits && status != RIG_MW_OK;
            if (status != RIG_MW_OK && first_error == 0) {
                first_error = status;
                now.flags &= ~(uint32_t)RIG_EXCHANGE_HOLD; /* its last callback will not come */
            }
        }
        collect(accepted * readers, spin_ms, deadline_ms, status == RIG_MW_OK);
        if (now.delivered < accepted * readers) {
            break; /* one is missing: every later wait would last to its deadline too */
        }
    }

    now.expected = 0;
    results[RIG_EXCHANGED_ACCEPTED] = accepted;
    results[RIG_EXCHANGED_REFUSED] = refused;
    results[RIG_EXCHANGED_DELIVERED] = now.delivered;
    results[RIG_EXCHANGED_DAMAGED] = now.damaged;
    results[RIG_EXCHANGED_STATUS] = (uint32_t)first_error;
    results[RIG_EXCHANGED_LOCAL] = now.local;
    results[RIG_EXCHANGED_SURPLUS] = now.surplus;
    results[RIG_EXCHANGED_OWN] = now.own[0];
    results[RIG_EXCHANGED_OWN + 1] = now.own[1];
    results[RIG_EXCHANGED_RETURNED] = now.returned[0];
    results[RIG_EXCHANGED_RETURNED + 1] = now.returned[1];
    for (int i = 0; i < RIG_COUNTERS; i++) {
        results[RIG_EXCHANGED_COUNTERS + i] = bench_counters[i] - before[i];
    }
    return RIG_MW_OK;
}

/* Whether this is the first time that one of the expected readers hears of a sample. A sample that is 32 behind the
 * newest counts as heard. */
static bool is_news(uint32_t reader, uint32_t sequence)
{
    reader_t *it = now.who;
    reader_t *end = &now.who[now.heard];
    uint32_t behind;

    while (it != end && it->reader != reader) {
        it++;
    }
    if (it == end) {
        if (now.heard == now.readers || now.heard == READERS) {
            return false;
        }
        now.heard++;
        it->reader = reader;
        it->newest = sequence;
        it->had = 1u;
        return true;
    }
    behind = it->newest - sequence;
    if ((int32_t)behind < 0) {
        uint32_t ahead = sequence - it->newest;

        it->had = (ahead < 32u ? it->had << ahead : 0u) | 1u;
        it->newest = sequence;
        return true;
    }
    if (behind >= 32u || (it->had >> behind & 1u) != 0u) {
        return false;
    }
    it->had |= 1u << behind;
    return true;
}

void bench_on_message(void *context, const rig_mw_message_t *message)
{
    rig_record_t record;

    record.enter = rig_port_clock();
    (void)context;
    record.kind = RIG_RECORD_DELIVERED;
    record.reader = (uint16_t)((uint32_t)message->session << 12 | message->reader);
    record.length = message->length;
    record.address = rig_port_address(message->data);
    record.sequence = bench_payload_sequence(message->data, message->length, now.near);
    record.status = bench_payload_check(message->data, message->length, record.sequence);
    record.flags = message->local ? RIG_RECORD_LOCAL : 0u;
    if (record.status < 0 && (now.expected == 0u || message->length == now.expected_length)) {
        record.flags |= RIG_RECORD_INTACT;
        record.status = 0;
    } else {
        now.damaged++;
    }
    if ((now.flags & RIG_EXCHANGE_NO_RECORD) != 0u && (record.flags & RIG_RECORD_INTACT) != 0u) {
        now.surplus += is_news(record.reader, record.sequence) ? 0u : 1u; /* where records go, the rig counts */
    }
    record.loan_begin = now.times[0];
    record.loan_end = now.times[1];
    record.publish = now.times[2];
    now.delivered++;
    now.local += message->local ? 1u : 0u;
    if ((now.flags & RIG_EXCHANGE_HOLD) != 0u && now.delivered == now.expected) {
        bench_hold(); /* all buffers in place, while the rig looks at RAM */
    }
    if ((now.flags & RIG_EXCHANGE_NO_RECORD) == 0u || (record.flags & RIG_RECORD_INTACT) == 0u) {
        rig_mailbox_t *mailbox = bench_mailbox;
        rig_record_t *slot = &mailbox->ring[mailbox->head & (RIG_MAILBOX_RING - 1u)];

        *slot = record;
        slot->leave = rig_port_clock();
        rig_port_barrier();
        *(volatile uint32_t *)&mailbox->head = mailbox->head + 1u;
    }
}

uint32_t bench_exchange_recording(uint32_t repeats)
{
    void (*volatile callback)(void *, const rig_mw_message_t *) = bench_on_message;
    rig_mw_message_t message = {0};
    uint8_t payload[4];
    uint32_t least = UINT32_MAX;

    bench_payload_write(payload, sizeof(payload), 1);
    message.data = payload;
    message.length = sizeof(payload);
    now.expected = 0;
    now.flags = 0;
    for (uint32_t i = 0; i < repeats && bench_ring_wait(1); i++) {
        uint32_t ticks;

        callback(NULL, &message);
        ticks = rig_port_clock() - bench_ring_last()->leave;
        least = ticks < least ? ticks : least;
    }
    return least;
}
