#include "bench.h"
#include "bench_payload.h"
#include "rig_port.h"

#define LAST_SPINS 100u /* without a delivery, after the last sample: what has not come by then is lost */

/* Written by the publishing context, read by the main one. */
static volatile struct {
    uint32_t accepted;
    uint32_t full;
    int status;
    uint32_t inside;
} sent;

static struct {
    uint8_t session;
    uint16_t writer;
    uint32_t count;
    uint32_t length;
    uint32_t first;
    uint32_t pause; /* a generator's state: the interrupts shall hit everywhere */
} plan;

static volatile bool spinning;

/* In the other context: one sample, or none when there is no buffer. */
static uint32_t publish(void)
{
    uint8_t *place = NULL;
    int status = rig_mw_loan(plan.session, plan.writer, plan.length, &place);

    if (status == RIG_MW_ERR_NO_BUFFER) {
        sent.full = sent.full + 1u;
    } else if (status == RIG_MW_OK) {
        bool inside = spinning;

        bench_payload_write(place, plan.length, plan.first + sent.accepted);
        status = rig_mw_publish(plan.session, plan.writer);
        if (status == RIG_MW_OK) {
            sent.inside = sent.inside + (inside ? 1u : 0u);
            sent.accepted = sent.accepted + 1u;
        }
    }
    if (status != RIG_MW_OK && status != RIG_MW_ERR_NO_BUFFER) {
        sent.status = status;
        return 0;
    }
    plan.pause = plan.pause * 1664525u + 1013904223u;
    return sent.accepted < plan.count ? 500u + (plan.pause >> 16) % 1000u : 0u;
}

int bench_preempt(const uint32_t *arguments, uint32_t *results)
{
    uint32_t begin = rig_port_millis();
    uint32_t deadline_ms = arguments[RIG_PREEMPT_DEADLINE_MS];

    if (!bench.started) {
        return RIG_MW_ERR_STATE;
    }
    if ((rig_mw_capabilities() & RIG_MW_CAP_THREADS) == 0u) {
        return RIG_MW_ERR_UNSUPPORTED;
    }
    if (arguments[RIG_PREEMPT_COUNT] == 0u || arguments[RIG_PREEMPT_LENGTH] < 4u) {
        return RIG_MW_ERR_ARGUMENT;
    }
    plan.session = (uint8_t)arguments[RIG_PREEMPT_SESSION];
    plan.writer = (uint16_t)arguments[RIG_PREEMPT_WRITER];
    plan.count = arguments[RIG_PREEMPT_COUNT];
    plan.length = arguments[RIG_PREEMPT_LENGTH];
    plan.first = arguments[RIG_PREEMPT_FIRST];
    sent.accepted = 0;
    sent.full = 0;
    sent.inside = 0;
    sent.status = RIG_MW_OK;
    bench.delivered = 0;
    bench.damaged = 0;
    bench.misplaced = 0;
    bench.next = plan.first;
    bench.expected = plan.count;
    bench.expected_length = plan.length;
    bench.flags = RIG_EXCHANGE_NO_RECORD | RIG_EXCHANGE_IN_ORDER;
    rig_port_preempt(publish);
    while (sent.accepted < plan.count && sent.status == RIG_MW_OK && !bench_cancelled() &&
           rig_port_millis() - begin < deadline_ms) {
        spinning = true;
        (void)rig_mw_spin(0);
        spinning = false;
    }
    rig_port_preempt(NULL);
    /* What was accepted is delivered now, if it ever is: a middleware that lost some is not waited for. */
    for (uint32_t idle = 0; bench.delivered < sent.accepted && idle < LAST_SPINS && !bench_cancelled(); idle++) {
        uint32_t before = bench.delivered;

        (void)rig_mw_spin(0);
        if (bench.delivered != before) {
            idle = 0;
        }
    }
    (void)rig_mw_loan_cancel(plan.session, plan.writer); /* of a publish call that was cut off */
    bench.flags = 0;
    bench.expected = 0;
    results[RIG_PREEMPTED_ACCEPTED] = sent.accepted;
    results[RIG_PREEMPTED_FULL] = sent.full;
    results[RIG_PREEMPTED_DELIVERED] = bench.delivered;
    results[RIG_PREEMPTED_DAMAGED] = bench.damaged;
    results[RIG_PREEMPTED_MISPLACED] = bench.misplaced;
    results[RIG_PREEMPTED_STATUS] = (uint32_t)sent.status;
    results[RIG_PREEMPTED_INSIDE] = sent.inside;
    return RIG_MW_OK;
}
