/*
 * The bench's middleware interface over an installed eProsima Micro XRCE-DDS Client, through its public functions only.
 *
 * A message is written where the Client itself keeps it: in its output stream. The Client's shared memory hands that
 * same place to the readers. A message that is longer than one slot of the stream is written beside it and handed to
 * the Client whole: uxr_buffer_topic() scatters it over several slots, or, with RIG_MW_LONG=fragmented,
 * uxr_prepare_output_stream_fragmented() does. The bench's interface wants one piece at the reader too, so each reader
 * gets a copy gathered from the slots: that one is the backend's own, and `copied` of the statistics says so.
 *
 * One session: the Client tells sessions apart by the link they use, and there is one. Opened with no time to wait, it
 * is one without an Agent, made as the Client's own example of shared memory makes it: entities are created over the
 * best-effort stream, which nobody has to acknowledge. It stays without: the Client has no way to log in later and keep
 * what it has. No prepared message can be taken back.
 */
#include <string.h>

#include "rig_mw_create.h"
#include "rig_mw_services.h"
#include "rig_mw_state.h"

#define TEXT_OF(value) #value
#define TEXT(value) TEXT_OF(value)

rig_mw_state_t rig_mw;

const char *rig_mw_name(void)
{
    return "microxrcedds";
}

const char *rig_mw_version(void)
{
    return UXR_CLIENT_VERSION_STR;
}

#ifdef UCLIENT_PROFILE_SHARED_MEMORY
#define SHM_TABLES \
    " shm_entities=" TEXT(UXR_CONFIG_SHARED_MEMORY_MAX_ENTITIES) " shm_buffers=" TEXT( \
        UXR_CONFIG_SHARED_MEMORY_STATIC_MEM_SIZE)
#else
#define SHM_TABLES " shm_entities=0 shm_buffers=0"
#endif

#ifdef RIG_MW_LONG_FRAGMENTED
#define LONG_MESSAGES " long_messages=uxr_prepare_output_stream_fragmented"
#else
#define LONG_MESSAGES " long_messages=uxr_buffer_topic"
#endif

/* All but the history was chosen when the Client was installed. */
const char *rig_mw_configuration(void)
{
    return "sessions=1 history=per_scenario mtu=" TEXT(UXR_CONFIG_CUSTOM_TRANSPORT_MTU) SHM_TABLES LONG_MESSAGES;
}

uint32_t rig_mw_ram_bytes(void)
{
    return 0; /* the Client documents no formula */
}

uint32_t rig_mw_capabilities(void)
{
    uint32_t capabilities = RIG_MW_CAP_LOAN | RIG_MW_CAP_XML | RIG_MW_CAP_REF | RIG_MW_CAP_DELETE |
                            RIG_MW_CAP_SERVICES;

#ifdef UCLIENT_PROFILE_SHARED_MEMORY
    capabilities |= RIG_MW_CAP_SHM;
#endif
#ifdef UCLIENT_PROFILE_MULTITHREAD
    capabilities |= RIG_MW_CAP_THREADS;
#endif
    return capabilities;
}

/* The Client forgets its table of shared entities in one place only: where a session is deleted. */
static void forget_session(void)
{
    if (rig_mw.connected) {
        rig_mw.muted = true;
        (void)uxr_delete_session_retries(&rig_mw.session, 0);
        rig_mw.muted = false;
        rig_mw.connected = false;
        rig_mw_services_detach();
    }
}

int rig_mw_start(const rig_mw_config_t *config)
{
    int status;

    if (config == NULL || config->on_message == NULL) {
        return RIG_MW_ERR_ARGUMENT;
    }
    rig_mw_stop();
    memset(&rig_mw, 0, sizeof(rig_mw));
    rig_mw.config = *config;
    status = rig_mw_divide_memory();
    if (status != RIG_MW_OK) {
        return status;
    }
    if (config->transport != NULL) {
        rig_mw.link = *config->transport;
    }
    if (!rig_mw_link_start()) {
        return RIG_MW_ERR_LINK;
    }
    rig_mw.transport.comm.mtu = rig_mw.mtu;
    rig_mw.started = true;
    return RIG_MW_OK;
}

void rig_mw_stop(void)
{
    if (rig_mw.started) {
        forget_session();
    }
    rig_mw.started = false;
}

