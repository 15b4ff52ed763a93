/*
 * The bench's middleware interface over rclc, rcl and rmw_microxrcedds, through their public functions, and one callback of
 * rmw that the linker catches.
 *
 * A message is a std_msgs sequence of bytes. The application writes it in memory of its own, rcl_publish serialises it into
 * the Client's stream: there is no loan in rmw, so it is copied once on its way in, and it has 12 bytes before its payload.
 * rmw is static: its streams and places were chosen when the library was built, so mtu, history and buffers of a scenario
 * are without effect. One session, with an Agent. rcl_publish may say RCL_RET_ERROR of a message that shared memory has
 * delivered: then it is RIG_MW_ERR_UNCONFIRMED.
 */
#include <string.h>

#include "rig_mw_state.h"
#include "rig_port.h"

#define TEXT_OF(value) #value
#define TEXT(value) TEXT_OF(value)
#define NANOSECONDS 1000000u
#define PINGS 4u
#define EXECUTOR_HANDLES (RMW_UXRCE_MAX_SUBSCRIPTIONS + RMW_UXRCE_MAX_SERVICES + RMW_UXRCE_MAX_CLIENTS)

rig_mw_state_t rig_mw;
uint8_t rig_mw_written[RMW_UXRCE_MAX_PUBLISHERS][RIG_MW_MESSAGE_BYTES] __attribute__((aligned(8)));
uint8_t rig_mw_taken[RIG_MW_MESSAGE_BYTES] __attribute__((aligned(8)));

const char *rig_mw_name(void)
{
    return "rclc";
}

const char *rig_mw_version(void)
{
    return UXR_CLIENT_VERSION_STR; /* of the Client below: rcl and rclc do not say theirs */
}

#ifdef UCLIENT_PROFILE_SHARED_MEMORY
#define SHM_TABLES \
    " shm_entities=" TEXT(UXR_CONFIG_SHARED_MEMORY_MAX_ENTITIES) " shm_buffers=" TEXT( \
        UXR_CONFIG_SHARED_MEMORY_STATIC_MEM_SIZE)
#else
#define SHM_TABLES " shm_entities=0 shm_buffers=0"
#endif

#ifdef RIG_MW_CALLBACK_TRANSPORT
#define CALLBACK " callback=transport"
#else
#define CALLBACK " callback=user"
#endif

const char *rig_mw_configuration(void)
{
    return "sessions=1 history=" TEXT(RMW_UXRCE_STREAM_HISTORY_OUTPUT) " mtu=" TEXT(UXR_CONFIG_CUSTOM_TRANSPORT_MTU)
        SHM_TABLES " places=" TEXT(RMW_UXRCE_MAX_HISTORY) " publishers=" TEXT(RMW_UXRCE_MAX_PUBLISHERS)
        " subscriptions=" TEXT(RMW_UXRCE_MAX_SUBSCRIPTIONS) CALLBACK " envelope=12";
}

uint32_t rig_mw_ram_bytes(void)
{
    return 0; /* there is no formula in its documentation */
}

uint32_t rig_mw_capabilities(void)
{
    uint32_t capabilities = RIG_MW_CAP_DELETE | RIG_MW_CAP_CONFIRMED | RIG_MW_CAP_SERVICES;

#ifdef UCLIENT_PROFILE_SHARED_MEMORY
    capabilities |= RIG_MW_CAP_SHM;
#endif
    return capabilities;
}

int rig_mw_usable(uint8_t session)
{
    if (!rig_mw.started) {
        return RIG_MW_ERR_STATE;
    }
    return session == 0u && rig_mw.connected ? RIG_MW_OK : RIG_MW_ERR_UNKNOWN;
}

