/*
 * Programs: lists of steps that run without a round trip a step, and leave a record for each call and each callback.
 *
 * Nothing here judges what it sees: what should have come is for the rig to say. A step that fails is recorded, and the
 * next one runs.
 */
#include "bench_program.h"

#include <string.h>

#include "bench_mailbox.h"
#include "bench_middleware.h"
#include "bench_payload.h"
#include "bench_ring.h"
#include "rig_port.h"
#include "rig_port_clock.h"

#ifndef BENCH_HOOKS
#define BENCH_HOOKS 4 /* steps that wait for a callback */
#endif
#ifndef BENCH_KEPT
#define BENCH_KEPT 16 /* requests that wait for RIG_STEP_REPLY */
#endif
#ifndef BENCH_OTHER
#define BENCH_OTHER 16 /* records of the other context, which cannot wait for the ring */
#endif
#ifndef BENCH_OPEN
#define BENCH_OPEN 16 /* loans that are open */
#endif
#define BENCH_FAILURES 8u /* records that a step which repeats others leaves of failed calls */
#define BENCH_HEARERS 8u
#define OTHER_PAUSE 1000u /* ticks between two looks at the time, or two samples, of the other context */

typedef struct {
    uint32_t callback; /* number of the callback; 0: unused */
    uint32_t begin;
    uint32_t end;
} hook_t;

typedef struct {
    uint8_t session;
    uint16_t replier;
    uint32_t length;
    uint32_t sequence;
    uint8_t identity[RIG_MW_IDENTITY_BYTES];
} kept_t;

typedef struct {
    uint8_t session;
    uint16_t end;
    uint32_t length;
    uint32_t sequence;
    uint8_t *place; /* NULL: unused */
} open_t;

typedef struct {
    uint32_t reader; /* session << 12 | id, and of a service's end its kind << 16 */
    uint32_t newest;
} hearer_t;

static struct {
    const uint32_t *words;
    uint32_t count;
    uint32_t step;      /* under way */
    uint32_t callbacks; /* so far */
    uint32_t depth;     /* of callbacks; middlewares do not nest them, but a broken one may */
    bool strict;        /* ends at the first entity that cannot be made */
    bool over;
    bool keep;
    hook_t hooks[BENCH_HOOKS];
    kept_t kept[BENCH_KEPT];
    uint32_t kept_count;
    open_t open[BENCH_OPEN];
    /* RIG_STEP_REPEAT */
    bool quiet;
    uint32_t round;
    uint32_t accepted;
    uint32_t refused;
    int first_error;
    uint32_t heard;
    uint32_t damaged;
    uint32_t misplaced;
    hearer_t hearers[BENCH_HEARERS];
    uint32_t hearer_count;
    uint32_t waited_ms; /* spent in callbacks, and on waiting for room in the ring */
    int asked; /* id of the request that was sent last, and the sequence number of its payload */
    uint32_t asked_sequence;
} run;

static void on_message(void *context, const rig_mw_message_t *message);
static void on_service(void *context, const rig_mw_service_message_t *message);

/* What the other context does. Written by the main context before it starts, by the other one while it runs. */
static struct {
    volatile bool busy;
    uint32_t begin_ms;
    uint32_t delay_ms;
    uint32_t at;     /* word of the step that is its turn */
    uint32_t end;
    uint32_t sent;   /* samples of that step */
    rig_call_t records[BENCH_OTHER];
    volatile uint32_t record_count;
} other;

/* Puts a record as soon as there is room; what it waits for the rig is no time of the middleware's. */
static void wait_and_put(const rig_record_t *record)
{
    uint32_t begin = rig_port_millis();

    if (bench_ring_wait(1)) {
        bench_ring_put(record);
    }
    run.waited_ms += rig_port_millis() - begin;
}

static void put(const rig_call_t *call)
{
    rig_record_t record;

    memcpy(&record, call, sizeof(record));
    wait_and_put(&record);
}

static rig_call_t call_of(uint32_t step, int status)
{
    rig_call_t call = {0};

    call.kind = RIG_RECORD_CALL;
    call.step = (uint8_t)step;
    call.context = (uint16_t)(run.depth != 0u ? RIG_CONTEXT_CALLBACK : RIG_CONTEXT_MAIN);
    call.status = status;
    call.number = run.step;
    return call;
}

