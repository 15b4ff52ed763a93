#include "bench_middleware.h"

#include "bench_counters.h"
#include "rig_mailbox.h"
#include "rig_port.h"

#ifndef BENCH_STREAM_BYTES
#define BENCH_STREAM_BYTES 65536
#endif

/* Link streams live beside the code's own data; the big memory is for messages. */
static uint64_t stream_memory[BENCH_STREAM_BYTES / 8];

static uint32_t link_state;
static uint32_t link_count; /* messages while it is lossy */

static bool link_loses(void)
{
    return link_state == RIG_LINK_SILENT || (link_state == RIG_LINK_LOSSY && ++link_count % 3u == 0u);
}

void bench_link(uint32_t state)
{
    link_state = state;
}

static int link_write(void *context, const uint8_t *bytes, size_t length)
{
    const struct rig_port_link *link = rig_port_link();

    BENCH_COUNT(RIG_COUNT_WRITES, 1);
    BENCH_COUNT(RIG_COUNT_WRITE_BYTES, length);
    return link_state != RIG_LINK_WHOLE && link_loses() ? (int)length : link->write(context, bytes, length);
}

static int link_read(void *context, uint8_t *bytes, size_t capacity, int timeout_ms)
{
    const struct rig_port_link *link = rig_port_link();
    int got = link->read(context, bytes, capacity, timeout_ms);

    if (link_state != RIG_LINK_WHOLE && got > 0 && link_loses()) {
        got = 0;
    }
    BENCH_COUNT(got > 0 ? RIG_COUNT_READS : RIG_COUNT_POLLS, 1);
    BENCH_COUNT(RIG_COUNT_READ_BYTES, got > 0 ? got : 0);
    return got;
}

static rig_mw_transport_t transport = {false, NULL, link_write, link_read};
static bool started;

bool bench_started(void)
{
    return started;
}

void bench_stop(void)
{
    if (started) {
        rig_mw_stop();
        started = false;
    }
}

int bench_start(const uint32_t *arguments, uint32_t *results, rig_mw_on_message_t on_message,
                rig_mw_on_service_t on_service)
{
    rig_mw_config_t config = {0};
    uint32_t available;
    int status;

    bench_stop();
    link_state = RIG_LINK_WHOLE;
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
    started = status == RIG_MW_OK;
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
