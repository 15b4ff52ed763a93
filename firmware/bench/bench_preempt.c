/*
 * Contexts that meet. The main one spins and publishes; two others publish too, each with a writer of its own: two
 * interrupts, of which one can interrupt the other, or two threads. Each gives every other loan back first. A guest, one
 * more reader of the main context's topic, comes and goes.
 *
 * `doing` in the mailbox says in which call of the middleware each context is, so that the rig sees a call that never
 * comes back.
 */
#include "bench_preempt.h"

#include <string.h>

#include "bench_mailbox.h"
#include "bench_middleware.h"
#include "bench_payload.h"
#include "rig_port.h"
#include "rig_port_clock.h"

#define MAIN 0u
#define READERS 2u
#define LAST_SPINS 100u  /* without a delivery, after the last sample: what has not come by then is lost */
#define FIRST_TICKS 1000u
#define LEAST_TICKS 64u
#define MOST_TICKS 20000u /* a host may have been elsewhere meanwhile */
#define SPANS 2u         /* pauses are drawn over so many times what a sample takes */
#define WAKE_SPANS 4u    /* and a spin is woken within so many times what an empty one takes */
#define WRITER_SHIFT 24u /* sequence numbers say whose they are */
#define MISSED_MOST 2u
#define POINTS_MOST 64u
#define POINTS_SPINS 3u /* that are looked at to know them */
#define ABSENT_MOST 3u
#define GUEST_TURNS 8u  /* of the main context, before its guest comes or goes */
#define GUEST_SPINS 20u /* until there is room on the link for its deletion */

typedef struct {
    volatile uint32_t accepted;
    volatile uint32_t full;
    volatile uint32_t inside; /* published while another context was in a call of the middleware */
    volatile int status;
    uint32_t random;
} publisher_t;

/* Each publisher is written by its own context alone; `heard` and what follows by callbacks, in the main one. */
static struct {
    uint8_t session;
    volatile bool cancels; /* the middleware takes loans back, as far as is known */
    uint16_t writer;
    uint32_t count;
    uint32_t length;
    uint32_t first;
    uint32_t span; /* ticks that one sample takes */
    publisher_t publishers[RIG_CONTEXTS];
    uint16_t guest;
    bool guest_there;
    uint8_t turn;
    uint32_t heard;
    uint32_t damaged;
    uint32_t misplaced;
    uint32_t deepest; /* lock depth in a callback */
    uint32_t next[READERS][RIG_CONTEXTS];
    /* bench_wake */
    volatile bool inside_spin;
    uint8_t context;
    volatile uint32_t called; /* ticks */
    volatile uint32_t called_ms;
    uint32_t entered;
} meet;

static void doing(uint32_t context, uint32_t what)
{
    volatile uint32_t *word = &bench_mailbox->doing[context];

    *word = ((*word >> 8) + (what != RIG_DOING_NOTHING ? 1u : 0u)) << 8 | what;
}

static bool busy(uint32_t context)
{
    return (*(volatile uint32_t *)&bench_mailbox->doing[context] & 0xFFu) != RIG_DOING_NOTHING;
}

static bool another_busy(uint32_t context)
{
    for (uint32_t i = 0; i < RIG_CONTEXTS; i++) {
        if (i != context && busy(i)) {
            return true;
        }
    }
    return false;
}

static int lend(uint32_t context, uint16_t writer, uint8_t **place)
{
    int status;

    doing(context, RIG_DOING_LOAN);
    status = rig_mw_loan(meet.session, writer, meet.length, place);
    doing(context, RIG_DOING_NOTHING);
    return status;
}

/* Then it has another loan; the same one where the middleware takes none back. */
static int give_back(uint32_t context, uint16_t writer, uint8_t **place)
{
    int status;

    doing(context, RIG_DOING_CANCEL);
    status = rig_mw_loan_cancel(meet.session, writer);
    doing(context, RIG_DOING_NOTHING);
    if (status == RIG_MW_ERR_UNSUPPORTED) {
        meet.cancels = false;
        return RIG_MW_OK;
    }
    return status == RIG_MW_OK ? lend(context, writer, place) : status;
}