static void note(const rig_call_t *call)
{
    if (!run.quiet) {
        put(call);
        return;
    }
    if (call->status >= 0) {
        run.accepted++;
        return;
    }
    if (run.first_error == 0) {
        run.first_error = call->status;
    }
    if (run.refused++ < BENCH_FAILURES) {
        put(call);
    }
}

static void note_status(uint32_t step, int status)
{
    rig_call_t call = call_of(step, status);

    note(&call);
}

static int loan(uint8_t session, uint16_t end, uint32_t length, uint8_t **place)
{
    uint8_t kind = (uint8_t)(end >> 12);
    uint16_t id = end & 0xFFFu;

    return kind == RIG_MW_DATAWRITER ? rig_mw_loan(session, id, length, place)
                                     : rig_mw_service_loan(session, kind, id, length, place);
}

static int cancel(uint8_t session, uint16_t end)
{
    uint8_t kind = (uint8_t)(end >> 12);
    uint16_t id = end & 0xFFFu;

    return kind == RIG_MW_DATAWRITER ? rig_mw_loan_cancel(session, id) : rig_mw_service_cancel(session, kind, id);
}

static int send(uint8_t session, uint16_t end)
{
    return end >> 12 == RIG_MW_DATAWRITER ? rig_mw_publish(session, end & 0xFFFu)
                                          : rig_mw_request(session, end & 0xFFFu);
}

/* Lends, writes and sends one sample; the record tells of it. */
static rig_call_t publish(uint32_t step, uint8_t session, uint16_t end, uint32_t length, uint32_t sequence)
{
    rig_call_t call = call_of(step, RIG_MW_OK);
    uint8_t *place = NULL;

    call.sequence = sequence;
    call.length = length;
    call.value[0] = rig_port_clock();
    call.status = loan(session, end, length, &place);
    if (call.status == RIG_MW_OK) {
        call.address = rig_port_address(place);
        bench_payload_write(place, length, sequence);
        call.status = send(session, end);
        if (call.status < 0) {
            (void)cancel(session, end);
        } else if (end >> 12 == RIG_MW_REQUESTER) {
            run.asked = call.status;
            run.asked_sequence = sequence;
            run.misplaced += call.status == 0 ? 1u : 0u; /* 0 is no request's id */
        }
    }
    call.value[1] = rig_port_clock();
    return call;
}

/* The row of an open loan; of none at all (session and end 0), a free row. */
static open_t *find_open(uint8_t session, uint16_t end)
{
    for (uint32_t i = 0; i < BENCH_OPEN; i++) {
        open_t *row = &run.open[i];

        if (end == 0u ? row->place == NULL : row->place != NULL && row->session == session && row->end == end) {
            return row;
        }
    }
    return NULL;
}

static void step_loan(const uint32_t *arguments)
{
    rig_call_t call = call_of(RIG_STEP_LOAN, RIG_MW_ERR_TABLE_FULL);
    open_t *before = find_open((uint8_t)arguments[0], (uint16_t)arguments[1]); /* of one that was deleted with it */
    open_t *row = before != NULL ? before : find_open(0, 0);
    uint8_t *place = NULL;

    call.length = arguments[2];
    call.sequence = arguments[3] + run.round;
    if (row != NULL) {
        call.status = loan((uint8_t)arguments[0], (uint16_t)arguments[1], call.length, &place);
    }
    if (call.status == RIG_MW_OK) {
        call.address = rig_port_address(place);
        bench_payload_write(place, call.length, call.sequence);
        row->session = (uint8_t)arguments[0];
        row->end = (uint16_t)arguments[1];
        row->length = call.length;
        row->sequence = call.sequence;
        row->place = place;
    }
    note(&call);
}

