#include <string.h>

#include "bench.h"
#include "bench_rtt.h"
#include "rig_port.h"

#ifndef BENCH_COMPILER
#define BENCH_COMPILER "unknown"
#endif

bool bench_cancelled(void)
{
    return *(volatile uint32_t *)&bench.mailbox->cancel != 0u || rig_port_stopped();
}

bool bench_ring_wait(uint32_t records)
{
    rig_mailbox_t *mailbox = bench.mailbox;
    volatile uint32_t *tail = &mailbox->tail;

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
    rig_mailbox_t *mailbox = bench.mailbox;

    mailbox->ring[mailbox->head & (RIG_MAILBOX_RING - 1u)] = *record;
    rig_port_barrier();
    *(volatile uint32_t *)&mailbox->head = mailbox->head + 1u;
}

static void copy_text(char *to, size_t bytes, const char *from)
{
    size_t i = 0;

    for (; i + 1u < bytes && from[i] != '\0'; i++) {
        to[i] = from[i];
    }
    to[i] = '\0';
}

static void open_mailbox(void)
{
    rig_mailbox_t *mailbox = rig_port_mailbox();
    uint32_t boot = mailbox->magic == RIG_MAILBOX_MAGIC ? mailbox->boot_serial + 1u : 1u;

    memset(mailbox, 0, sizeof(*mailbox));
    bench.mailbox = mailbox;
    mailbox->version = RIG_MAILBOX_VERSION;
    mailbox->bytes = sizeof(*mailbox);
    mailbox->boot_serial = boot;
    mailbox->clock = rig_port_clock_kind();
    mailbox->clock_hz = rig_port_clock_hz();
    mailbox->capabilities = rig_mw_capabilities();
    (void)rig_port_memory(&mailbox->memory_bytes);
    mailbox->ring_records = RIG_MAILBOX_RING;
    mailbox->record_bytes = sizeof(rig_record_t);
    mailbox->program_words = RIG_MAILBOX_PROGRAM;
    copy_text(mailbox->middleware, sizeof(mailbox->middleware), rig_mw_name());
    copy_text(mailbox->middleware_version, sizeof(mailbox->middleware_version), rig_mw_version());
    copy_text(mailbox->compiler, sizeof(mailbox->compiler), BENCH_COMPILER);
    rig_port_barrier();
    *(volatile uint32_t *)&mailbox->magic = RIG_MAILBOX_MAGIC;
}

static void obey(rig_mailbox_t *mailbox)
{
    uint32_t serial = *(volatile uint32_t *)&mailbox->command_serial;
    uint32_t results[RIG_MAILBOX_RESULTS] = {0};
    int status;

    if (serial == mailbox->reply_serial) {
        return;
    }
    rig_port_barrier();
    status = bench_command(mailbox->command, mailbox->arguments, results);
    memcpy(mailbox->results, results, sizeof(results));
    mailbox->status = status;
    rig_port_barrier();
    *(volatile uint32_t *)&mailbox->reply_serial = serial;
}

void bench_run(int argc, char **argv)
{
    if (rig_port_start(argc, argv) != 0) {
        return;
    }
    bench_log_start();
    open_mailbox();
    bench_log("bench ready");
    while (!rig_port_stopped()) {
        bench.mailbox->heartbeat++;
        obey(bench.mailbox);
        rig_port_idle(1);
    }
    if (bench.started) {
        rig_mw_stop();
    }
}

int main(int argc, char **argv)
{
    bench_run(argc, argv);
    return 0;
}