/* In any context: its next sample, or none when there is no buffer. Returns the middleware's status. */
static int publish(uint32_t context)
{
    publisher_t *self = &meet.publishers[context];
    uint16_t writer = (uint16_t)(meet.writer + context);
    bool inside = another_busy(context);
    uint8_t *place = NULL;
    int status;

    status = lend(context, writer, &place);
    if (status == RIG_MW_OK && meet.cancels && (self->accepted & 1u) != 0u) {
        status = give_back(context, writer, &place);
    }
    if (status == RIG_MW_OK) {
        bench_payload_write(place, meet.length, meet.first + (context << WRITER_SHIFT) + self->accepted);
        inside = inside || another_busy(context);
        doing(context, RIG_DOING_PUBLISH);
        status = rig_mw_publish(meet.session, writer);
        doing(context, RIG_DOING_NOTHING);
    }
    if (status == RIG_MW_OK) {
        self->inside += inside ? 1u : 0u;
        self->accepted++;
    } else if (status == RIG_MW_ERR_NO_BUFFER) {
        self->full++;
    } else if (self->status == RIG_MW_OK) {
        self->status = status;
    }
    return status;
}

static int spin(uint32_t timeout_ms)
{
    int got;

    doing(MAIN, RIG_DOING_SPIN);
    got = rig_mw_spin(timeout_ms);
    doing(MAIN, RIG_DOING_NOTHING);
    return got;
}

/* In the main context. A guest that finds no room, or whose deletion finds none on the link, has its turn again. */
static void guest_comes_or_goes(void)
{
    rig_mw_entity_t reader = {.session = meet.session,
                              .kind = RIG_MW_DATAREADER,
                              .form = RIG_MW_BIN,
                              .id = meet.guest,
                              .parent = 1,
                              .topic = 1,
                              .name = "",
                              .type = "",
                              .reply_type = "",
                              .qos = {.reliable = true},
                              .reliable_stream = true};

    if (!meet.guest_there) {
        doing(MAIN, RIG_DOING_CREATE);
        meet.guest_there = rig_mw_create(&reader, 0) == RIG_MW_OK;
    } else {
        doing(MAIN, RIG_DOING_DELETE);
        meet.guest_there = rig_mw_delete(meet.session, RIG_MW_DATAREADER, meet.guest, 0) != RIG_MW_OK;
    }
    doing(MAIN, RIG_DOING_NOTHING);
}

static void guest_leaves(void)
{
    for (uint32_t i = 0; meet.guest_there && i < GUEST_SPINS; i++) {
        guest_comes_or_goes();
        (void)spin(meet.guest_there ? 1u : 0u);
    }
}

static bool wants_more(uint32_t context)
{
    const publisher_t *self = &meet.publishers[context];

    return self->accepted < meet.count && self->status == RIG_MW_OK;
}

/* The pause before the next sample: the contexts shall meet everywhere. */
static uint32_t pause(publisher_t *self)
{
    self->random = self->random * 1664525u + 1013904223u;
    return LEAST_TICKS + (self->random >> 8) % (SPANS * meet.span);
}

static uint32_t elsewhere(uint32_t context)
{
    (void)publish(context);
    return wants_more(context) ? pause(&meet.publishers[context]) : 0u;
}

static uint32_t in_first(void)
{
    return elsewhere(1);
}

static uint32_t in_second(void)
{
    return elsewhere(2);
}

