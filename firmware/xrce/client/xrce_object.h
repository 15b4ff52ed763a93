/*
 * The life of an entity: checked, entered into the tables of this MCU, told to the Agent, removed with all that lies
 * in it. Local first: what the tables hold is told to the Agent whenever one is there. Main context only.
 */
#ifndef XRCE_OBJECT_H
#define XRCE_OBJECT_H

#include "xrce_state.h"

/* Makes it and all that lies in it unknown here; says nothing to the Agent. */
void xrce_object_remove(xrce_client_t *client, xrce_entity_t *entity);

#endif