static void step_end_loan(uint32_t step, const uint32_t *arguments)
{
    uint8_t session = (uint8_t)arguments[0];
    uint16_t end = (uint16_t)arguments[1];
    open_t *row = find_open(session, end);
    rig_call_t call = call_of(step, step == RIG_STEP_SEND ? send(session, end) : cancel(session, end));

    if (row != NULL) {
        call.sequence = row->sequence;
        call.length = row->length;
        call.address = rig_port_address(row->place);
        row->place = NULL;
    }
    note(&call);
}

static void step_publish(const uint32_t *arguments)
{
    uint32_t count = arguments[4];

    for (uint32_t i = 0; i < count && !bench_cancelled(); i++) {
        rig_call_t call = publish(RIG_STEP_PUBLISH, (uint8_t)arguments[0], (uint16_t)arguments[1], arguments[2],
                                  arguments[3] + run.round * count + i);

        note(&call);
    }
}

static void step_spin(const uint32_t *arguments)
{
    for (uint32_t i = 0; i < arguments[1] && !bench_cancelled(); i++) {
        uint32_t begin = rig_port_millis();
        uint32_t waited = run.waited_ms;
        rig_call_t call = call_of(RIG_STEP_SPIN, 0);

        call.value[0] = rig_port_clock();
        call.status = rig_mw_spin(arguments[0]);
        call.value[1] = rig_port_clock();
        call.length = rig_port_millis() - begin - (run.waited_ms - waited);
        note(&call);
    }
}

static void step_start(const uint32_t *arguments)
{
    rig_call_t call = call_of(RIG_STEP_START, 0);

    memset(run.open, 0, sizeof(run.open));
    memset(run.hooks, 0, sizeof(run.hooks));
    run.kept_count = 0;
    run.keep = false;
    run.callbacks = 0;
    call.status = bench_start(arguments, call.value, on_message, on_service);
    note(&call);
}

static void step_statistics(void)
{
    rig_call_t call = call_of(RIG_STEP_STATISTICS, RIG_MW_OK);
    rig_mw_statistics_t now = {0};

    rig_mw_statistics(&now);
    call.value[0] = now.buffers_free;
    call.value[1] = now.entities;
    call.value[2] = now.lost;
    call.value[3] = now.delivered_local;
    note(&call);
}

static int reply(const kept_t *request, const uint8_t *identity)
{
    uint8_t *place = NULL;
    int status = rig_mw_service_loan(request->session, RIG_MW_REPLIER, request->replier, request->length, &place);

    if (status == RIG_MW_OK) {
        bench_payload_write(place, request->length, request->sequence);
        status = rig_mw_reply(request->session, request->replier, identity);
        if (status < 0) {
            (void)rig_mw_service_cancel(request->session, RIG_MW_REPLIER, request->replier);
        }
    }
    return status;
}

/* Who answered, beside what was asked: the end and its session, in `value`. */
static void note_reply(const kept_t *request, int status)
{
    rig_call_t call = call_of(RIG_STEP_REPLY, status);

    call.sequence = request->sequence;
    call.length = request->length;
    call.value[0] = (uint32_t)request->session << 12 | request->replier;
    note(&call);
}

static void step_reply(uint32_t count)
{
    for (uint32_t i = 0; i < count && run.kept_count != 0u; i++) {
        kept_t request = run.kept[0];

        run.kept_count--;
        memmove(&run.kept[0], &run.kept[1], run.kept_count * sizeof(kept_t));
        note_reply(&request, reply(&request, request.identity));
    }
}

/* In the other context: the sample whose turn it is, and the ticks until the next call. */
static uint32_t act_elsewhere(void)
{
    const uint32_t *step = &run.words[other.at];
    rig_call_t call;

    if (other.at >= other.end || (step[0] & 0xFFu) != RIG_STEP_PUBLISH) {
        rig_port_barrier();
        other.busy = false;
        return 0;
    }
    if (rig_port_millis() - other.begin_ms < other.delay_ms) {
        return OTHER_PAUSE;
    }
    call = publish(RIG_STEP_PUBLISH, (uint8_t)step[1], (uint16_t)step[2], step[3], step[4] + other.sent);
    call.context = RIG_CONTEXT_OTHER;
    call.number = other.at;
    if (other.record_count < BENCH_OTHER) {
        other.records[other.record_count] = call;
        other.record_count = other.record_count + 1u;
    }
    if (++other.sent >= step[5]) {
        other.at += 1u + (step[0] >> 8);
        other.sent = 0;
    }
    return OTHER_PAUSE;
}