void bench_preempt_message(void *context, const rig_mw_message_t *message)
{
    uint32_t entered = rig_port_clock();
    uint32_t depth = rig_port_lock_depth();
    uint32_t sequence = bench_payload_sequence(message->data, message->length, meet.first);
    uint32_t offset = sequence - meet.first;
    uint32_t writer = offset >> WRITER_SHIFT;
    uint32_t reader = message->reader - 1u;

    (void)context;
    meet.entered = entered;
    if (meet.guest != 0u && message->reader == meet.guest) { /* it may come at any time: only what it gets must be whole */
        meet.damaged += message->length != meet.length || bench_payload_check(message->data, message->length, sequence) >= 0;
        return;
    }
    meet.heard++;
    meet.deepest = depth > meet.deepest ? depth : meet.deepest;
    if (message->length != meet.length || writer >= RIG_CONTEXTS || reader >= READERS ||
        bench_payload_check(message->data, message->length, sequence) >= 0) {
        meet.damaged++;
        return;
    }
    offset &= (1u << WRITER_SHIFT) - 1u;
    meet.misplaced += offset != meet.next[reader][writer] ? 1u : 0u;
    meet.next[reader][writer] = offset + 1u;
}

static uint32_t accepted(void)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < RIG_CONTEXTS; i++) {
        sum += meet.publishers[i].accepted;
    }
    return sum;
}

static bool any_wants_more(uint32_t contexts)
{
    for (uint32_t i = 0; i < contexts; i++) {
        if (meet.publishers[i].status != RIG_MW_OK) {
            return false;
        }
    }
    for (uint32_t i = 0; i < contexts; i++) {
        if (wants_more(i)) {
            return true;
        }
    }
    return false;
}

/* What was accepted is delivered now, if it ever is. */
static void deliver_rest(uint32_t readers)
{
    for (uint32_t idle = 0; meet.heard < accepted() * readers && idle < LAST_SPINS && !bench_cancelled(); idle++) {
        uint32_t before = meet.heard;

        (void)spin(0);
        idle = meet.heard != before ? 0u : idle;
    }
}

static int begin(uint8_t session, uint16_t writer, uint32_t length, uint32_t first)
{
    if (!bench_started()) {
        return RIG_MW_ERR_STATE;
    }
    if ((rig_mw_capabilities() & RIG_MW_CAP_THREADS) == 0u) {
        return RIG_MW_ERR_UNSUPPORTED;
    }
    if (length < 4u) {
        return RIG_MW_ERR_ARGUMENT;
    }
    memset(&meet, 0, sizeof(meet));
    memset(bench_mailbox->doing, 0, sizeof(bench_mailbox->doing));
    meet.session = session;
    meet.writer = writer;
    meet.length = length;
    meet.first = first;
    meet.cancels = true;
    for (uint32_t i = 0; i < RIG_CONTEXTS; i++) {
        meet.publishers[i].random = first + i;
    }
    return RIG_MW_OK;
}

/* A sample of the main context by itself: how long it takes. */
static void measure_span(void)
{
    uint32_t start = rig_port_clock();

    (void)publish(MAIN);
    (void)spin(0);
    meet.span = rig_port_clock() - start;
    meet.span = meet.span < FIRST_TICKS ? FIRST_TICKS : meet.span < MOST_TICKS ? meet.span : MOST_TICKS;
}

static void meet_each_other(uint32_t contexts, uint32_t deadline_ms)
{
    uint32_t start = rig_port_millis();

    (void)rig_port_held_off();
    if (contexts > 1u) {
        rig_port_preempt(0, in_first, FIRST_TICKS);
    }
    if (contexts > 2u) {
        rig_port_preempt(1, in_second, FIRST_TICKS);
    }
    while (any_wants_more(contexts) && !bench_cancelled() && rig_port_millis() - start < deadline_ms) {
        if (wants_more(MAIN)) {
            (void)publish(MAIN);
        }
        if (meet.guest != 0u && meet.turn++ % GUEST_TURNS == 0u) {
            guest_comes_or_goes();
        }
        (void)spin(0);
    }
    rig_port_preempt(0, NULL, 0);
    rig_port_preempt(1, NULL, 0);
}

