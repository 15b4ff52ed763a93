#include "bench_rtt.h"

#include <stdbool.h>
#include <stdint.h>

#include "rig_port.h"

#ifndef BENCH_RTT_BYTES
#define BENCH_RTT_BYTES 1024
#endif

/* Layout of the RTT control block, as every RTT reader expects it. */
typedef struct {
    const char *name;
    char *data;
    uint32_t bytes;
    volatile uint32_t write; /* ours */
    volatile uint32_t read;  /* the reader's */
    uint32_t flags;
} rtt_channel_t;

typedef struct {
    char id[16];
    int32_t up_channels;
    int32_t down_channels;
    rtt_channel_t up[1];
} rtt_block_t;

rtt_block_t _SEGGER_RTT;
static char data[BENCH_RTT_BYTES];
static bool dropped;

static uint32_t room(const rtt_channel_t *channel)
{
    return (channel->read + channel->bytes - channel->write - 1u) % channel->bytes;
}

static void put(rtt_channel_t *channel, const char *text)
{
    uint32_t at = channel->write;

    for (; *text != '\0'; text++) {
        channel->data[at] = *text;
        at = at + 1u == channel->bytes ? 0u : at + 1u;
    }
    rig_port_barrier();
    channel->write = at;
}

static uint32_t length_of(const char *text)
{
    uint32_t n = 0;

    while (text[n] != '\0') {
        n++;
    }
    return n;
}

void bench_log_start(void)
{
    /* The id is written backwards and last, so that a reader never takes a half-made block for a whole one. */
    static const char id[] = "SEGGER RTT";

    _SEGGER_RTT.up_channels = 1;
    _SEGGER_RTT.down_channels = 0;
    _SEGGER_RTT.up[0].name = "log";
    _SEGGER_RTT.up[0].data = data;
    _SEGGER_RTT.up[0].bytes = sizeof(data);
    rig_port_barrier();
    for (int i = (int)sizeof(id) - 1; i >= 0; i--) {
        ((volatile char *)_SEGGER_RTT.id)[i] = id[i];
    }
}

void bench_log(const char *line)
{
    static const char note[] = "(lines dropped: the log was full)\n";
    rtt_channel_t *channel = &_SEGGER_RTT.up[0];

    if (dropped && room(channel) > sizeof(note)) {
        put(channel, note);
        dropped = false;
    }
    if (room(channel) < length_of(line) + 1u) {
        dropped = true;
        return;
    }
    put(channel, line);
    put(channel, "\n");
}
