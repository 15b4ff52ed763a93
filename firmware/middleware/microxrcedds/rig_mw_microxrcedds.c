/*
 * The bench's middleware interface over an installed eProsima Micro XRCE-DDS Client, through its public functions only.
 *
 * A message is written where the Client itself keeps it: in its output stream. The Client's shared memory hands that
 * same place to the readers. Where a message is longer than one slot of the stream, the Client scatters it over several;
 * the bench's interface wants one piece, so it is written beside the stream and copied in, and each reader gets a copy
 * gathered from the slots: those copies are counted like every other.
 *
 * One session: the Client tells sessions apart by the link they use, and there is one. It has no way to begin without
 * an Agent, no way to take a prepared message back, and no lock hooks in this build: none of these is offered.
 */
#include <string.h>

#include <ucdr/microcdr.h>
#include <uxr/client/client.h>

#include "rig_middleware.h"
#include "rig_mw_create.h"
#include "rig_port.h"

#ifndef RIG_MW_MAX_IDS
#define RIG_MW_MAX_IDS 4096 /* object numbers of a kind: all that there are */
#endif

/* A stream longer than this keeps the link busy for minutes with one message. */
#define MAX_SLOTS 4096u

#define SLOT_PREFIX 4u      /* the Client's length field before each slot */
#define MESSAGE_HEADER 4u   /* of a session without its key in the header */
#define SUBMESSAGE_HEADER 4u
#define WRITE_DATA_HEADER 4u

#define TEXT_OF(value) #value
#define TEXT(value) TEXT_OF(value)

typedef struct {
    uint8_t *memory;
    uint32_t bytes;
} area_t;

typedef struct {
    bool open;
    bool scattered; /* written to `staging`, copied into the stream by publish */
    uint16_t writer;
    uint32_t length;
    ucdrBuffer buffer;
} loan_t;

static struct {
    bool started;
    bool connected;
    bool muted; /* what the Client sends is thrown away */
    rig_mw_config_t config;
    rig_mw_transport_t link;
    uint16_t mtu;
    uint16_t out_slots;
    uint16_t in_slots;
    area_t out, in, best_effort; /* the Client's streams */
    area_t staging, gathered;    /* one message each, in one piece */
    uxrCustomTransport transport;
    uxrSession session;
    uxrStreamId out_reliable, out_best_effort, in_reliable, in_best_effort;
    loan_t loan;
    uint8_t writers[RIG_MW_MAX_IDS / 8];
    uint8_t reliable_writers[RIG_MW_MAX_IDS / 8];
    uint8_t reliable_readers[RIG_MW_MAX_IDS / 8];
    rig_mw_statistics_t statistics;
} mw;

static bool bit(const uint8_t *bits, uint16_t id)
{
    return (bits[id >> 3] >> (id & 7u) & 1u) != 0u;
}

static void bit_set(uint8_t *bits, uint16_t id, bool value)
{
    uint8_t mask = (uint8_t)(1u << (id & 7u));

    bits[id >> 3] = (uint8_t)(value ? bits[id >> 3] | mask : bits[id >> 3] & ~mask);
}

const char *rig_mw_name(void)
{
    return "microxrcedds";
}

/* Version, then what was chosen when the Client was installed: shared memory as entities/buffers, and the MTU. */
const char *rig_mw_version(void)
{
#ifdef UCLIENT_PROFILE_SHARED_MEMORY
    return UXR_CLIENT_VERSION_STR " shm=" TEXT(UXR_CONFIG_SHARED_MEMORY_MAX_ENTITIES) "/" TEXT(
        UXR_CONFIG_SHARED_MEMORY_STATIC_MEM_SIZE) " mtu=" TEXT(UXR_CONFIG_CUSTOM_TRANSPORT_MTU);
#else
    return UXR_CLIENT_VERSION_STR " mtu=" TEXT(UXR_CONFIG_CUSTOM_TRANSPORT_MTU);
#endif
}