/* The same, one after the other: no context can meet another one. */
static void take_turns(uint32_t contexts, uint32_t deadline_ms)
{
    uint32_t start = rig_port_millis();

    while (any_wants_more(contexts) && !bench_cancelled() && rig_port_millis() - start < deadline_ms) {
        for (uint32_t i = 0; i < contexts; i++) {
            if (wants_more(i)) {
                (void)publish(i);
            }
        }
        (void)spin(0);
    }
}

int bench_preempt(const uint32_t *arguments, uint32_t *results)
{
    uint32_t contexts = arguments[RIG_PREEMPT_CONTEXTS];
    uint32_t deadline_ms = arguments[RIG_PREEMPT_DEADLINE_MS];
    uint32_t readers = arguments[RIG_PREEMPT_READERS];
    int status = begin((uint8_t)arguments[RIG_PREEMPT_SESSION], (uint16_t)arguments[RIG_PREEMPT_WRITER],
                       arguments[RIG_PREEMPT_LENGTH], arguments[RIG_PREEMPT_FIRST]);

    if (status != RIG_MW_OK) {
        return status;
    }
    meet.count = arguments[RIG_PREEMPT_COUNT];
    meet.guest = (uint16_t)arguments[RIG_PREEMPT_GUEST];
    if (meet.count == 0u || contexts == 0u || contexts > RIG_CONTEXTS || readers > READERS) {
        return RIG_MW_ERR_ARGUMENT;
    }
    measure_span();
    if (arguments[RIG_PREEMPT_TURNS] != 0u) {
        take_turns(contexts, deadline_ms);
    } else {
        meet_each_other(contexts, deadline_ms);
    }
    guest_leaves();
    deliver_rest(readers);
    results[RIG_PREEMPTED_STATUS] = RIG_MW_OK;
    for (uint32_t i = 0; i < contexts; i++) {
        const publisher_t *each = &meet.publishers[i];

        (void)rig_mw_loan_cancel(meet.session, (uint16_t)(meet.writer + i)); /* of a publish call that was cut off */
        results[RIG_PREEMPTED_FULL] += each->full;
        results[RIG_PREEMPTED_INSIDE] += each->inside;
        if (results[RIG_PREEMPTED_STATUS] == RIG_MW_OK) {
            results[RIG_PREEMPTED_STATUS] = (uint32_t)each->status;
        }
    }
    results[RIG_PREEMPTED_ACCEPTED] = accepted();
    results[RIG_PREEMPTED_DELIVERED] = meet.heard;
    results[RIG_PREEMPTED_DAMAGED] = meet.damaged;
    results[RIG_PREEMPTED_MISPLACED] = meet.misplaced;
    results[RIG_PREEMPTED_DEPTH] = meet.deepest;
    results[RIG_PREEMPTED_HELD_OFF] = rig_port_held_off();
    return RIG_MW_OK;
}

static uint32_t wake(void)
{
    meet.inside_spin = busy(MAIN);
    meet.called = rig_port_clock();
    meet.called_ms = rig_port_millis();
    (void)publish(meet.context);
    return 0;
}

/* One spin with a sample published into it. Returns the milliseconds it took. */
static uint32_t sleep_until_heard(uint32_t timeout_ms)
{
    uint32_t start = rig_port_millis();
    uint32_t before = meet.heard;
    uint32_t spent = 0;

    while (meet.heard == before && spent < timeout_ms && !bench_cancelled()) {
        (void)spin(timeout_ms - spent);
        spent = rig_port_millis() - start;
    }
    return spent;
}

static void note_sleep(const uint32_t *arguments, uint32_t *results, uint32_t took)
{
    uint32_t ticks = meet.entered - meet.called;

    results[RIG_WOKEN_TRIED]++;
    results[RIG_WOKEN_LONGEST_MS] = took > results[RIG_WOKEN_LONGEST_MS] ? took : results[RIG_WOKEN_LONGEST_MS];
    results[RIG_WOKEN_INSIDE] += meet.inside_spin ? 1u : 0u;
    /* Since the publishing: how long the spin had slept before that is the other context's affair. */
    if (rig_port_millis() - meet.called_ms >= arguments[RIG_WAKE_TIMEOUT_MS] / 2u) {
        results[RIG_WOKEN_MISSED]++;
    } else if (meet.inside_spin) {
        results[RIG_WOKEN_LONGEST] = ticks > results[RIG_WOKEN_LONGEST] ? ticks : results[RIG_WOKEN_LONGEST];
        results[RIG_WOKEN_LATE] += ticks > arguments[RIG_WAKE_LATE] ? 1u : 0u;
    }
}

