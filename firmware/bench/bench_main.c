#include <string.h>

#include "bench_commands.h"
#include "bench_mailbox.h"
#include "bench_middleware.h"
#include "bench_rtt.h"
#include "rig_port.h"

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

static void run(int argc, char **argv)
{
    if (rig_port_start(argc, argv) != 0) {
        return;
    }
    bench_log_start();
    bench_mailbox_open(rig_mw_name(), rig_mw_version(), rig_mw_capabilities());
    bench_log("bench ready");
    while (!rig_port_stopped()) {
        bench_mailbox->heartbeat++;
        obey(bench_mailbox);
        rig_port_idle(1);
    }
    bench_stop();
}

int main(int argc, char **argv)
{
    run(argc, argv);
    return 0;
}
