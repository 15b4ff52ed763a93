#include <string.h>

#include "bench.h"
#include "bench_counters.h"
#include "bench_payload.h"
#include "rig_port.h"
#include "rig_port_clock.h"

/* Publishes one sample. Failures are recorded; what happens to them is the publisher's business, not ours. */
static int publish_one(uint8_t session, uint16_t writer, uint32_t length, uint32_t sequence)
{
    uint8_t *place = NULL;
    int status;

    bench.times[0] = rig_port_clock();
    status = rig_mw_loan(session, writer, length, &place);
    bench.times[1] = rig_port_clock();
    if (status == RIG_MW_OK) {
        bench_payload_write(place, length, sequence);
        bench.times[2] = rig_port_clock();
        status = rig_mw_publish(session, writer);
        bench.times[3] = rig_port_clock();
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
    bench.expected = 0;
    bench.flags = 0;
    bench.near = arguments[3];
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
        note(bench.returned, rig_port_clock() - bench.times[2]);
        /* What the bench itself did between publishing and spinning stands in every latency. */
        note(bench.own, spin_called - bench.times[3]);
    }
    if ((bench.flags & RIG_EXCHANGE_QUIET) != 0u) {
        rig_port_link_quiet(false);
    }
    begin = rig_port_millis();
    while (bench.delivered < target && !bench_cancelled() && rig_port_millis() - begin < deadline_ms) {
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
    int first_error = 0;
    int status = RIG_MW_OK;

    if (!bench.started) {
        return RIG_MW_ERR_STATE;
    }
    if (burst == 0u || length == 0u) {
        return RIG_MW_ERR_ARGUMENT;
    }
    bench.delivered = 0;
    bench.damaged = 0;
    bench.local = 0;
    bench.surplus = 0;
    bench.readers = readers;
    bench.heard = 0;
    bench.expected = count * readers;
    bench.expected_length = length;
    bench.flags = arguments[RIG_EXCHANGE_FLAGS];
    bench.own[0] = bench.own[1] = 0;
    bench.returned[0] = bench.returned[1] = 0;
    for (int i = 0; i < RIG_COUNTERS; i++) {
        before[i] = bench_counters[i];
    }

    for (uint32_t sent = 0; sent < count && !bench_cancelled();) {
        uint32_t now = burst < count - sent ? burst : count - sent;

        if (!bench_ring_wait(now * (readers + 1u))) {
            break;
        }
        bench.near = first + sent;
        if ((bench.flags & RIG_EXCHANGE_QUIET) != 0u) {
            rig_port_link_quiet(true);
        }
        for (uint32_t i = 0; i < now; i++, sent++) {
            status = publish_one(session, writer, length, first + sent);
            accepted += status == RIG_MW_OK;
            refused += status != RIG_MW_OK;
            if (status != RIG_MW_OK && first_error == 0) {
                first_error = status;
                bench.flags &= ~(uint32_t)RIG_EXCHANGE_HOLD; /* its last callback will not come */
            }
        }
        collect(accepted * readers, spin_ms, deadline_ms, status == RIG_MW_OK);
        if (bench.delivered < accepted * readers) {
            break; /* one is missing: every later wait would last to its deadline too */
        }
    }

    bench.expected = 0;
    results[RIG_EXCHANGED_ACCEPTED] = accepted;
    results[RIG_EXCHANGED_REFUSED] = refused;
    results[RIG_EXCHANGED_DELIVERED] = bench.delivered;
    results[RIG_EXCHANGED_DAMAGED] = bench.damaged;
    results[RIG_EXCHANGED_STATUS] = (uint32_t)first_error;
    results[RIG_EXCHANGED_LOCAL] = bench.local;
    results[RIG_EXCHANGED_SURPLUS] = bench.surplus;
    results[RIG_EXCHANGED_OWN] = bench.own[0];
    results[RIG_EXCHANGED_OWN + 1] = bench.own[1];
    results[RIG_EXCHANGED_RETURNED] = bench.returned[0];
    results[RIG_EXCHANGED_RETURNED + 1] = bench.returned[1];
    for (int i = 0; i < RIG_COUNTERS; i++) {
        results[RIG_EXCHANGED_COUNTERS + i] = bench_counters[i] - before[i];
    }
    return RIG_MW_OK;
}

/* Stands still, all buffers in place, while the rig looks at RAM. */
static void hold(void)
{
    rig_mailbox_t *mailbox = bench.mailbox;

    bench.hold_serial++;
    rig_port_barrier();
    *(volatile uint32_t *)&mailbox->hold = bench.hold_serial;
    while (*(volatile uint32_t *)&mailbox->hold_release != bench.hold_serial && !bench_cancelled()) {
        rig_port_idle(1);
    }
    *(volatile uint32_t *)&mailbox->hold = 0;
}

/* Whether this is the first time that one of the expected readers hears of a sample. A sample that is 32 behind the
 * newest counts as heard. */
static bool is_news(uint32_t reader, uint32_t sequence)
{
    bench_reader_t *it = bench.who;
    bench_reader_t *end = &bench.who[bench.heard];
    uint32_t behind;

    while (it != end && it->reader != reader) {
        it++;
    }
    if (it == end) {
        if (bench.heard == bench.readers || bench.heard == BENCH_READERS) {
            return false;
        }
        bench.heard++;
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
    record.sequence = bench_payload_sequence(message->data, message->length, bench.near);
    record.status = bench_payload_check(message->data, message->length, record.sequence);
    record.flags = message->local ? RIG_RECORD_LOCAL : 0u;
    if (record.status < 0 && (bench.expected == 0u || message->length == bench.expected_length)) {
        record.flags |= RIG_RECORD_INTACT;
        record.status = 0;
    } else {
        bench.damaged++;
    }
    if ((bench.flags & RIG_EXCHANGE_IN_ORDER) != 0u) {
        bench.misplaced += record.sequence != bench.next ? 1u : 0u;
        bench.next = record.sequence + 1u;
    }
    if ((bench.flags & (RIG_EXCHANGE_NO_RECORD | RIG_EXCHANGE_IN_ORDER)) == RIG_EXCHANGE_NO_RECORD &&
        (record.flags & RIG_RECORD_INTACT) != 0u) {
        bench.surplus += is_news(record.reader, record.sequence) ? 0u : 1u; /* where records go, the rig counts */
    }
    record.loan_begin = bench.times[0];
    record.loan_end = bench.times[1];
    record.publish = bench.times[2];
    bench.delivered++;
    bench.local += message->local ? 1u : 0u;
    if ((bench.flags & RIG_EXCHANGE_HOLD) != 0u && bench.delivered == bench.expected) {
        hold();
    }
    /* A publisher in another context waits for no room in the ring: there, samples are only counted. */
    if ((bench.flags & RIG_EXCHANGE_NO_RECORD) == 0u ||
        ((bench.flags & RIG_EXCHANGE_IN_ORDER) == 0u && (record.flags & RIG_RECORD_INTACT) == 0u)) {
        rig_mailbox_t *mailbox = bench.mailbox;
        rig_record_t *slot = &mailbox->ring[mailbox->head & (RIG_MAILBOX_RING - 1u)];

        *slot = record;
        slot->leave = rig_port_clock();
        rig_port_barrier();
        *(volatile uint32_t *)&mailbox->head = mailbox->head + 1u;
    }
}
