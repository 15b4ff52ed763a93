#include "rig_mw_create.h"

#include <string.h>

#define MAX_TOPIC_NAME 128

static uxrObjectId object(uint16_t id, uint8_t kind)
{
    return uxr_object_id(id, kind);
}

static uxrQoS_t qos_of(const rig_mw_qos_t *qos)
{
    uxrQoS_t client;

    client.durability = qos->transient_local ? UXR_DURABILITY_TRANSIENT_LOCAL : UXR_DURABILITY_VOLATILE;
    client.reliability = qos->reliable ? UXR_RELIABILITY_RELIABLE : UXR_RELIABILITY_BEST_EFFORT;
    client.history = qos->keep_all ? UXR_HISTORY_KEEP_ALL : UXR_HISTORY_KEEP_LAST;
    client.depth = qos->depth;
    return client;
}

/* prefix + service + suffix, as ROS names the topics of a service; false if it is too long. */
static bool topic_name(char *to, const char *prefix, const char *service, const char *suffix)
{
    if (strlen(prefix) + strlen(service) + strlen(suffix) >= MAX_TOPIC_NAME) {
        return false;
    }
    strcpy(to, prefix);
    strcat(to, service);
    strcat(to, suffix);
    return true;
}

static int service_by_bin(uxrSession *session, uxrStreamId stream, const rig_mw_entity_t *entity)
{
    char request[MAX_TOPIC_NAME];
    char reply[MAX_TOPIC_NAME];
    uxrObjectId id = object(entity->id, entity->kind);
    uxrObjectId participant = object(entity->parent, UXR_PARTICIPANT_ID);

    if (!topic_name(request, "rq/", entity->name, "Request") || !topic_name(reply, "rr/", entity->name, "Reply")) {
        return RIG_MW_ERR_ARGUMENT;
    }
    if (entity->kind == RIG_MW_REQUESTER) {
        return uxr_buffer_create_requester_bin(session, stream, id, participant, entity->name, entity->type,
                                               entity->reply_type, request, reply, qos_of(&entity->qos), entity->mode);
    }
    return uxr_buffer_create_replier_bin(session, stream, id, participant, entity->name, entity->type,
                                         entity->reply_type, request, reply, qos_of(&entity->qos), entity->mode);
}

static int by_bin(uxrSession *session, uxrStreamId stream, const rig_mw_entity_t *entity)
{
    uxrObjectId id = object(entity->id, entity->kind);
    uxrObjectId participant = object(entity->parent, UXR_PARTICIPANT_ID);
    uxrObjectId topic = object(entity->topic, UXR_TOPIC_ID);

    switch (entity->kind) {
    case RIG_MW_PARTICIPANT:
        return uxr_buffer_create_participant_bin(session, stream, id, entity->topic, entity->name, entity->mode);
    case RIG_MW_TOPIC:
        return uxr_buffer_create_topic_bin(session, stream, id, participant, entity->name, entity->type, entity->mode);
    case RIG_MW_PUBLISHER:
        return uxr_buffer_create_publisher_bin(session, stream, id, participant, entity->mode);
    case RIG_MW_SUBSCRIBER:
        return uxr_buffer_create_subscriber_bin(session, stream, id, participant, entity->mode);
    case RIG_MW_DATAWRITER:
        return uxr_buffer_create_datawriter_bin(session, stream, id, object(entity->parent, UXR_PUBLISHER_ID), topic,
                                                qos_of(&entity->qos), entity->mode);
    case RIG_MW_DATAREADER:
        return uxr_buffer_create_datareader_bin(session, stream, id, object(entity->parent, UXR_SUBSCRIBER_ID), topic,
                                                qos_of(&entity->qos), entity->mode);
    case RIG_MW_REQUESTER:
    case RIG_MW_REPLIER:
        return service_by_bin(session, stream, entity);
    default:
        return RIG_MW_ERR_ARGUMENT;
    }
}

