/*
 * Stands in for a micro-ROS application: functions of the same names and arguments, and the behaviours that a run has to
 * tell apart. Nothing of micro-ROS, nothing of the rig.
 *
 * Of every eight samples, by number modulo 8: 5 comes over the link, 6 to no reader, 7 is delivered and reported as failed.
 * The application's callback gets what came, in order; -DSWAP hands over the samples 1 and 2 of each eight the wrong way.
 * -DSILENT never publishes, -DCRASH faults after a few samples, -DNETWORK has no shared memory: all comes over the link.
 */
#include <stdint.h>

typedef struct { uint8_t raw, index, type, direction; } stream_id_t;
typedef struct { uint16_t id; uint8_t type; } object_id_t;
typedef struct { uint32_t counter; uint8_t data[60]; } message_t;

extern uint32_t stack_top[];
static message_t kept[16];
static volatile uint32_t waiting;

__attribute__((noinline)) void on_topic(void *session, object_id_t object, uint16_t request, stream_id_t stream,
                                        const message_t *buffer, uint16_t length, void *arguments);
__attribute__((noinline)) int rcl_publish(void *publisher, const message_t *message, void *allocation);
__attribute__((noinline)) void app_callback(const message_t *message);
void reset(void);

void on_topic(void *session, object_id_t object, uint16_t request, stream_id_t stream, const message_t *buffer,
              uint16_t length, void *arguments)
{
    (void)session, (void)object, (void)request, (void)stream, (void)length, (void)arguments;
    kept[waiting++ & 15u] = *buffer;
}

#ifndef NETWORK
__attribute__((noinline)) void uxr_prepare_shared_memory(void);

void uxr_prepare_shared_memory(void)
{
    __asm volatile("" ::: "memory");
}
#endif

int rcl_publish(void *publisher, const message_t *message, void *allocation)
{
    stream_id_t stream = {0x80, 0, 3, 0};
    object_id_t object = {1, 6};
    uint32_t turn = message->counter & 7u;

    (void)publisher, (void)allocation;
#ifdef NETWORK
    turn = 0;
    stream.type = 2;
#else
    uxr_prepare_shared_memory();
#endif
    if (turn == 5u) {
        stream.type = 2;
    }
    if (turn != 6u) {
        on_topic(0, object, 0, stream, message, sizeof(*message), 0);
    }
    return turn == 7u;
}

void app_callback(const message_t *message)
{
    __asm volatile("" ::"r"(message) : "memory");
}

__attribute__((noinline)) static void spin(void)
{
    uint32_t count = waiting;

#ifdef CRASH
    if (kept[0].counter == 8u) {
        __asm volatile("udf #1");
    }
#endif

    waiting = 0;
    for (uint32_t i = 0; i < count; i++) {
        app_callback(&kept[i]);
    }
}

static void fault(void)
{
    for (;;) {
    }
}

void reset(void)
{
    static message_t message;

    waiting = 0;
    message.counter = 0;
    for (uint32_t i = 0, next = 1; i < sizeof(message.data); i++) {
        next = next * 1664525u + 1013904223u;
        message.data[i] = (uint8_t)(next >> 24);
    }
#ifdef SILENT
    for (;;) {
    }
#endif
    for (;;) {
        (void)rcl_publish(0, &message, 0);
#ifdef SWAP
        if ((message.counter & 7u) == 2u) {
            message_t other = kept[0];

            kept[0] = kept[1];
            kept[1] = other;
        }
        if ((message.counter & 7u) != 1u) {
            spin();
        }
#else
        spin();
#endif
        message.counter++;
        message.data[message.counter % sizeof(message.data)]++; /* no sample is like one before it */
    }
}

__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {stack_top, (void *)reset, (void *)fault, (void *)fault};