uint32_t rig_mw_capabilities(void)
{
    uint32_t capabilities = RIG_MW_CAP_LOAN | RIG_MW_CAP_XML | RIG_MW_CAP_REF | RIG_MW_CAP_DELETE;

#ifdef UCLIENT_PROFILE_SHARED_MEMORY
    capabilities |= RIG_MW_CAP_SHM;
#endif
    return capabilities;
}

/* --- the link ---------------------------------------------------------------------------------------------------- */

static bool link_open(uxrCustomTransport *transport)
{
    (void)transport;
    return true;
}

static bool link_close(uxrCustomTransport *transport)
{
    (void)transport;
    return true;
}

static size_t link_write(uxrCustomTransport *transport, const uint8_t *bytes, size_t length, uint8_t *error)
{
    int sent;

    (void)transport;
    *error = 0;
    if (mw.muted) {
        return length;
    }
    sent = mw.link.write(mw.link.context, bytes, length);
    if (sent < 0) {
        *error = 1;
        return 0;
    }
    return (size_t)sent;
}

static size_t link_read(uxrCustomTransport *transport, uint8_t *bytes, size_t capacity, int timeout, uint8_t *error)
{
    int got;

    (void)transport;
    *error = 0;
    if (mw.muted) {
        return 0;
    }
    got = mw.link.read(mw.link.context, bytes, capacity, timeout < 0 ? 0 : timeout);
    if (got < 0) {
        *error = 1;
        return 0;
    }
    return (size_t)got;
}

/* --- delivery ---------------------------------------------------------------------------------------------------- */

static void on_topic(uxrSession *session, uxrObjectId object, uint16_t request, uxrStreamId stream, ucdrBuffer *buffer,
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
    if ((size_t)(buffer->final - buffer->iterator) >= length) {
        message.data = buffer->iterator;
    } else if (length <= mw.gathered.bytes &&
               ucdr_deserialize_array_uint8_t(buffer, mw.gathered.memory, message.length)) {
        message.data = mw.gathered.memory;
    } else {
        mw.statistics.lost++;
        return;
    }
    if (message.local) {
        mw.statistics.delivered_local++;
    } else {
        mw.statistics.delivered_link++;
    }
    mw.config.on_message(mw.config.context, &message);
}

static uint32_t delivered(void)
{
    return mw.statistics.delivered_local + mw.statistics.delivered_link;
}

/* --- memory ------------------------------------------------------------------------------------------------------ */

/* Twice as many slots as long as they fit: a scenario with one buffer asks for the longest message there can be. */
static uint16_t grow(uint32_t slots, uint32_t mtu, uint32_t bytes)
{
    while (slots * 2u <= MAX_SLOTS && slots * 2u * mtu <= bytes) {
        slots *= 2u;
    }
    return (uint16_t)slots;
}

static area_t cut(area_t *from, uint32_t bytes)
{
    area_t piece = {from->memory, bytes};

    from->memory += bytes;
    from->bytes -= bytes;
    return piece;
}

/* The Client keeps shared messages in its output stream, so that one lives in the message memory; what is left there
 * holds a message in one piece on its way in and on its way out. The stream memory holds the rest. */
static int divide_memory(void)
{
    area_t messages = {mw.config.buffer_memory, mw.config.buffer_bytes};
    area_t streams = {mw.config.stream_memory, mw.config.stream_bytes};
    uint32_t mtu = mw.config.mtu < UXR_CONFIG_CUSTOM_TRANSPORT_MTU ? mw.config.mtu : UXR_CONFIG_CUSTOM_TRANSPORT_MTU;
    uint32_t slots = mw.config.history;

    if (mtu < 64u || slots == 0u || (slots & (slots - 1u)) != 0u || slots > MAX_SLOTS || messages.memory == NULL ||
        streams.memory == NULL) {
        return RIG_MW_ERR_ARGUMENT;
    }
    mtu &= ~3u;
    if (messages.bytes / 2u < slots * mtu || streams.bytes < (slots + 1u) * mtu) {
        return RIG_MW_ERR_ARGUMENT;
    }
    mw.mtu = (uint16_t)mtu;
    mw.best_effort = cut(&streams, mtu);
    mw.out_slots = mw.in_slots = (uint16_t)slots;
    if (mw.config.buffer_count == 1u) {
        mw.out_slots = grow(slots, mtu, messages.bytes / 3u);
        mw.in_slots = grow(slots, mtu, streams.bytes);
    }
    mw.out = cut(&messages, mw.out_slots * mtu);
    mw.in = cut(&streams, mw.in_slots * mtu);
    mw.staging = cut(&messages, messages.bytes / 2u & ~7u);
    mw.gathered = messages;
    return RIG_MW_OK;
}