static bool goes_on(const uint32_t *results)
{
    return results[RIG_WOKEN_MISSED] < MISSED_MOST && !bench_cancelled();
}

/* At moments that are spread over the spin's way into its sleep. */
static void wake_in_time(const uint32_t *arguments, uint32_t *results)
{
    uint32_t step = rig_port_clock();

    (void)spin(0);
    step = (rig_port_clock() - step) * WAKE_SPANS / arguments[RIG_WAKE_TRIES] + 1u;
    for (uint32_t i = 0; i < arguments[RIG_WAKE_TRIES] && goes_on(results); i++) {
        uint32_t took;

        meet.called_ms = rig_port_millis();
        rig_port_preempt(meet.context - 1u, wake, LEAST_TICKS + i * step);
        took = sleep_until_heard(arguments[RIG_WAKE_TIMEOUT_MS]);
        rig_port_preempt(meet.context - 1u, NULL, 0);
        note_sleep(arguments, results, took);
    }
}

/* The points of a spin that delivers nothing: the least of some, for one that has work on the link has more. */
static uint32_t points_of_a_spin(void)
{
    uint32_t least = POINTS_MOST;

    for (uint32_t i = 0; i < POINTS_SPINS; i++) {
        uint32_t points;

        rig_port_preempt_at(meet.context - 1u, NULL, 0);
        (void)spin(1);
        points = rig_port_points();
        least = points < least ? points : least;
    }
    return least;
}

/* At each point of that way, where there are points. */
static void wake_at_points(const uint32_t *arguments, uint32_t *results)
{
    uint32_t points = points_of_a_spin();
    uint32_t absent = 0;

    for (uint32_t i = 1; i <= points && absent < ABSENT_MOST && goes_on(results); i++) {
        uint32_t before = accepted();
        uint32_t took;

        meet.called_ms = rig_port_millis();
        rig_port_preempt_at(meet.context - 1u, wake, i);
        took = sleep_until_heard(arguments[RIG_WAKE_TIMEOUT_MS]);
        (void)rig_port_points();
        if (accepted() != before) {
            note_sleep(arguments, results, took);
        } else {
            absent++; /* it came by fewer points this time, and slept for its whole time */
        }
    }
}

int bench_wake(const uint32_t *arguments, uint32_t *results)
{
    uint32_t timeout_ms = arguments[RIG_WAKE_TIMEOUT_MS];
    uint32_t tries = arguments[RIG_WAKE_TRIES];
    int status = begin((uint8_t)arguments[RIG_WAKE_SESSION], (uint16_t)arguments[RIG_WAKE_WRITER],
                       arguments[RIG_WAKE_LENGTH], arguments[RIG_WAKE_FIRST]);

    if (status != RIG_MW_OK) {
        return status;
    }
    meet.context = (uint8_t)arguments[RIG_WAKE_CONTEXT];
    if (arguments[RIG_WAKE_CONTEXT] == MAIN || arguments[RIG_WAKE_CONTEXT] >= RIG_CONTEXTS || tries == 0u || timeout_ms == 0u) {
        return RIG_MW_ERR_ARGUMENT;
    }
    wake_in_time(arguments, results);
    wake_at_points(arguments, results);
    deliver_rest(1);
    results[RIG_WOKEN_ACCEPTED] = accepted();
    results[RIG_WOKEN_DELIVERED] = meet.heard - meet.damaged - meet.misplaced;
    results[RIG_WOKEN_STATUS] = (uint32_t)meet.publishers[meet.context].status;
    return RIG_MW_OK;
}
