#include "rig_mw_state.h"
#include "rig_port.h"

const uint8_t *rig_mw_in_one_piece(ucdrBuffer *buffer, uint32_t length)
{
    if ((size_t)(buffer->final - buffer->iterator) >= length) {
        return buffer->iterator;
    }
    if (length <= rig_mw.gathered.bytes && ucdr_deserialize_array_uint8_t(buffer, rig_mw.gathered.memory, length)) {
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

int rig_mw_loan(uint8_t session, uint16_t writer, uint32_t length, uint8_t **place)
{
    int status = rig_mw_usable(session);
    bool reliable;

    if (status != RIG_MW_OK) {
        return status;
    }
    if (writer >= RIG_MW_MAX_IDS || !rig_mw_bit(rig_mw.writers, writer)) {
        return RIG_MW_ERR_UNKNOWN;
    }
    if (rig_mw.loan.open) {
        return RIG_MW_ERR_STATE;
    }
    reliable = rig_mw_bit(rig_mw.reliable_writers, writer);
    if (length > rig_mw_longest(reliable)) {
        return RIG_MW_ERR_TOO_LARGE;
    }
    if (uxr_prepare_output_stream(&rig_mw.session, reliable ? rig_mw.out_reliable : rig_mw.out_best_effort,
                                  uxr_object_id(writer, UXR_DATAWRITER_ID), &rig_mw.loan.buffer,
                                  length) == UXR_INVALID_REQUEST_ID) {
        rig_mw.statistics.refused_buffer++;
        return RIG_MW_ERR_NO_BUFFER;
    }
    rig_mw.loan.scattered = (size_t)(rig_mw.loan.buffer.final - rig_mw.loan.buffer.iterator) < length;
    rig_mw.loan.writer = writer;
    rig_mw.loan.length = length;
    rig_mw.loan.open = true;
    *place = rig_mw.loan.scattered ? rig_mw.staging.memory : rig_mw.loan.buffer.iterator;
    return RIG_MW_OK;
}

int rig_mw_publish(uint8_t session, uint16_t writer)
{
    int status = rig_mw_usable(session);

    if (status != RIG_MW_OK) {
        return status;
    }
    if (!rig_mw.loan.open || rig_mw.loan.writer != writer) {
        return RIG_MW_ERR_STATE;
    }
    rig_mw.loan.open = false;
    if (rig_mw.loan.scattered &&
        !ucdr_serialize_array_uint8_t(&rig_mw.loan.buffer, rig_mw.staging.memory, rig_mw.loan.length)) {
        return RIG_MW_ERR_NO_BUFFER;
    }
    return RIG_MW_OK;
}

/* The Client has queued the message when its place was prepared; nothing takes it back. */
int rig_mw_loan_cancel(uint8_t session, uint16_t writer)
{
    (void)session;
    (void)writer;
    return RIG_MW_ERR_UNSUPPORTED;
}

int rig_mw_spin(uint32_t timeout_ms)
{
    uint32_t before = delivered();
    uint32_t last;

    if (!rig_mw.started) {
        return RIG_MW_ERR_STATE;
    }
    if (!rig_mw.connected) {
        if (timeout_ms > 0u) {
            rig_port_wait(timeout_ms);
        }
        return 0;
    }
    (void)uxr_run_session_until_data(&rig_mw.session, 0);
    if (delivered() == before && timeout_ms > 0u) {
        (void)uxr_run_session_until_data(&rig_mw.session, (int)timeout_ms);
    }
    if (delivered() != before) {
        do {
            last = delivered();
            (void)uxr_run_session_until_data(&rig_mw.session, 0);
        } while (delivered() != last);
    }
    return (int)(delivered() - before);
}