/* --- sessions ---------------------------------------------------------------------------------------------------- */

/* The Client forgets its table of shared entities in one place only: where a session is deleted. */
static void forget_session(void)
{
    if (mw.connected) {
        mw.muted = true;
        (void)uxr_delete_session_retries(&mw.session, 0);
        mw.muted = false;
        mw.connected = false;
    }
}

int rig_mw_start(const rig_mw_config_t *config)
{
    int status;

    if (config == NULL || config->on_message == NULL) {
        return RIG_MW_ERR_ARGUMENT;
    }
    rig_mw_stop();
    memset(&mw, 0, sizeof(mw));
    mw.config = *config;
    status = divide_memory();
    if (status != RIG_MW_OK) {
        return status;
    }
    if (config->transport != NULL) {
        mw.link = *config->transport;
        uxr_set_custom_transport_callbacks(&mw.transport, mw.link.framed, link_open, link_close, link_write, link_read);
        if (!uxr_init_custom_transport(&mw.transport, NULL)) {
            return RIG_MW_ERR_LINK;
        }
        mw.transport.comm.mtu = mw.mtu;
    }
    mw.started = true;
    return RIG_MW_OK;
}

void rig_mw_stop(void)
{
    if (mw.started) {
        forget_session();
    }
    mw.started = false;
}

int rig_mw_session_open(uint32_t client_key, uint32_t timeout_ms)
{
    uint32_t attempts = (timeout_ms + UXR_CONFIG_MIN_SESSION_CONNECTION_INTERVAL - 1u) /
                        UXR_CONFIG_MIN_SESSION_CONNECTION_INTERVAL;

    if (!mw.started) {
        return RIG_MW_ERR_STATE;
    }
    if (client_key == 0u) {
        return RIG_MW_ERR_ARGUMENT;
    }
    if (timeout_ms == 0u || mw.config.transport == NULL || mw.connected) {
        return RIG_MW_ERR_UNSUPPORTED; /* no session without an Agent, and no second one */
    }
    memset(&mw.session, 0, sizeof(mw.session));
    uxr_init_session(&mw.session, &mw.transport.comm, client_key);
    uxr_set_topic_callback(&mw.session, on_topic, NULL);
    if (!uxr_create_session_retries(&mw.session, attempts)) {
        return mw.session.info.last_requested_status == UXR_STATUS_NONE ? RIG_MW_ERR_TIMEOUT : RIG_MW_ERR_REFUSED;
    }
    mw.out_reliable = uxr_create_output_reliable_stream(&mw.session, mw.out.memory, mw.out.bytes, mw.out_slots);
    mw.out_best_effort =
        uxr_create_output_best_effort_stream(&mw.session, mw.best_effort.memory, mw.best_effort.bytes);
    mw.in_reliable = uxr_create_input_reliable_stream(&mw.session, mw.in.memory, mw.in.bytes, mw.in_slots);
    mw.in_best_effort = uxr_create_input_best_effort_stream(&mw.session);
    memset(mw.writers, 0, sizeof(mw.writers));
    mw.loan.open = false;
    mw.statistics.entities = 0;
    mw.connected = true;
    return 0;
}