int rig_mw_start(const rig_mw_config_t *config)
{
    if (config == NULL || config->on_message == NULL) {
        return RIG_MW_ERR_ARGUMENT;
    }
    rig_mw_stop();
    memset(&rig_mw, 0, sizeof(rig_mw));
    rig_mw.config = *config;
    if (config->transport != NULL) {
        rig_mw.link = *config->transport;
    }
    if (!rig_mw_link_start()) {
        return RIG_MW_ERR_LINK;
    }
    rig_mw.started = true;
    return RIG_MW_OK;
}

void rig_mw_stop(void)
{
    if (rig_mw.started && rig_mw.connected) {
        rig_mw.muted = true;
        (void)rig_mw_session_close(0, 0);
        rig_mw.muted = false;
    }
    rig_mw.started = false;
}

static bool forget(void)
{
    bool ended = rcl_init_options_fini(&rig_mw.options) == RCL_RET_OK;

    rcl_reset_error();
    return ended;
}

int rig_mw_session_open(uint32_t client_key, uint32_t timeout_ms)
{
    if (!rig_mw.started) {
        return RIG_MW_ERR_STATE;
    }
    if (client_key == 0u) {
        return RIG_MW_ERR_ARGUMENT;
    }
    if (rig_mw.connected || timeout_ms == 0u || rig_mw.config.transport == NULL) {
        return RIG_MW_ERR_UNSUPPORTED; /* no second session (RMW_UXRCE_MAX_SESSIONS), and none without an Agent */
    }
    /* rclc_support_init waits ten seconds and more: an application that has less time asks first. */
    if (rmw_uros_ping_agent((int)(timeout_ms / PINGS) + 1, PINGS) != RMW_RET_OK) {
        return RIG_MW_ERR_TIMEOUT;
    }
    rig_mw.allocator = rcl_get_default_allocator();
    rig_mw.options = rcl_get_zero_initialized_init_options();
    rig_mw.node = rcl_get_zero_initialized_node();
    rig_mw.executor = rclc_executor_get_zero_initialized_executor();
    if (rcl_init_options_init(&rig_mw.options, rig_mw.allocator) != RCL_RET_OK) {
        rcl_reset_error();
        return RIG_MW_ERR_TABLE_FULL;
    }
    (void)rmw_uros_options_set_client_key(client_key, rcl_init_options_get_rmw_init_options(&rig_mw.options));
    if (rclc_support_init_with_options(&rig_mw.support, 0, NULL, &rig_mw.options, &rig_mw.allocator) != RCL_RET_OK) {
        (void)forget();
        return RIG_MW_ERR_TIMEOUT;
    }
    if (rclc_node_init_default(&rig_mw.node, "rig", "", &rig_mw.support) != RCL_RET_OK ||
        rclc_executor_init(&rig_mw.executor, &rig_mw.support.context, EXECUTOR_HANDLES, &rig_mw.allocator) !=
            RCL_RET_OK) {
        (void)rclc_support_fini(&rig_mw.support);
        (void)forget();
        return RIG_MW_ERR_TIMEOUT;
    }
    memset(&rig_mw.message, 0, sizeof(rig_mw.message));
    rig_mw.message.data.data = rig_mw_taken;
    rig_mw.message.data.capacity = RIG_MW_MESSAGE_BYTES;
    rig_mw.statistics.entities = 0;
    rig_mw.datareaders = 0;
    rig_mw.connected = true;
    return 0;
}

int rig_mw_session_close(uint8_t session, uint32_t timeout_ms)
{
    bool ended;

    if (!rig_mw.started) {
        return RIG_MW_ERR_STATE;
    }
    if (session != 0u || !rig_mw.connected) {
        return RIG_MW_ERR_UNKNOWN;
    }
    (void)rmw_uros_set_context_entity_destroy_session_timeout(rcl_context_get_rmw_context(&rig_mw.support.context),
                                                              timeout_ms == 0u ? 0 : (int)timeout_ms);
    rig_mw_endpoints_end();
    (void)rclc_executor_fini(&rig_mw.executor);
    ended = rcl_node_fini(&rig_mw.node) == RCL_RET_OK;
    ended = rclc_support_fini(&rig_mw.support) == RCL_RET_OK && ended;
    ended = forget() && ended;
    rig_mw.connected = false;
    return ended || timeout_ms == 0u ? RIG_MW_OK : RIG_MW_ERR_TIMEOUT;
}

