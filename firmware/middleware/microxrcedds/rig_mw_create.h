/* Puts the CREATE of one entity on a stream of the Client, by BIN, XML or REF. Knows no table and no waiting. */
#ifndef RIG_MW_CREATE_H
#define RIG_MW_CREATE_H

#include <uxr/client/client.h>

#include "rig_middleware.h"

/* Returns the request id, or RIG_MW_ERR_UNSUPPORTED, _ARGUMENT (such a kind or form does not exist) or _NO_BUFFER (the
 * stream is full). */
int rig_mw_create_request(uxrSession *session, uxrStreamId stream, const rig_mw_entity_t *entity);

#endif