static void step_elsewhere(uint32_t delay_ms, uint32_t begin, uint32_t end)
{
    note_status(RIG_STEP_ELSEWHERE, RIG_MW_OK);
    other.begin_ms = rig_port_millis();
    other.delay_ms = delay_ms;
    other.at = begin;
    other.end = end;
    other.sent = 0;
    other.record_count = 0;
    other.busy = true;
    rig_port_barrier();
    rig_port_preempt(0, act_elsewhere, OTHER_PAUSE);
}

static void join(uint32_t timeout_ms)
{
    uint32_t begin = rig_port_millis();

    while (other.busy && rig_port_millis() - begin < timeout_ms && !bench_cancelled()) {
        rig_port_idle(1);
    }
    rig_port_preempt(0, NULL, 0);
    for (uint32_t i = 0; i < other.record_count; i++) {
        put(&other.records[i]);
    }
    note_status(RIG_STEP_JOIN, other.busy ? RIG_MW_ERR_TIMEOUT : RIG_MW_OK);
    other.busy = false;
    other.record_count = 0;
}

static void step_in_callback(uint32_t callback, uint32_t begin, uint32_t end)
{
    int status = RIG_MW_ERR_TABLE_FULL;

    for (uint32_t i = 0; i < BENCH_HOOKS; i++) {
        if (run.hooks[i].callback == 0u) {
            run.hooks[i].callback = run.callbacks + callback;
            run.hooks[i].begin = begin;
            run.hooks[i].end = end;
            status = RIG_MW_OK;
            break;
        }
    }
    note_status(RIG_STEP_IN_CALLBACK, status);
}

static void run_steps(uint32_t begin, uint32_t end);

static void step_repeat(uint32_t times, uint32_t begin, uint32_t end)
{
    rig_call_t call;
    uint32_t number = run.step;

    run.quiet = true;
    run.accepted = run.refused = run.heard = run.damaged = run.misplaced = run.hearer_count = 0;
    run.first_error = 0;
    for (run.round = 0; run.round < times && !bench_cancelled(); run.round++) {
        bench_mailbox->heartbeat++; /* it goes on, though it leaves no records */
        run_steps(begin, end);
    }
    run.quiet = false;
    run.step = number;
    call = call_of(RIG_STEP_REPEAT, (int)run.round);
    run.round = 0;
    call.sequence = run.heard;
    call.address = run.damaged;
    call.value[0] = run.accepted;
    call.value[1] = run.refused;
    call.value[2] = run.misplaced;
    call.value[3] = (uint32_t)run.first_error;
    put(&call);
}

/* A step that has steps of its own begins with a number and how many words these take. Returns where the next begins. */
static uint32_t run_nested(uint32_t step, uint32_t at, uint32_t end)
{
    uint32_t number = run.words[at + 1u];
    uint32_t begin = at + 3u;
    uint32_t inner = run.words[at + 2u];
    uint32_t after = inner < end - begin ? begin + inner : end;

    if (step == RIG_STEP_IN_CALLBACK) {
        step_in_callback(number, begin, after);
    } else if (step == RIG_STEP_ELSEWHERE) {
        step_elsewhere(number, begin, after);
    } else {
        step_repeat(number, begin, after);
    }
    return after;
}

static void step_create(const uint32_t *arguments, uint32_t words)
{
    const char *text = (const char *)&arguments[BENCH_CREATE_ARGUMENTS];
    int status = bench_create(arguments, text, (words - BENCH_CREATE_ARGUMENTS) * (uint32_t)sizeof(uint32_t));

    note_status(RIG_STEP_CREATE, status);
    run.over = run.strict && status < 0;
}

