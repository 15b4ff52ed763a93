/* What a build with a seeded defect shares: the way through, which changes nothing by itself. */
#include "defect.h"

#define WEAK __attribute__((weak))

rig_mw_config_t defect_config;
uint32_t defect_pending;

WEAK void defect_on_message(const rig_mw_message_t *message)
{
    defect_deliver(message);
}

void defect_deliver(const rig_mw_message_t *message)
{
    defect_config.on_message(defect_config.context, message);
}

WEAK void defect_on_service(const rig_mw_service_message_t *message)
{
    defect_deliver_service(message);
}

void defect_deliver_service(const rig_mw_service_message_t *message)
{
    defect_config.on_service(defect_config.context, message);
}

static void on_service(void *context, const rig_mw_service_message_t *message)
{
    (void)context;
    defect_on_service(message);
}

static void on_message(void *context, const rig_mw_message_t *message)
{
    (void)context;
    defect_on_message(message);
}

WEAK int defect_start(const rig_mw_config_t *config)
{
    return __real_rig_mw_start(config);
}

int __wrap_rig_mw_start(const rig_mw_config_t *config);

int __wrap_rig_mw_start(const rig_mw_config_t *config)
{
    rig_mw_config_t ours = *config;

    defect_config = *config;
    defect_pending = 0;
    ours.on_message = on_message;
    ours.on_service = config->on_service != NULL ? on_service : NULL;
    return defect_start(&ours);
}

WEAK int defect_publish(uint8_t session, uint16_t writer)
{
    return __real_rig_mw_publish(session, writer);
}

int __wrap_rig_mw_publish(uint8_t session, uint16_t writer);

int __wrap_rig_mw_publish(uint8_t session, uint16_t writer)
{
    int status = defect_publish(session, writer);

    defect_pending += status == RIG_MW_OK ? 1u : 0u;
    return status;
}

WEAK int defect_spin(uint32_t timeout_ms)
{
    return __real_rig_mw_spin(timeout_ms);
}

int __wrap_rig_mw_spin(uint32_t timeout_ms);

int __wrap_rig_mw_spin(uint32_t timeout_ms)
{
    int delivered = defect_spin(timeout_ms);

    defect_pending = 0;
    return delivered;
}

WEAK int defect_session_open(uint32_t client_key, uint32_t timeout_ms)
{
    return __real_rig_mw_session_open(client_key, timeout_ms);
}

int __wrap_rig_mw_session_open(uint32_t client_key, uint32_t timeout_ms);

int __wrap_rig_mw_session_open(uint32_t client_key, uint32_t timeout_ms)
{
    return defect_session_open(client_key, timeout_ms);
}

WEAK int defect_session_close(uint8_t session, uint32_t timeout_ms)
{
    return __real_rig_mw_session_close(session, timeout_ms);
}

int __wrap_rig_mw_session_close(uint8_t session, uint32_t timeout_ms);

int __wrap_rig_mw_session_close(uint8_t session, uint32_t timeout_ms)
{
    return defect_session_close(session, timeout_ms);
}

WEAK int defect_create(const rig_mw_entity_t *entity, uint32_t timeout_ms)
{
    return __real_rig_mw_create(entity, timeout_ms);
}

int __wrap_rig_mw_create(const rig_mw_entity_t *entity, uint32_t timeout_ms);

int __wrap_rig_mw_create(const rig_mw_entity_t *entity, uint32_t timeout_ms)
{
    return defect_create(entity, timeout_ms);
}

WEAK int defect_delete(uint8_t session, uint8_t kind, uint16_t id, uint32_t timeout_ms)
{
    return __real_rig_mw_delete(session, kind, id, timeout_ms);
}

int __wrap_rig_mw_delete(uint8_t session, uint8_t kind, uint16_t id, uint32_t timeout_ms);

int __wrap_rig_mw_delete(uint8_t session, uint8_t kind, uint16_t id, uint32_t timeout_ms)
{
    return defect_delete(session, kind, id, timeout_ms);
}

WEAK int defect_loan(uint8_t session, uint16_t writer, uint32_t length, uint8_t **place)
{
    return __real_rig_mw_loan(session, writer, length, place);
}

int __wrap_rig_mw_loan(uint8_t session, uint16_t writer, uint32_t length, uint8_t **place);

int __wrap_rig_mw_loan(uint8_t session, uint16_t writer, uint32_t length, uint8_t **place)
{
    return defect_loan(session, writer, length, place);
}
