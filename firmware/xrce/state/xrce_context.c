#include "state/xrce_context.h"

#include "entity/xrce_entity.h"

void xrce_hand_over(xrce_client_t *client, xrce_service_sample_t *message, const xrce_entity_t *entity)
{
    message->kind = xrce_entity_kind(entity);
    message->sample.reader = entity->id;
    message->sample.session = entity->session;
    if (client->on_service != NULL) {
        client->on_service(client->context, message);
    }
}
