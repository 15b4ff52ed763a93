#include <string.h>

#include "bench.h"
#include "bench_counters.h"
#include "bench_payload.h"
#include "rig_port.h"
#include "rig_port_clock.h"

#ifndef BENCH_STREAM_BYTES
#define BENCH_STREAM_BYTES 65536
#endif

bench_t bench;

/* Link streams live beside the code's own data; the big memory is for messages. */
static uint64_t stream_memory[BENCH_STREAM_BYTES / 8];

static int link_write(void *context, const uint8_t *bytes, size_t length)
{
    const struct rig_port_link *link = rig_port_link();

    BENCH_COUNT(RIG_COUNT_WRITES, 1);
    BENCH_COUNT(RIG_COUNT_WRITE_BYTES, length);
    return link->write(context, bytes, length);
}

static int link_read(void *context, uint8_t *bytes, size_t capacity, int timeout_ms)
{
    const struct rig_port_link *link = rig_port_link();
    int got = link->read(context, bytes, capacity, timeout_ms);

    BENCH_COUNT(got > 0 ? RIG_COUNT_READS : RIG_COUNT_POLLS, 1);
    BENCH_COUNT(RIG_COUNT_READ_BYTES, got > 0 ? got : 0);
    return got;
}

static rig_mw_transport_t transport = {false, NULL, link_write, link_read};

void bench_stop(void)
{
    if (bench.started) {
        rig_mw_stop();
        bench.started = false;
    }
}

int bench_start(const uint32_t *arguments, uint32_t *results, rig_mw_on_message_t on_message,
                rig_mw_on_service_t on_service)
{
    rig_mw_config_t config = {0};
    uint32_t available;
    int status;

    bench_stop();
    config.buffer_memory = rig_port_memory(&available);
    config.buffer_count = arguments[0];
    config.buffer_bytes = arguments[1] == 0u || arguments[1] > available ? available : arguments[1];
    config.stream_memory = (uint8_t *)stream_memory;
    config.stream_bytes = sizeof(stream_memory);
    config.mtu = (uint16_t)arguments[2];
    config.history = (uint16_t)arguments[3];
    if (arguments[4] != 0u) {
        transport.framed = rig_port_link()->framed;
        config.transport = &transport;
    }
    config.on_message = on_message;
    config.on_service = on_service;
    if (config.buffer_count == 0u) {
        return RIG_MW_ERR_ARGUMENT;
    }
    status = rig_mw_start(&config);
    bench.started = status == RIG_MW_OK;
    results[0] = config.buffer_bytes / config.buffer_count & ~7u;
    results[1] = rig_port_address(config.buffer_memory);
    results[2] = config.buffer_bytes;
    return status;
}

/* The next NUL-ended text of the mailbox, never past its end. */
static const char *next_text(const char **at, const char *end)
{
    const char *text = *at;

    while (*at < end && **at != '\0') {
        (*at)++;
    }
    if (*at == end) {
        return "";
    }
    (*at)++;
    return text;
}

int bench_create(const uint32_t *arguments, const char *text, uint32_t bytes)
{
    const char *at = text;
    const char *end = at + bytes;
    rig_mw_entity_t entity = {0};

    entity.session = (uint8_t)arguments[0];
    entity.kind = (uint8_t)arguments[1];
    entity.form = (uint8_t)arguments[2];
    entity.mode = (uint8_t)arguments[3];
    entity.id = (uint16_t)arguments[4];
    entity.parent = (uint16_t)arguments[5];
    entity.topic = (uint16_t)arguments[6];
    entity.qos.reliable = (arguments[7] & 1u) != 0u;
    entity.qos.transient_local = (arguments[7] & 2u) != 0u;
    entity.qos.keep_all = (arguments[7] & 4u) != 0u;
    entity.qos.depth = (uint16_t)arguments[8];
    entity.reliable_stream = arguments[9] != 0u;
    entity.name = next_text(&at, end);
    entity.type = next_text(&at, end);
    entity.reply_type = next_text(&at, end);
    return rig_mw_create(&entity, arguments[10]);
}

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

    if (!bench.started) {
        return RIG_MW_ERR_STATE;
    }
    rig_mw_statistics(&now);
    memcpy(results, &now, sizeof(now));
    return RIG_MW_OK;
}

static int configuration(uint32_t *results)
{
    const char *from = rig_mw_configuration();
    char *to = bench.mailbox->text;
    uint32_t i = 0;

    for (; i + 1u < RIG_MAILBOX_TEXT && from[i] != '\0'; i++) {
        to[i] = from[i];
    }
    to[i] = '\0';
    results[0] = rig_mw_ram_bytes();
    return RIG_MW_OK;
}

/* Ticks from a callback's last reading of the clock to where the callback was called. */
static uint32_t measure_recording(uint32_t repeats)
{
    void (*volatile callback)(void *, const rig_mw_message_t *) = bench_on_message;
    rig_mw_message_t message = {0};
    uint8_t payload[4];
    uint32_t least = UINT32_MAX;

    bench_payload_write(payload, sizeof(payload), 1);
    message.data = payload;
    message.length = sizeof(payload);
    bench.expected = 0;
    bench.flags = 0;
    for (uint32_t i = 0; i < repeats && bench_ring_wait(1); i++) {
        const rig_mailbox_t *mailbox = bench.mailbox;
        uint32_t ticks;

        callback(NULL, &message);
        ticks = rig_port_clock() - mailbox->ring[(mailbox->head - 1u) & (RIG_MAILBOX_RING - 1u)].leave;
        least = ticks < least ? ticks : least;
    }
    return least;
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
    results[2] = measure_recording(repeats);
    return repeats == 0u ? RIG_MW_ERR_ARGUMENT : RIG_MW_OK;
}

int bench_command(uint32_t command, const uint32_t *arguments, uint32_t *results)
{
    if (!bench.started && command >= RIG_CMD_SESSION_OPEN && command <= RIG_CMD_SPIN) {
        return RIG_MW_ERR_STATE;
    }
    switch (command) {
    case RIG_CMD_NOP:
        return RIG_MW_OK;
    case RIG_CMD_START:
        return bench_start(arguments, results, bench_on_message, bench_on_service);
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
        return bench_create(arguments, bench.mailbox->text, RIG_MAILBOX_TEXT);
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
    case RIG_CMD_SERVICE:
        return bench_service(arguments, results);
    case RIG_CMD_CONFIGURATION:
        return configuration(results);
    case RIG_CMD_PUBLISH:
        return bench.started ? bench_publish(arguments) : RIG_MW_ERR_STATE;
    case RIG_CMD_PROGRAM:
        return bench_program(arguments[0], results);
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