int rig_mw_session_close(uint8_t session, uint32_t timeout_ms)
{
    if (!mw.started) {
        return RIG_MW_ERR_STATE;
    }
    if (session != 0u || !mw.connected) {
        return RIG_MW_ERR_UNKNOWN;
    }
    mw.connected = false;
    mw.loan.open = false;
    mw.statistics.entities = 0;
    if (!uxr_delete_session_retries(&mw.session, (timeout_ms + UXR_CONFIG_MIN_SESSION_CONNECTION_INTERVAL - 1u) /
                                                     UXR_CONFIG_MIN_SESSION_CONNECTION_INTERVAL)) {
        return timeout_ms == 0u ? RIG_MW_OK : RIG_MW_ERR_TIMEOUT;
    }
    return RIG_MW_OK;
}

/* RIG_MW_OK if functions that need a session may go on. */
static int usable(uint8_t session)
{
    if (!mw.started) {
        return RIG_MW_ERR_STATE;
    }
    return session == 0u && mw.connected ? RIG_MW_OK : RIG_MW_ERR_UNKNOWN;
}

/* --- entities ---------------------------------------------------------------------------------------------------- */

/* Sends what is buffered and, with a time-out, waits for the status of `request`. */
static int settle(uint16_t request, uint32_t timeout_ms)
{
    uint8_t status = UXR_STATUS_NONE;

    if (timeout_ms == 0u) {
        uxr_flash_output_streams(&mw.session);
        return RIG_MW_OK;
    }
    (void)uxr_run_session_until_all_status(&mw.session, (int)timeout_ms, &request, &status, 1);
    if (status == UXR_STATUS_NONE) {
        return RIG_MW_ERR_TIMEOUT;
    }
    return status == UXR_STATUS_OK || status == UXR_STATUS_OK_MATCHED ? RIG_MW_OK : RIG_MW_ERR_REFUSED;
}

int rig_mw_create(const rig_mw_entity_t *entity, uint32_t timeout_ms)
{
    int status;

    if (entity == NULL) {
        return RIG_MW_ERR_ARGUMENT;
    }
    status = usable(entity->session);
    if (status != RIG_MW_OK) {
        return status;
    }
    if (entity->id >= RIG_MW_MAX_IDS) {
        mw.statistics.refused_table++;
        return RIG_MW_ERR_TABLE_FULL;
    }
    status = rig_mw_create_request(&mw.session, mw.out_reliable, entity);
    if (status < 0) {
        return status;
    }
    status = settle((uint16_t)status, timeout_ms);
    if (status != RIG_MW_OK) {
        return status;
    }
    mw.statistics.entities++;
    if (entity->kind == RIG_MW_DATAWRITER) {
        bit_set(mw.writers, entity->id, true);
        bit_set(mw.reliable_writers, entity->id, entity->reliable_stream);
    } else if (entity->kind == RIG_MW_DATAREADER) {
        bit_set(mw.reliable_readers, entity->id, entity->reliable_stream);
    }
    return RIG_MW_OK;
}

int rig_mw_delete(uint8_t session, uint8_t kind, uint16_t id, uint32_t timeout_ms)
{
    int status = usable(session);
    uint16_t request;

    if (status != RIG_MW_OK) {
        return status;
    }
    if (id >= RIG_MW_MAX_IDS) {
        return RIG_MW_ERR_UNKNOWN;
    }
    request = uxr_buffer_delete_entity(&mw.session, mw.out_reliable, uxr_object_id(id, kind));
    if (request == UXR_INVALID_REQUEST_ID) {
        return RIG_MW_ERR_NO_BUFFER;
    }
    if (kind == RIG_MW_DATAWRITER) {
        bit_set(mw.writers, id, false);
    }
    status = settle(request, timeout_ms);
    if (status == RIG_MW_OK && mw.statistics.entities > 0u) {
        mw.statistics.entities--;
    }
    return status;
}