static void run_plain(uint32_t step, const uint32_t *arguments, uint32_t words)
{
    switch (step) {
    case RIG_STEP_START:
        step_start(arguments);
        break;
    case RIG_STEP_STOP:
        bench_stop();
        note_status(step, RIG_MW_OK);
        break;
    case RIG_STEP_OPEN:
        note_status(step, rig_mw_session_open(arguments[0], arguments[1]));
        break;
    case RIG_STEP_CLOSE:
        note_status(step, rig_mw_session_close((uint8_t)arguments[0], arguments[1]));
        break;
    case RIG_STEP_CREATE:
        step_create(arguments, words);
        break;
    case RIG_STEP_DELETE:
        note_status(step,
                    rig_mw_delete((uint8_t)arguments[0], (uint8_t)arguments[1], (uint16_t)arguments[2], arguments[3]));
        break;
    case RIG_STEP_READ: {
        const rig_mw_delivery_t limits = {.max_samples = (uint16_t)arguments[2]};

        note_status(step, rig_mw_read((uint8_t)arguments[0], (uint16_t)arguments[1], &limits));
        break;
    }
    case RIG_STEP_LOAN:
        step_loan(arguments);
        break;
    case RIG_STEP_SEND:
    case RIG_STEP_CANCEL:
        step_end_loan(step, arguments);
        break;
    case RIG_STEP_PUBLISH:
        step_publish(arguments);
        break;
    case RIG_STEP_REPLY:
        step_reply(arguments[0]);
        break;
    case RIG_STEP_KEEP:
        run.keep = arguments[0] != 0u;
        break;
    case RIG_STEP_SPIN:
        step_spin(arguments);
        break;
    case RIG_STEP_STATISTICS:
        step_statistics();
        break;
    case RIG_STEP_JOIN:
        join(arguments[0]);
        break;
    case RIG_STEP_LINK:
        bench_link(arguments[0]);
        break;
    case RIG_STEP_HOST:
        note_status(step, RIG_MW_OK);
        bench_hold();
        break;
    default:
        note_status(step, RIG_MW_ERR_ARGUMENT);
        break;
    }
}

/* The arguments that a step reads; the rig may give more, never less. */
static uint32_t arguments_of(uint32_t step)
{
    static const uint8_t needed[] = {
        [RIG_STEP_START] = 5,    [RIG_STEP_OPEN] = 2,        [RIG_STEP_CLOSE] = 2,     [RIG_STEP_DELETE] = 4,
        [RIG_STEP_READ] = 3,     [RIG_STEP_LOAN] = 4,        [RIG_STEP_SEND] = 2,      [RIG_STEP_CANCEL] = 2,
        [RIG_STEP_PUBLISH] = 5,  [RIG_STEP_REPLY] = 1,       [RIG_STEP_KEEP] = 1,      [RIG_STEP_SPIN] = 2,
        [RIG_STEP_JOIN] = 1,     [RIG_STEP_IN_CALLBACK] = 2, [RIG_STEP_ELSEWHERE] = 2, [RIG_STEP_REPEAT] = 2,
        [RIG_STEP_CREATE] = BENCH_CREATE_ARGUMENTS + 1u, [RIG_STEP_LINK] = 1,
    };

    return step < sizeof(needed) ? needed[step] : 0u;
}

static void run_steps(uint32_t begin, uint32_t end)
{
    for (uint32_t at = begin; at < end && !run.over && !bench_cancelled();) {
        uint32_t step = run.words[at] & 0xFFu;
        uint32_t count = run.words[at] >> 8;

        run.step = at;
        if (count < arguments_of(step) || count > end - at - 1u) {
            note_status(step, RIG_MW_ERR_ARGUMENT);
            return;
        }
        if (step == RIG_STEP_IN_CALLBACK || step == RIG_STEP_ELSEWHERE || step == RIG_STEP_REPEAT) {
            at = run_nested(step, at, end);
        } else {
            run_plain(step, &run.words[at + 1u], count);
            at += 1u + count;
        }
    }
}

int bench_program(uint32_t words, bool strict, uint32_t *results)
{
    if (words > RIG_MAILBOX_PROGRAM) {
        return RIG_MW_ERR_ARGUMENT;
    }
    memset(&run, 0, sizeof(run));
    run.words = bench_mailbox->program;
    run.count = words;
    run.strict = strict;
    run_steps(0, words);
    rig_port_preempt(0, NULL, 0);
    results[0] = run.step;
    return bench_cancelled() ? RIG_MW_ERR_TIMEOUT : RIG_MW_OK;
}

