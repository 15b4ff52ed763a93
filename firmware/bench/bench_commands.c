#include "bench_commands.h"

#include <string.h>

#include "bench_counters.h"
#include "bench_exchange.h"
#include "bench_mailbox.h"
#include "bench_middleware.h"
#include "bench_preempt.h"
#include "bench_program.h"
#include "bench_service.h"
#include "rig_port.h"
#include "rig_port_clock.h"

static int read_data(const uint32_t *arguments)
{
    rig_mw_delivery_t limits = {0};

    limits.max_samples = (uint16_t)arguments[2];
    limits.max_elapsed_s = (uint16_t)arguments[3];
    limits.max_bytes_per_second = (uint16_t)arguments[4];
    limits.min_pace_ms = (uint16_t)arguments[5];
    return rig_mw_read((uint8_t)arguments[0], (uint16_t)arguments[1], &limits);
}

static int spin(const uint32_t *arguments, uint32_t *results)
{
    uint32_t begin = rig_port_millis();
    uint32_t delivered = 0;

    do {
        uint32_t spent = rig_port_millis() - begin;
        int got = rig_mw_spin(spent < arguments[0] ? arguments[0] - spent : 0u);

        if (got < 0) {
            return got;
        }
        delivered += (uint32_t)got;
    } while (delivered < arguments[1] && rig_port_millis() - begin < arguments[0] && !bench_cancelled());
    results[0] = delivered;
    return RIG_MW_OK;
}

static int statistics(uint32_t *results)
{
    rig_mw_statistics_t now = {0};

    if (!bench_started()) {
        return RIG_MW_ERR_STATE;
    }
    rig_mw_statistics(&now);
    memcpy(results, &now, sizeof(now));
    return RIG_MW_OK;
}

static int configuration(uint32_t *results)
{
    const char *from = rig_mw_configuration();
    char *to = bench_mailbox->text;
    uint32_t i = 0;

    for (; i + 1u < RIG_MAILBOX_TEXT && from[i] != '\0'; i++) {
        to[i] = from[i];
    }
    to[i] = '\0';
    results[0] = rig_mw_ram_bytes();
    return RIG_MW_OK;
}

static int measure_clock(uint32_t repeats, uint32_t *results)
{
    uint32_t least = UINT32_MAX;
    uint32_t greatest = 0;

    for (uint32_t i = 0; i < repeats; i++) {
        uint32_t begin = rig_port_clock();
        uint32_t ticks = rig_port_clock() - begin;

        least = ticks < least ? ticks : least;
        greatest = ticks > greatest ? ticks : greatest;
    }
    results[0] = least;
    results[1] = greatest;
    results[2] = bench_exchange_recording(repeats);
    return repeats == 0u ? RIG_MW_ERR_ARGUMENT : RIG_MW_OK;
}

int bench_command(uint32_t command, const uint32_t *arguments, uint32_t *results)
{
    if (!bench_started() && command >= RIG_CMD_SESSION_OPEN && command <= RIG_CMD_SPIN) {
        return RIG_MW_ERR_STATE;
    }
    switch (command) {
    case RIG_CMD_NOP:
        return RIG_MW_OK;
    case RIG_CMD_START:
        return bench_start(arguments, results,
                           arguments[RIG_START_FOR] == RIG_FOR_PREEMPT ? bench_preempt_message : bench_on_message,
                           bench_on_service);
    case RIG_CMD_STOP:
        bench_stop();
        return RIG_MW_OK;
    case RIG_CMD_SESSION_OPEN: {
        int session = rig_mw_session_open(arguments[0], arguments[1]);

        results[0] = (uint32_t)session;
        return session < 0 ? session : RIG_MW_OK;
    }
    case RIG_CMD_SESSION_CLOSE:
        return rig_mw_session_close((uint8_t)arguments[0], arguments[1]);
    case RIG_CMD_CREATE:
        return bench_create(arguments, bench_mailbox->text, RIG_MAILBOX_TEXT);
    case RIG_CMD_DELETE:
        return rig_mw_delete((uint8_t)arguments[0], (uint8_t)arguments[1], (uint16_t)arguments[2], arguments[3]);
    case RIG_CMD_READ:
        return read_data(arguments);
    case RIG_CMD_EXCHANGE:
        return bench_exchange(arguments, results);
    case RIG_CMD_SPIN:
        return spin(arguments, results);
    case RIG_CMD_STATISTICS:
        return statistics(results);
    case RIG_CMD_COUNTERS:
        for (int i = 0; i < RIG_COUNTERS; i++) {
            results[i] = bench_counters[i];
        }
        return RIG_MW_OK;
    case RIG_CMD_CLOCK:
        return measure_clock(arguments[0], results);
    case RIG_CMD_PREEMPT:
        return bench_preempt(arguments, results);
    case RIG_CMD_WAKE:
        return bench_wake(arguments, results);
    case RIG_CMD_SERVICE:
        return bench_service(arguments, results);
    case RIG_CMD_CONFIGURATION:
        return configuration(results);
    case RIG_CMD_PUBLISH:
        return bench_started() ? bench_publish(arguments) : RIG_MW_ERR_STATE;
    case RIG_CMD_PROGRAM:
        return bench_program(arguments[0], arguments[1] != 0u, results);
    case RIG_CMD_STACK:
        rig_port_stack(&results[0], &results[1]);
        results[2] = rig_port_heap();
        if (arguments[0] != 0u) {
            rig_port_stack_forget();
        }
        return RIG_MW_OK;
    default:
        return RIG_MW_ERR_UNSUPPORTED;
    }
}