int rig_mw_read(uint8_t session, uint16_t reader, uint16_t max_samples)
{
    uxrDeliveryControl control = {0};
    uxrObjectId object = uxr_object_id(reader, UXR_DATAREADER_ID);
    int status = usable(session);
    uint16_t request;

    if (status != RIG_MW_OK) {
        return status;
    }
    if (reader >= RIG_MW_MAX_IDS) {
        return RIG_MW_ERR_UNKNOWN;
    }
    control.max_samples = max_samples;
    if (max_samples == 0u) {
        request = uxr_buffer_cancel_data(&mw.session, mw.out_reliable, object);
    } else {
        request = uxr_buffer_request_data(&mw.session, mw.out_reliable, object,
                                          bit(mw.reliable_readers, reader) ? mw.in_reliable : mw.in_best_effort,
                                          &control);
    }
    if (request == UXR_INVALID_REQUEST_ID) {
        return RIG_MW_ERR_NO_BUFFER;
    }
    uxr_flash_output_streams(&mw.session);
    return RIG_MW_OK;
}

/* --- messages ---------------------------------------------------------------------------------------------------- */

/* The longest message that the stream can ever hold. */
static uint32_t longest(bool reliable)
{
    uint32_t slot = mw.mtu - MESSAGE_HEADER - SUBMESSAGE_HEADER;

    if (!reliable) {
        return slot - WRITE_DATA_HEADER;
    }
    slot = (slot - SLOT_PREFIX) * mw.out_slots - SUBMESSAGE_HEADER - WRITE_DATA_HEADER;
    return slot < mw.staging.bytes ? slot : mw.staging.bytes;
}

int rig_mw_loan(uint8_t session, uint16_t writer, uint32_t length, uint8_t **place)
{
    int status = usable(session);
    bool reliable;

    if (status != RIG_MW_OK) {
        return status;
    }
    if (writer >= RIG_MW_MAX_IDS || !bit(mw.writers, writer)) {
        return RIG_MW_ERR_UNKNOWN;
    }
    if (mw.loan.open) {
        return RIG_MW_ERR_STATE;
    }
    reliable = bit(mw.reliable_writers, writer);
    if (length > longest(reliable)) {
        return RIG_MW_ERR_TOO_LARGE;
    }
    if (uxr_prepare_output_stream(&mw.session, reliable ? mw.out_reliable : mw.out_best_effort,
                                  uxr_object_id(writer, UXR_DATAWRITER_ID), &mw.loan.buffer,
                                  length) == UXR_INVALID_REQUEST_ID) {
        mw.statistics.refused_buffer++;
        return RIG_MW_ERR_NO_BUFFER;
    }
    mw.loan.scattered = (size_t)(mw.loan.buffer.final - mw.loan.buffer.iterator) < length;
    mw.loan.writer = writer;
    mw.loan.length = length;
    mw.loan.open = true;
    *place = mw.loan.scattered ? mw.staging.memory : mw.loan.buffer.iterator;
    return RIG_MW_OK;
}

int rig_mw_publish(uint8_t session, uint16_t writer)
{
    int status = usable(session);

    if (status != RIG_MW_OK) {
        return status;
    }
    if (!mw.loan.open || mw.loan.writer != writer) {
        return RIG_MW_ERR_STATE;
    }
    mw.loan.open = false;
    if (mw.loan.scattered &&
        !ucdr_serialize_array_uint8_t(&mw.loan.buffer, mw.staging.memory, mw.loan.length)) {
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

    if (!mw.started) {
        return RIG_MW_ERR_STATE;
    }
    if (!mw.connected) {
        if (timeout_ms > 0u) {
            rig_port_wait(timeout_ms);
        }
        return 0;
    }
    (void)uxr_run_session_until_data(&mw.session, 0);
    if (delivered() == before && timeout_ms > 0u) {
        (void)uxr_run_session_until_data(&mw.session, (int)timeout_ms);
    }
    if (delivered() != before) {
        do {
            last = delivered();
            (void)uxr_run_session_until_data(&mw.session, 0);
        } while (delivered() != last);
    }
    return (int)(delivered() - before);
}

void rig_mw_statistics(rig_mw_statistics_t *out)
{
    *out = mw.statistics; /* `buffers_free` stays 0: the Client does not tell */
}