static rig_mw_writer_t *writer_of(uint16_t id)
{
    for (uint32_t i = 0; i < RMW_UXRCE_MAX_PUBLISHERS; i++) {
        if (rig_mw.writers[i].used && rig_mw.writers[i].id == id) {
            return &rig_mw.writers[i];
        }
    }
    return NULL;
}

/* What can be published at all; and what the other end, which is this same library, has room to receive. */
static uint32_t longest(const rig_mw_writer_t *writer)
{
    uint32_t slot = UXR_CONFIG_CUSTOM_TRANSPORT_MTU - 12u;
    uint32_t place = RMW_UXRCE_MAX_INPUT_BUFFER_SIZE;

    return (writer->reliable ? place : slot) - CDR_BYTES;
}

int rig_mw_loan(uint8_t session, uint16_t writer, uint32_t length, uint8_t **place)
{
    rig_mw_writer_t *of = writer_of(writer);
    int status = rig_mw_usable(session);

    if (status != RIG_MW_OK) {
        return status;
    }
    if (of == NULL) {
        return RIG_MW_ERR_UNKNOWN;
    }
    if (of->loaned) {
        return RIG_MW_ERR_STATE;
    }
    if (length > longest(of)) {
        return RIG_MW_ERR_TOO_LARGE;
    }
    of->loaned = true;
    of->loan_length = length;
    *place = rig_mw_written[of - rig_mw.writers];
    return RIG_MW_OK;
}

int rig_mw_publish(uint8_t session, uint16_t writer)
{
    rig_mw_writer_t *of = writer_of(writer);
    int status = rig_mw_loan_cancel(session, writer);
    std_msgs__msg__ByteMultiArray message;
    uint32_t heard = rig_mw.heard_local;

    if (status != RIG_MW_OK) {
        return status;
    }
    memset(&message, 0, sizeof(message));
    message.data.data = rig_mw_written[of - rig_mw.writers];
    message.data.size = message.data.capacity = of->loan_length;
    if (rcl_publish(&of->publisher, &message, NULL) == RCL_RET_OK) {
        return RIG_MW_OK;
    }
    rcl_reset_error();
    if (rig_mw.heard_local != heard) {
        return RIG_MW_ERR_UNCONFIRMED;
    }
    rig_mw.statistics.refused_buffer++;
    return RIG_MW_ERR_NO_BUFFER;
}

int rig_mw_loan_cancel(uint8_t session, uint16_t writer)
{
    rig_mw_writer_t *of = writer_of(writer);
    int status = rig_mw_usable(session);

    if (status != RIG_MW_OK) {
        return status;
    }
    if (of == NULL) {
        return RIG_MW_ERR_UNKNOWN;
    }
    if (!of->loaned) {
        return RIG_MW_ERR_STATE;
    }
    of->loaned = false;
    return RIG_MW_OK;
}

static uint32_t delivered(void)
{
    return rig_mw.statistics.delivered_local + rig_mw.statistics.delivered_link;
}

/* The executor's own call, with the caller's time-out. One call takes one sample a reader: again, without waiting, until
 * none is left. */
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
    (void)rclc_executor_spin_some(&rig_mw.executor, (uint64_t)timeout_ms * NANOSECONDS);
    rcl_reset_error();
    while (delivered() != last) {
        last = delivered();
        (void)rclc_executor_spin_some(&rig_mw.executor, 0);
        rcl_reset_error();
    }
    return (int)(delivered() - before);
}

void rig_mw_statistics(rig_mw_statistics_t *out)
{
    *out = rig_mw.statistics; /* `buffers_free` stays 0: nobody tells */
}
