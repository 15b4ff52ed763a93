/*
 * Seeded defects: the proof that the rig can say no.
 *
 * A defect is one file beside this one. It sits between the bench and whatever middleware is built in, by the
 * linker's --wrap of rig_middleware.h, and breaks exactly one thing. `cmake -DRIG_DEFECT=name` builds it in; nothing
 * else changes, and neither the bench nor the rig can tell but by what is measured.
 *
 * What cannot be broken from there is broken inside the reference Client: NAME.wrap beside NAME.c lists functions of it
 * that the defect wraps. Such a defect builds with that middleware only.
 *
 * A defect overrides what it needs of the functions below; passthrough.c has weak versions that change nothing.
 */
#ifndef RIG_DEFECT_H
#define RIG_DEFECT_H

#include <string.h>

#include "rig_middleware.h"
#include "rig_port.h"

/* Hands a message to the bench, as the middleware would. */
void defect_deliver(const rig_mw_message_t *message);

/* A message on its way from the middleware to the bench. */
void defect_on_message(const rig_mw_message_t *message);

/* The same for requests and replies. */
void defect_deliver_service(const rig_mw_service_message_t *message);
void defect_on_service(const rig_mw_service_message_t *message);

/* The configuration of the last start; transport is NULL if there is no link. */
extern rig_mw_config_t defect_config;

/* Publish calls that succeeded since the last spin. */
extern uint32_t defect_pending;

int __real_rig_mw_start(const rig_mw_config_t *config);
int __real_rig_mw_session_open(uint32_t client_key, uint32_t timeout_ms);
int __real_rig_mw_session_close(uint8_t session, uint32_t timeout_ms);
int __real_rig_mw_create(const rig_mw_entity_t *entity, uint32_t timeout_ms);
int __real_rig_mw_delete(uint8_t session, uint8_t kind, uint16_t id, uint32_t timeout_ms);
int __real_rig_mw_loan(uint8_t session, uint16_t writer, uint32_t length, uint8_t **place);
int __real_rig_mw_publish(uint8_t session, uint16_t writer);
int __real_rig_mw_spin(uint32_t timeout_ms);

int defect_start(const rig_mw_config_t *config);
int defect_session_open(uint32_t client_key, uint32_t timeout_ms);
int defect_session_close(uint8_t session, uint32_t timeout_ms);
int defect_create(const rig_mw_entity_t *entity, uint32_t timeout_ms);
int defect_delete(uint8_t session, uint8_t kind, uint16_t id, uint32_t timeout_ms);
int defect_loan(uint8_t session, uint16_t writer, uint32_t length, uint8_t **place);
int defect_publish(uint8_t session, uint16_t writer);
int defect_spin(uint32_t timeout_ms);

#endif
