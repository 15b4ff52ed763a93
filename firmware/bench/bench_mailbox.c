#include "bench_mailbox.h"

#include <string.h>

#include "rig_port.h"

#ifndef BENCH_COMPILER
#define BENCH_COMPILER "unknown"
#endif

#ifndef RIG_PORT_OS
#define RIG_PORT_OS "none"
#endif

/* What this image is, for whoever has the file and not the board: the rig reads it before it programs anything. */
const char rig_identity[] = BENCH_VARIANT " " RIG_PORT_OS;

rig_mailbox_t *bench_mailbox;

bool bench_cancelled(void)
{
    return *(volatile uint32_t *)&bench_mailbox->cancel != 0u || rig_port_stopped();
}

void bench_hold(void)
{
    static uint32_t serial;

    serial++;
    rig_port_barrier();
    *(volatile uint32_t *)&bench_mailbox->hold = serial;
    while (*(volatile uint32_t *)&bench_mailbox->hold_release != serial && !bench_cancelled()) {
        rig_port_idle(1);
    }
    *(volatile uint32_t *)&bench_mailbox->hold = 0;
}

static void copy_text(char *to, size_t bytes, const char *from)
{
    size_t i = 0;

    for (; i + 1u < bytes && from[i] != '\0'; i++) {
        to[i] = from[i];
    }
    to[i] = '\0';
}

void bench_mailbox_open(const char *middleware, const char *version, uint32_t capabilities)
{
    /* Through volatile: a compiler that copies the constant's text elsewhere would leave none for the image's reader. */
    const char *volatile identity = rig_identity;
    rig_mailbox_t *mailbox = rig_port_mailbox();
    uint32_t boot = mailbox->magic == RIG_MAILBOX_MAGIC ? mailbox->boot_serial + 1u : 1u;

    memset(mailbox, 0, sizeof(*mailbox));
    bench_mailbox = mailbox;
    mailbox->version = RIG_MAILBOX_VERSION;
    mailbox->bytes = sizeof(*mailbox);
    mailbox->boot_serial = boot;
    mailbox->clock = rig_port_clock_kind();
    mailbox->clock_hz = rig_port_clock_hz();
    mailbox->capabilities = capabilities;
    (void)rig_port_memory(&mailbox->memory_bytes);
    mailbox->ring_records = RIG_MAILBOX_RING;
    mailbox->record_bytes = sizeof(rig_record_t);
    mailbox->program_words = RIG_MAILBOX_PROGRAM;
    copy_text(mailbox->middleware, sizeof(mailbox->middleware), middleware);
    copy_text(mailbox->middleware_version, sizeof(mailbox->middleware_version), version);
    copy_text(mailbox->compiler, sizeof(mailbox->compiler), BENCH_COMPILER);
    copy_text(mailbox->variant, sizeof(mailbox->variant), BENCH_VARIANT);
    copy_text(mailbox->os, sizeof(mailbox->os), identity + sizeof(BENCH_VARIANT));
    copy_text(mailbox->os_version, sizeof(mailbox->os_version), rig_port_os_version());
    rig_port_barrier();
    *(volatile uint32_t *)&mailbox->magic = RIG_MAILBOX_MAGIC;
}
