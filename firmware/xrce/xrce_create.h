/* CREATE and DELETE of entities: how each kind is put into BIN, XML or REF. Main context only. */
#ifndef XRCE_CREATE_H
#define XRCE_CREATE_H

#include "xrce_entity.h"
#include "xrce_name.h"
#include "xrce_session.h"

/* Puts the entity's CREATE into the reliable stream. XRCE_ERR_NO_BUFFER: no room now; XRCE_ERR_TOO_LARGE: the
 * texts are longer than a message. Sets entity->request. */
int xrce_create_send(xrce_session_t *session, xrce_entity_t *entity, const xrce_names_t *names);
int xrce_delete_send(xrce_session_t *session, uint16_t object, uint16_t *request);

#endif
