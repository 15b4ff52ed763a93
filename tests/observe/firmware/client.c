/*
 * An application of our own Client with the symbols and the calling convention of the profile bare-client: it prepares a
 * message in the Client's stream, writes it there, and gets it in a callback for topics. One writer, one reader, an Agent
 * on the UART. Each message begins with its number.
 */
#include <string.h>

#include "rig_middleware.h"
#include "rig_port.h"

#define BYTES 96u

typedef struct { uint8_t raw, index, type, direction; } stream_id_t;
typedef struct { uint16_t id; uint8_t type; } object_id_t;
typedef struct { uint8_t *init, *final, *iterator; } buffer_t;

enum { RELIABLE = 2, SHARED_MEMORY = 3 };

static rig_mw_transport_t transport;
static uint8_t pool[4096] __attribute__((aligned(8)));
static uint8_t streams[16384] __attribute__((aligned(8)));
static uint8_t message[BYTES];
static volatile uint32_t heard;

uint16_t uxr_prepare_output_stream(void *session, stream_id_t stream, object_id_t writer, buffer_t *buffer,
                                   uint32_t length);
void on_topic(void *session, object_id_t object, uint16_t request, stream_id_t stream, buffer_t *buffer,
              uint16_t length, void *arguments);
int main(int argc, char **argv);

#ifdef SHM
void uxr_prepare_shared_memory(void);

__attribute__((noinline)) void uxr_prepare_shared_memory(void)
{
    __asm volatile("" ::: "memory");
}
#endif

__attribute__((noinline)) uint16_t uxr_prepare_output_stream(void *session, stream_id_t stream, object_id_t writer,
                                                             buffer_t *buffer, uint32_t length)
{
    (void)session, (void)stream;
#ifdef SHM
    uxr_prepare_shared_memory();
#endif
    if (rig_mw_loan(0, writer.id, length, &buffer->init) != RIG_MW_OK) {
        return 0;
    }
    buffer->iterator = buffer->init;
    buffer->final = buffer->init + length;
    return 1;
}

__attribute__((noinline)) void on_topic(void *session, object_id_t object, uint16_t request, stream_id_t stream,
                                        buffer_t *buffer, uint16_t length, void *arguments)
{
    (void)session, (void)object, (void)request, (void)stream, (void)length, (void)arguments;
    heard += buffer->iterator[0];
}

static void on_message(void *context, const rig_mw_message_t *got)
{
    stream_id_t stream = {0x80, 0, (uint8_t)(got->local ? SHARED_MEMORY : RELIABLE), 1};
    object_id_t object = {got->reader, 6};
    union { const uint8_t *from; uint8_t *to; } data = {got->data};
    buffer_t buffer = {data.to, data.to + got->length, data.to};

    on_topic(context, object, 0, stream, &buffer, (uint16_t)got->length, context);
}

static void make(uint8_t kind, uint16_t id, uint16_t parent)
{
    rig_mw_entity_t entity = {0};

    entity.kind = kind;
    entity.form = RIG_MW_BIN;
    entity.id = id;
    entity.parent = parent;
    entity.topic = 1;
    entity.name = "rt/observed";
    entity.type = "std_msgs::msg::dds_::UInt8MultiArray_";
    entity.qos.reliable = true;
    entity.reliable_stream = true;
    while (rig_mw_create(&entity, 1000) != RIG_MW_OK) {
    }
}

static void start(void)
{
    static const rig_mw_delivery_t without_limit = {0xFFFF, 0, 0, 0};
    rig_mw_config_t config = {0};

    transport.framed = rig_port_link()->framed;
    transport.write = rig_port_link()->write;
    transport.read = rig_port_link()->read;
    config.transport = &transport;
    config.buffer_memory = pool;
    config.buffer_bytes = sizeof(pool);
    config.buffer_count = 4;
    config.stream_memory = streams;
    config.stream_bytes = sizeof(streams);
    config.mtu = 512;
    config.history = 4;
    config.on_message = on_message;
    (void)rig_mw_start(&config);
    while (rig_mw_session_open(0x0B5E4BED, 1000) != 0) {
    }
    make(RIG_MW_PARTICIPANT, 1, 0);
    make(RIG_MW_TOPIC, 1, 1);
    make(RIG_MW_PUBLISHER, 1, 1);
    make(RIG_MW_SUBSCRIBER, 1, 1);
    make(RIG_MW_DATAWRITER, 1, 1);
    make(RIG_MW_DATAREADER, 1, 1);
    (void)rig_mw_read(0, 1, &without_limit);
}

int main(int argc, char **argv)
{
    const stream_id_t stream = {0x80, 0, RELIABLE, 0};
    const object_id_t writer = {1, 5};
    uint32_t number = 0;
    buffer_t buffer;

    if (rig_port_start(argc, argv) != 0) {
        return 1;
    }
    start();
    for (;;) {
        for (uint32_t i = 0, next = number + 1u; i < BYTES; i++) {
            next = next * 1664525u + 1013904223u;
            message[i] = (uint8_t)(next >> 24);
        }
        memcpy(message, &number, sizeof(number));
        if (uxr_prepare_output_stream(&pool, stream, writer, &buffer, BYTES) != 0u) {
            memcpy(buffer.iterator, message, BYTES);
            (void)rig_mw_publish(0, writer.id);
            number++;
        }
        (void)rig_mw_spin(10);
    }
}
