/*
 * The two callbacks of a sample: rmw's, when the Client hands it over, and the executor's, when the application gets it.
 *
 * rmw's is caught by the linker (--wrap=on_topic): its stream tells shared memory from network. rmw copies the sample into
 * one of its places, or, when none is free, drops it and tells nobody; the way of each that it kept is noted until the
 * executor takes it.
 */
#include <string.h>

#include <uxr/client/client.h>

#include "rig_mw_state.h"

void __real_on_topic(uxrSession *session, uxrObjectId object, uint16_t request, uxrStreamId stream, ucdrBuffer *buffer,
                     uint16_t length, void *arguments);
void __wrap_on_topic(uxrSession *session, uxrObjectId object, uint16_t request, uxrStreamId stream, ucdrBuffer *buffer,
                     uint16_t length, void *arguments);

static rig_mw_reader_t *reader_of(uint16_t datareader)
{
    for (uint32_t i = 0; i < RMW_UXRCE_MAX_SUBSCRIPTIONS; i++) {
        if (rig_mw.readers[i].used && rig_mw.readers[i].datareader == datareader) {
            return &rig_mw.readers[i];
        }
    }
    return NULL;
}

static bool oldest(rig_mw_ways_t *ways)
{
    bool local = ways->local[0] != 0u;

    memmove(ways->local, ways->local + 1, sizeof(ways->local) - 1u);
    ways->count--;
    return local;
}

static void count(bool local)
{
    if (local) {
        rig_mw.statistics.delivered_local++;
    } else {
        rig_mw.statistics.delivered_link++;
    }
}

static void hand_over(const rig_mw_reader_t *reader, const uint8_t *data, uint32_t length, bool local)
{
    rig_mw_message_t message = {0};

    message.data = data;
    message.length = length;
    message.reader = reader->id;
    message.local = local;
    count(local);
    rig_mw.config.on_message(rig_mw.config.context, &message);
}

#ifdef RIG_MW_CALLBACK_TRANSPORT
/* The sample where the Client has it; one that lies in several slots is not in one piece, and only counted. */
static void hand_over_raw(const rig_mw_reader_t *reader, const ucdrBuffer *buffer, uint16_t length, bool local)
{
    uint32_t bytes;

    if (length < CDR_BYTES || (size_t)(buffer->final - buffer->iterator) < length) {
        rig_mw.statistics.lost++;
        return;
    }
    memcpy(&bytes, buffer->iterator + CDR_BYTES - sizeof(bytes), sizeof(bytes)); /* both ends are little-endian */
    hand_over(reader, buffer->iterator + CDR_BYTES, bytes, local);
}
#endif

void __wrap_on_topic(uxrSession *session, uxrObjectId object, uint16_t request, uxrStreamId stream, ucdrBuffer *buffer,
                     uint16_t length, void *arguments)
{
    rig_mw_reader_t *reader = reader_of(object.id);
    bool local = stream.type == UXR_SHARED_MEMORY_STREAM;
    const uint8_t *before = buffer->iterator;

    rig_mw.heard_local += local ? 1u : 0u;
#ifdef RIG_MW_CALLBACK_TRANSPORT
    if (reader != NULL) {
        hand_over_raw(reader, buffer, length, local);
    }
#endif
    __real_on_topic(session, object, request, stream, buffer, length, arguments);
    if (reader == NULL) {
        return;
    }
    if (buffer->iterator == before) {
#ifndef RIG_MW_CALLBACK_TRANSPORT
        rig_mw.statistics.lost++; /* rmw had no place for it */
#endif
        return;
    }
    if (reader->ways.count > 0u &&
        (reader->ways.count == reader->depth || reader->ways.count == RMW_UXRCE_MAX_HISTORY)) {
        (void)oldest(&reader->ways); /* rmw put the new one in its place */
    }
    reader->ways.local[reader->ways.count++] = local ? 1u : 0u;
}

void rig_mw_on_taken(const void *message, void *context)
{
    const std_msgs__msg__ByteMultiArray *taken = message;
    rig_mw_reader_t *reader = context;
    bool local = reader->ways.count > 0u && oldest(&reader->ways);

#ifdef RIG_MW_CALLBACK_TRANSPORT
    (void)taken;
    (void)local; /* the bench had it already */
#else
    hand_over(reader, taken->data.data, (uint32_t)taken->data.size, local);
#endif
}