/* Where requests to the Agent go. Without one, not where they would wait for an acknowledgement. */
static uxrStreamId requests(void)
{
    return rig_mw.agentless ? rig_mw.out_best_effort : rig_mw.out_reliable;
}

static void attach_services(void)
{
    rig_mw_services_t services = {0};

    services.session = &rig_mw.session;
    services.out = requests();
    services.in = rig_mw.in_reliable;
    services.staging = rig_mw.staging.memory;
    services.staging_bytes = rig_mw.staging.bytes;
    services.longest = rig_mw_longest(!rig_mw.agentless);
    services.on_service = rig_mw.config.on_service;
    services.context = rig_mw.config.context;
    services.statistics = &rig_mw.statistics;
    services.gather = rig_mw_in_one_piece;
    rig_mw_services_attach(&services);
}

int rig_mw_session_open(uint32_t client_key, uint32_t timeout_ms)
{
    uint32_t attempts = (timeout_ms + UXR_CONFIG_MIN_SESSION_CONNECTION_INTERVAL - 1u) /
                        UXR_CONFIG_MIN_SESSION_CONNECTION_INTERVAL;

    if (!rig_mw.started) {
        return RIG_MW_ERR_STATE;
    }
    if (client_key == 0u) {
        return RIG_MW_ERR_ARGUMENT;
    }
    if (rig_mw.connected || (timeout_ms != 0u && rig_mw.config.transport == NULL)) {
        return RIG_MW_ERR_UNSUPPORTED; /* no second session; and nobody to wait for */
    }
    rig_mw.agentless = timeout_ms == 0u;
    memset(&rig_mw.session, 0, sizeof(rig_mw.session));
    uxr_init_session(&rig_mw.session, &rig_mw.transport.comm, client_key);
    uxr_set_topic_callback(&rig_mw.session, rig_mw_on_topic, NULL);
    if (!rig_mw.agentless && !uxr_create_session_retries(&rig_mw.session, attempts)) {
        return rig_mw.session.info.last_requested_status == UXR_STATUS_NONE ? RIG_MW_ERR_TIMEOUT : RIG_MW_ERR_REFUSED;
    }
    rig_mw.out_reliable = uxr_create_output_reliable_stream(&rig_mw.session, rig_mw.out.memory, rig_mw.out.bytes,
                                                            rig_mw.out_slots);
    rig_mw.out_best_effort =
        uxr_create_output_best_effort_stream(&rig_mw.session, rig_mw.best_effort.memory, rig_mw.best_effort.bytes);
    rig_mw.in_reliable = uxr_create_input_reliable_stream(&rig_mw.session, rig_mw.in.memory, rig_mw.in.bytes,
                                                          rig_mw.in_slots);
    rig_mw.in_best_effort = uxr_create_input_best_effort_stream(&rig_mw.session);
    attach_services();
    memset(rig_mw.writers, 0, sizeof(rig_mw.writers));
    rig_mw.loan.open = false;
    rig_mw.statistics.entities = 0;
    rig_mw.connected = true;
    return 0;
}

int rig_mw_session_close(uint8_t session, uint32_t timeout_ms)
{
    if (!rig_mw.started) {
        return RIG_MW_ERR_STATE;
    }
    if (session != 0u || !rig_mw.connected) {
        return RIG_MW_ERR_UNKNOWN;
    }
    rig_mw.connected = false;
    rig_mw.loan.open = false;
    rig_mw.statistics.entities = 0;
    rig_mw_services_detach();
    if (rig_mw.agentless) {
        timeout_ms = 0; /* nobody would answer */
    }
    if (!uxr_delete_session_retries(&rig_mw.session, (timeout_ms + UXR_CONFIG_MIN_SESSION_CONNECTION_INTERVAL - 1u) /
                                                     UXR_CONFIG_MIN_SESSION_CONNECTION_INTERVAL)) {
        return timeout_ms == 0u ? RIG_MW_OK : RIG_MW_ERR_TIMEOUT;
    }
    return RIG_MW_OK;
}

int rig_mw_usable(uint8_t session)
{
    if (!rig_mw.started) {
        return RIG_MW_ERR_STATE;
    }
    return session == 0u && rig_mw.connected ? RIG_MW_OK : RIG_MW_ERR_UNKNOWN;
}