static int by_xml(uxrSession *session, uxrStreamId stream, const rig_mw_entity_t *entity)
{
    uxrObjectId id = object(entity->id, entity->kind);
    uxrObjectId participant = object(entity->parent, UXR_PARTICIPANT_ID);

    switch (entity->kind) {
    case RIG_MW_PARTICIPANT:
        return uxr_buffer_create_participant_xml(session, stream, id, entity->topic, entity->name, entity->mode);
    case RIG_MW_TOPIC:
        return uxr_buffer_create_topic_xml(session, stream, id, participant, entity->name, entity->mode);
    case RIG_MW_PUBLISHER:
        return uxr_buffer_create_publisher_xml(session, stream, id, participant, entity->name, entity->mode);
    case RIG_MW_SUBSCRIBER:
        return uxr_buffer_create_subscriber_xml(session, stream, id, participant, entity->name, entity->mode);
    case RIG_MW_DATAWRITER:
        return uxr_buffer_create_datawriter_xml(session, stream, id, object(entity->parent, UXR_PUBLISHER_ID),
                                                entity->name, entity->mode);
    case RIG_MW_DATAREADER:
        return uxr_buffer_create_datareader_xml(session, stream, id, object(entity->parent, UXR_SUBSCRIBER_ID),
                                                entity->name, entity->mode);
    case RIG_MW_REQUESTER:
        return uxr_buffer_create_requester_xml(session, stream, id, participant, entity->name, entity->mode);
    case RIG_MW_REPLIER:
        return uxr_buffer_create_replier_xml(session, stream, id, participant, entity->name, entity->mode);
    default:
        return RIG_MW_ERR_ARGUMENT;
    }
}

static int by_ref(uxrSession *session, uxrStreamId stream, const rig_mw_entity_t *entity)
{
    uxrObjectId id = object(entity->id, entity->kind);
    uxrObjectId participant = object(entity->parent, UXR_PARTICIPANT_ID);

    switch (entity->kind) {
    case RIG_MW_PARTICIPANT:
        return uxr_buffer_create_participant_ref(session, stream, id, entity->topic, entity->name, entity->mode);
    case RIG_MW_TOPIC:
        return uxr_buffer_create_topic_ref(session, stream, id, participant, entity->name, entity->mode);
    case RIG_MW_DATAWRITER:
        return uxr_buffer_create_datawriter_ref(session, stream, id, object(entity->parent, UXR_PUBLISHER_ID),
                                                entity->name, entity->mode);
    case RIG_MW_DATAREADER:
        return uxr_buffer_create_datareader_ref(session, stream, id, object(entity->parent, UXR_SUBSCRIBER_ID),
                                                entity->name, entity->mode);
    case RIG_MW_PUBLISHER:
    case RIG_MW_SUBSCRIBER:
        return RIG_MW_ERR_UNSUPPORTED; /* the protocol knows no reference for them */
    case RIG_MW_REQUESTER:
        return uxr_buffer_create_requester_ref(session, stream, id, participant, entity->name, entity->mode);
    case RIG_MW_REPLIER:
        return uxr_buffer_create_replier_ref(session, stream, id, participant, entity->name, entity->mode);
    default:
        return RIG_MW_ERR_ARGUMENT;
    }
}

int rig_mw_create_request(uxrSession *session, uxrStreamId stream, const rig_mw_entity_t *entity)
{
    int request;

    switch (entity->form) {
    case RIG_MW_BIN:
        request = by_bin(session, stream, entity);
        break;
    case RIG_MW_XML:
        request = by_xml(session, stream, entity);
        break;
    case RIG_MW_REF:
        request = by_ref(session, stream, entity);
        break;
    default:
        return RIG_MW_ERR_ARGUMENT;
    }
    return request == UXR_INVALID_REQUEST_ID ? RIG_MW_ERR_NO_BUFFER : request;
}
