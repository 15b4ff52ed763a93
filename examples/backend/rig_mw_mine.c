/*
 * A backend to begin with: it starts and stops, and says of everything else that it is not there yet.
 *
 * Replace one function after another. RIG_MW_ERR_UNSUPPORTED is an answer, not a fault: the report gives it as the
 * reason of what was not run. Promise in rig_mw_capabilities only what works: an experiment that needs a capability is
 * left out where it is missing. Functions of services may be left out altogether.
 */
#include <string.h>

#include "rig_middleware.h"

static rig_mw_config_t config;
static bool started;

const char *rig_mw_name(void)
{
    return "mine";
}

const char *rig_mw_version(void)
{
    return "0.0.1";
}

uint32_t rig_mw_capabilities(void)
{
    return MINE_SHM ? RIG_MW_CAP_SHM : 0u; /* RIG_MW_CAP_LOAN, _OFFLINE, ... as they come */
}

const char *rig_mw_configuration(void)
{
    return "sessions=0 shm_entities=0 shm_pairs=0 shm_buffers=0";
}

uint32_t rig_mw_ram_bytes(void)
{
    return 0; /* no formula */
}

int rig_mw_start(const rig_mw_config_t *given)
{
    if (given == NULL || given->on_message == NULL) {
        return RIG_MW_ERR_ARGUMENT;
    }
    config = *given;
    started = true;
    return RIG_MW_OK;
}

void rig_mw_stop(void)
{
    started = false;
}

/* What every call below answers: ERR_STATE before a start, as the interface asks, and UNSUPPORTED after it. */
static int not_yet(void)
{
    return started ? RIG_MW_ERR_UNSUPPORTED : RIG_MW_ERR_STATE;
}

int rig_mw_session_open(uint32_t client_key, uint32_t timeout_ms)
{
    (void)client_key;
    (void)timeout_ms;
    return not_yet();
}

int rig_mw_session_close(uint8_t session, uint32_t timeout_ms)
{
    (void)session;
    (void)timeout_ms;
    return not_yet();
}

int rig_mw_create(const rig_mw_entity_t *entity, uint32_t timeout_ms)
{
    (void)entity;
    (void)timeout_ms;
    return not_yet();
}

int rig_mw_delete(uint8_t session, uint8_t kind, uint16_t id, uint32_t timeout_ms)
{
    (void)session;
    (void)kind;
    (void)id;
    (void)timeout_ms;
    return not_yet();
}

int rig_mw_read(uint8_t session, uint16_t reader, const rig_mw_delivery_t *limits)
{
    (void)session;
    (void)reader;
    (void)limits;
    return not_yet();
}

int rig_mw_loan(uint8_t session, uint16_t writer, uint32_t length, uint8_t **place)
{
    (void)session;
    (void)writer;
    (void)length;
    (void)place;
    return not_yet();
}

int rig_mw_publish(uint8_t session, uint16_t writer)
{
    (void)session;
    (void)writer;
    return not_yet();
}

int rig_mw_loan_cancel(uint8_t session, uint16_t writer)
{
    (void)session;
    (void)writer;
    return not_yet();
}

int rig_mw_spin(uint32_t timeout_ms)
{
    (void)timeout_ms; /* nothing can arrive yet */
    return started ? 0 : RIG_MW_ERR_STATE;
}

void rig_mw_statistics(rig_mw_statistics_t *out)
{
    memset(out, 0, sizeof(*out));
    out->buffers_free = started ? config.buffer_count : 0u;
}