/* What waits for this callback; it goes on inside it. */
static void run_hooks(void)
{
    uint32_t step = run.step;

    run.callbacks++;
    for (uint32_t i = 0; i < BENCH_HOOKS; i++) {
        if (run.hooks[i].callback == run.callbacks) {
            hook_t hook = run.hooks[i];

            run.hooks[i].callback = 0;
            run.depth++;
            run_steps(hook.begin, hook.end);
            run.depth--;
        }
    }
    run.step = step;
}

/* Of a callback that only counts: whether its sample is newer than the one before. */
static void count_order(uint32_t reader, uint32_t sequence)
{
    hearer_t *it = run.hearers;

    while (it != &run.hearers[run.hearer_count] && it->reader != reader) {
        it++;
    }
    if (it == &run.hearers[run.hearer_count]) {
        if (run.hearer_count == BENCH_HEARERS) {
            return;
        }
        run.hearer_count++;
        it->reader = reader;
    } else if ((int32_t)(sequence - it->newest) <= 0) {
        run.misplaced++;
    }
    it->newest = sequence;
}

static rig_record_t record_of(const rig_mw_message_t *message, uint32_t kind)
{
    rig_record_t record = {0};
    int32_t wrong;

    record.enter = rig_port_clock();
    record.kind = (uint8_t)kind;
    record.reader = (uint16_t)((uint32_t)message->session << 12 | message->reader);
    record.length = message->length;
    record.address = rig_port_address(message->data);
    record.sequence = bench_payload_sequence(message->data, message->length, 0);
    wrong = bench_payload_check(message->data, message->length, record.sequence);
    record.flags = (uint8_t)((message->local ? RIG_RECORD_LOCAL : 0u) | (wrong < 0 ? RIG_RECORD_INTACT : 0u));
    record.status = wrong < 0 ? 0 : wrong;
    record.loan_begin = run.step;
    return record;
}

static void take(rig_record_t *record, uint32_t kind)
{
    if (run.quiet) {
        run.heard++;
        run.damaged += (record->flags & RIG_RECORD_INTACT) != 0u ? 0u : 1u;
        count_order(kind << 16 | record->reader, record->sequence);
        return;
    }
    wait_and_put(record);
}

/* What a callback does is the application's, and no time of the middleware's: the bench looks at every byte. */
static void leave(uint32_t entered_ms, uint32_t waited_ms)
{
    run.waited_ms = waited_ms + (rig_port_millis() - entered_ms);
}

static void on_message(void *context, const rig_mw_message_t *message)
{
    uint32_t begin = rig_port_millis();
    uint32_t waited = run.waited_ms;
    rig_record_t record = record_of(message, RIG_RECORD_DELIVERED);

    (void)context;
    take(&record, 0);
    run_hooks();
    leave(begin, waited);
}

static void on_service(void *context, const rig_mw_service_message_t *message)
{
    uint32_t begin = rig_port_millis();
    uint32_t waited = run.waited_ms;
    rig_record_t record = record_of(&message->message, RIG_RECORD_SERVED);
    bool request = message->kind == RIG_MW_REPLIER;

    (void)context;
    record.loan_end = (uint32_t)record.status; /* index of the first wrong byte */
    record.status = request ? 0 : (int32_t)message->request;
    if (run.quiet && !request && record.sequence == run.asked_sequence && record.status != run.asked) {
        run.misplaced++; /* what was asked last is answered with another request's id */
    }
    take(&record, message->kind);
    if (request) {
        kept_t asked = {0};

        asked.session = message->message.session;
        asked.replier = message->message.reader;
        asked.length = message->message.length;
        asked.sequence = record.sequence;
        memcpy(asked.identity, message->identity, sizeof(asked.identity));
        if (!run.keep) {
            run.depth++;
            note_reply(&asked, reply(&asked, message->identity));
            run.depth--;
        } else if (run.kept_count < BENCH_KEPT) {
            run.kept[run.kept_count++] = asked;
        }
    }
    run_hooks();
    leave(begin, waited);
}
