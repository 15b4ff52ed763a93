#include <string.h>

#include "rig_mw_locks.h"
#include "rig_mw_state.h"
#include "rig_port.h"

/* The backend's own copy, under a name of its own, so that no trace takes it for the Client's. */
static bool rig_mw_gather(uint8_t *to, ucdrBuffer *buffer, uint32_t length)
{
    for (;;) {
        size_t there = (size_t)(buffer->final - buffer->iterator);
        size_t bytes = there < length ? there : length;

        memcpy(to, buffer->iterator, bytes);
        buffer->iterator += bytes;
        to += bytes;
        length -= (uint32_t)bytes;
        rig_mw.statistics.copied += (uint32_t)bytes;
        if (length == 0u) {
            return true;
        }
        if (buffer->on_full_buffer == NULL || buffer->on_full_buffer(buffer, buffer->args)) {
            return false; /* there is no more of it */
        }
    }
}

const uint8_t *rig_mw_in_one_piece(ucdrBuffer *buffer, uint32_t length)
{
    if ((size_t)(buffer->final - buffer->iterator) >= length) {
        return buffer->iterator;
    }
    if (length <= rig_mw.gathered.bytes && rig_mw_gather(rig_mw.gathered.memory, buffer, length)) {
        return rig_mw.gathered.memory;
    }
    return NULL;
}

void rig_mw_on_topic(uxrSession *session, uxrObjectId object, uint16_t request, uxrStreamId stream, ucdrBuffer *buffer,
                     uint16_t length, void *context)
{
    rig_mw_message_t message;

    (void)session;
    (void)request;
    (void)context;
    message.length = length;
    message.reader = object.id;
    message.session = 0;
    message.local = stream.type == UXR_SHARED_MEMORY_STREAM;
    message.data = rig_mw_in_one_piece(buffer, length);
    if (message.data == NULL) {
        rig_mw.statistics.lost++;
        return;
    }
    if (message.local) {
        rig_mw.statistics.delivered_local++;
    } else {
        rig_mw.statistics.delivered_link++;
    }
    rig_mw.config.on_message(rig_mw.config.context, &message);
}

static uint32_t delivered(void)
{
    return rig_mw.statistics.delivered_local + rig_mw.statistics.delivered_link;
}

static uxrStreamId stream_of(uint16_t writer)
{
    return rig_mw_bit(rig_mw.reliable_writers, writer) ? rig_mw.out_reliable : rig_mw.out_best_effort;
}

static int no_buffer(void)
{
    rig_mw.statistics.refused_buffer++;
    return RIG_MW_ERR_NO_BUFFER;
}

int rig_mw_loan(uint8_t session, uint16_t writer, uint32_t length, uint8_t **place)
{
    int status = rig_mw_usable(session);

    if (status != RIG_MW_OK) {
        return status;
    }
    if (writer >= RIG_MW_MAX_IDS || !rig_mw_bit(rig_mw.writers, writer)) {
        return RIG_MW_ERR_UNKNOWN;
    }
    if (rig_mw.loan.open) { /* the Client has one place at a time, whoever it is for */
        return rig_mw.loan.writer == writer ? RIG_MW_ERR_STATE : RIG_MW_ERR_UNSUPPORTED;
    }
    if (length > rig_mw_longest(rig_mw_bit(rig_mw.reliable_writers, writer))) {
        return RIG_MW_ERR_TOO_LARGE;
    }
    if (!rig_mw_may_lock(stream_of(writer))) {
        return no_buffer();
    }
    rig_mw.loan.staged = length > rig_mw_slot();
    if (!rig_mw.loan.staged &&
        uxr_prepare_output_stream(&rig_mw.session, stream_of(writer), uxr_object_id(writer, UXR_DATAWRITER_ID),
                                  &rig_mw.loan.buffer, length) == UXR_INVALID_REQUEST_ID) {
        return no_buffer();
    }
    rig_mw.loan.writer = writer;
    rig_mw.loan.length = length;
    rig_mw.loan.open = true;
    *place = rig_mw.loan.staged ? rig_mw.staging.memory : rig_mw.loan.buffer.iterator;
    return RIG_MW_OK;
}

#ifdef RIG_MW_LONG_FRAGMENTED
/* The stream is full: what is in it has to reach the Agent first. */
static bool flush(uxrSession *session, void *context)
{
    (void)context;
    return uxr_run_session_until_confirm_delivery(session, UXR_CONFIG_MIN_SESSION_CONNECTION_INTERVAL);
}

static uint16_t send_long(uxrStreamId stream, uxrObjectId writer, uint8_t *message, uint32_t length)
{
    ucdrBuffer buffer;
    uint16_t request =
        uxr_prepare_output_stream_fragmented(&rig_mw.session, stream, writer, &buffer, length, flush, NULL);

    if (request != UXR_INVALID_REQUEST_ID) {
        if (!ucdr_serialize_array_uint8_t(&buffer, message, length)) {
            request = UXR_INVALID_REQUEST_ID;
        }
        UXR_UNLOCK_STREAM_ID((&rig_mw.session), stream);
    }
    return request;
}
#else
static uint16_t send_long(uxrStreamId stream, uxrObjectId writer, uint8_t *message, uint32_t length)
{
    return uxr_buffer_topic(&rig_mw.session, stream, writer, message, length);
}
#endif

int rig_mw_publish(uint8_t session, uint16_t writer)
{
    int status = rig_mw_usable(session);
    uxrStreamId stream;

    if (status != RIG_MW_OK) {
        return status;
    }
    if (!rig_mw.loan.open || rig_mw.loan.writer != writer) {
        return RIG_MW_ERR_STATE;
    }
    stream = stream_of(writer);
    rig_mw.loan.open = false;
    if (!rig_mw.loan.staged) {
        UXR_UNLOCK_STREAM_ID((&rig_mw.session), stream);
        return RIG_MW_OK;
    }
    if (!rig_mw_may_lock(stream) || send_long(stream, uxr_object_id(writer, UXR_DATAWRITER_ID), rig_mw.staging.memory,
                                              rig_mw.loan.length) == UXR_INVALID_REQUEST_ID) {
        return no_buffer();
    }
    return RIG_MW_OK;
}

/* The Client has queued a message that fits a slot when its place was prepared; nothing takes it back. */
int rig_mw_loan_cancel(uint8_t session, uint16_t writer)
{
    if (session != 0u || !rig_mw.loan.open || rig_mw.loan.writer != writer) {
        return RIG_MW_ERR_STATE;
    }
    if (!rig_mw.loan.staged) {
        return RIG_MW_ERR_UNSUPPORTED;
    }
    rig_mw.loan.open = false;
    return RIG_MW_OK;
}

/* The Client's own call, with the caller's time-out: it delivers what its shared memory holds at once, and goes on
 * waiting for the link. What the callbacks published is delivered by the calls after it. */
int rig_mw_spin(uint32_t timeout_ms)
{
    uint32_t before = delivered();
    uint32_t last = before;

    if (!rig_mw.started) {
        return RIG_MW_ERR_STATE;
    }
    if (!rig_mw.connected) {
        if (timeout_ms > 0u) {
            rig_port_wait(timeout_ms);
        }
        return 0;
    }
    (void)uxr_run_session_until_data(&rig_mw.session, (int)timeout_ms);
    while (delivered() != last) {
        last = delivered();
        (void)uxr_run_session_until_data(&rig_mw.session, 0);
    }
    return (int)(delivered() - before);
}
