#include "bench_ring.h"

#include "bench_mailbox.h"
#include "rig_port.h"

bool bench_ring_wait(uint32_t records)
{
    const rig_mailbox_t *mailbox = bench_mailbox;
    const volatile uint32_t *tail = &mailbox->tail;

    if (records > RIG_MAILBOX_RING) {
        records = RIG_MAILBOX_RING; /* a burst larger than the ring: what overflows is seen as a gap by the rig */
    }
    while (mailbox->head - *tail > RIG_MAILBOX_RING - records) {
        if (bench_cancelled()) {
            return false;
        }
        rig_port_idle(1);
    }
    return true;
}

void bench_ring_put(const rig_record_t *record)
{
    rig_mailbox_t *mailbox = bench_mailbox;

    mailbox->ring[mailbox->head & (RIG_MAILBOX_RING - 1u)] = *record;
    rig_port_barrier();
    *(volatile uint32_t *)&mailbox->head = mailbox->head + 1u;
}

const rig_record_t *bench_ring_last(void)
{
    return &bench_mailbox->ring[(bench_mailbox->head - 1u) & (RIG_MAILBOX_RING - 1u)];
}