/* Sends what is buffered and, with a time-out, waits for the status of `request`. */
static int settle(uint16_t request, uint32_t timeout_ms)
{
    uint8_t status = UXR_STATUS_NONE;

    if (timeout_ms == 0u || rig_mw.agentless) {
        uxr_flash_output_streams(&rig_mw.session);
        return RIG_MW_OK;
    }
    (void)uxr_run_session_until_all_status(&rig_mw.session, (int)timeout_ms, &request, &status, 1);
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
    status = rig_mw_usable(entity->session);
    if (status != RIG_MW_OK) {
        return status;
    }
    if (entity->id >= RIG_MW_MAX_IDS) {
        rig_mw.statistics.refused_table++;
        return RIG_MW_ERR_TABLE_FULL;
    }
    status = rig_mw_create_request(&rig_mw.session, requests(), entity);
    if (status < 0) {
        return status;
    }
    status = settle((uint16_t)status, timeout_ms);
    if (status != RIG_MW_OK) {
        return status;
    }
    rig_mw.statistics.entities++;
    if (entity->kind == RIG_MW_DATAWRITER) {
        rig_mw_bit_set(rig_mw.writers, entity->id, true);
        rig_mw_bit_set(rig_mw.reliable_writers, entity->id, entity->reliable_stream);
    } else if (entity->kind == RIG_MW_DATAREADER) {
        rig_mw_bit_set(rig_mw.reliable_readers, entity->id, entity->reliable_stream);
    } else if (entity->kind == RIG_MW_REQUESTER || entity->kind == RIG_MW_REPLIER) {
        return rig_mw_services_ask(entity->kind, entity->id);
    }
    return RIG_MW_OK;
}

int rig_mw_delete(uint8_t session, uint8_t kind, uint16_t id, uint32_t timeout_ms)
{
    int status = rig_mw_usable(session);
    uint16_t request;

    if (status != RIG_MW_OK) {
        return status;
    }
    if (id >= RIG_MW_MAX_IDS) {
        return RIG_MW_ERR_UNKNOWN;
    }
    request = uxr_buffer_delete_entity(&rig_mw.session, requests(), uxr_object_id(id, kind));
    if (request == UXR_INVALID_REQUEST_ID) {
        return RIG_MW_ERR_NO_BUFFER;
    }
    if (kind == RIG_MW_DATAWRITER) {
        rig_mw_bit_set(rig_mw.writers, id, false);
    }
    status = settle(request, timeout_ms);
    if (status == RIG_MW_OK && rig_mw.statistics.entities > 0u) {
        rig_mw.statistics.entities--;
    }
    return status;
}

int rig_mw_read(uint8_t session, uint16_t reader, const rig_mw_delivery_t *limits)
{
    uxrDeliveryControl control = {0};
    uxrObjectId object = uxr_object_id(reader, UXR_DATAREADER_ID);
    int status = rig_mw_usable(session);
    uint16_t request;

    if (status != RIG_MW_OK) {
        return status;
    }
    if (reader >= RIG_MW_MAX_IDS) {
        return RIG_MW_ERR_UNKNOWN;
    }
    control.max_samples = limits->max_samples;
    control.max_elapsed_time = limits->max_elapsed_s;
    control.max_bytes_per_second = limits->max_bytes_per_second;
    control.min_pace_period = limits->min_pace_ms;
    if (limits->max_samples == 0u) {
        request = uxr_buffer_cancel_data(&rig_mw.session, requests(), object);
    } else {
        bool reliable = rig_mw_bit(rig_mw.reliable_readers, reader);

        request = uxr_buffer_request_data(&rig_mw.session, requests(), object,
                                          reliable ? rig_mw.in_reliable : rig_mw.in_best_effort, &control);
    }
    if (request == UXR_INVALID_REQUEST_ID) {
        return RIG_MW_ERR_NO_BUFFER;
    }
    uxr_flash_output_streams(&rig_mw.session);
    return RIG_MW_OK;
}

void rig_mw_statistics(rig_mw_statistics_t *out)
{
    *out = rig_mw.statistics; /* `buffers_free` stays 0: the Client does not tell */
}
