/*
 * Publishers and subscriptions. rcl makes topic, publisher and data writer in one call, so of the bench's topics only name
 * and type are noted, and of its participants, publishers and subscribers only that they are there, and in what.
 */
#include <string.h>

#include "rig_mw_state.h"

#define MIDDLE "::dds_::" /* rmw puts it between the namespace and the name of a type, and "_" behind */
#define PREFIX "rt/" /* of every topic of ROS: rmw puts "rt" before the name, which begins with a slash */

/* rcl's own error, when there is room and the name is short enough, is an Agent that does not answer or refuses. */
static int refused(void)
{
    rcl_reset_error();
    return RIG_MW_ERR_TIMEOUT;
}

static rig_mw_topic_t *topic_of(uint16_t id)
{
    for (uint32_t i = 0; i < RIG_MW_TOPICS; i++) {
        if (rig_mw.topics[i].used && rig_mw.topics[i].id == id) {
            return &rig_mw.topics[i];
        }
    }
    return NULL;
}

/* A type of any name "a::b::dds_::Name_", whose messages are a sequence of bytes: the library's own functions for
 * std_msgs/ByteMultiArray, under another name. */
bool rig_mw_name_type(rig_mw_topic_t *topic, const char *name)
{
    const rosidl_message_type_support_t *bytes = ROSIDL_GET_MSG_TYPE_SUPPORT(std_msgs, msg, ByteMultiArray);
    const char *middle = strstr(name, MIDDLE);
    size_t whole = strlen(name);
    size_t space, own;

    if (middle == NULL || whole >= RMW_UXRCE_TYPE_NAME_MAX_LENGTH || name[whole - 1u] != '_') {
        return false;
    }
    space = (size_t)(middle - name);
    own = whole - space - sizeof(MIDDLE); /* without the underscore at the end */
    if (space == 0u || own == 0u) {
        return false;
    }
    memcpy(topic->type_space, name, space);
    topic->type_space[space] = '\0';
    memcpy(topic->type_name, middle + sizeof(MIDDLE) - 1u, own);
    topic->type_name[own] = '\0';
    topic->type = *bytes;
    topic->callbacks = *(const message_type_support_callbacks_t *)bytes->data;
    topic->callbacks.message_namespace_ = topic->type_space;
    topic->callbacks.message_name_ = topic->type_name;
    topic->type.data = &topic->callbacks;
    return true;
}

static int note_topic(const rig_mw_entity_t *entity)
{
    rig_mw_topic_t *topic = topic_of(entity->id);

    for (uint32_t i = 0; topic == NULL && i < RIG_MW_TOPICS; i++) {
        topic = rig_mw.topics[i].used ? NULL : &rig_mw.topics[i];
    }
    if (topic == NULL) {
        return RIG_MW_ERR_TABLE_FULL;
    }
    if (topic->used) {
        return RIG_MW_ERR_REFUSED;
    }
    if (strncmp(entity->name, PREFIX, sizeof(PREFIX) - 1u) != 0 || strlen(entity->name) >= RIG_MW_NAME_BYTES ||
        !rig_mw_name_type(topic, entity->type)) {
        return RIG_MW_ERR_UNSUPPORTED;
    }
    topic->used = true;
    topic->id = entity->id;
    topic->parent = entity->parent;
    strcpy(topic->name, entity->name + sizeof(PREFIX) - 2u); /* from the slash on */
    return RIG_MW_OK;
}

static rig_mw_group_t *group_of(uint8_t kind, uint16_t id)
{
    for (uint32_t i = 0; i < RIG_MW_GROUPS; i++) {
        if (rig_mw.groups[i].used && rig_mw.groups[i].kind == kind && rig_mw.groups[i].id == id) {
            return &rig_mw.groups[i];
        }
    }
    return NULL;
}

static int note_group(const rig_mw_entity_t *entity)
{
    if (group_of(entity->kind, entity->id) != NULL) {
        return RIG_MW_ERR_REFUSED;
    }
    for (uint32_t i = 0; i < RIG_MW_GROUPS; i++) {
        rig_mw_group_t *group = &rig_mw.groups[i];

        if (!group->used) {
            *group = (rig_mw_group_t){true, entity->kind, entity->id, entity->parent};
            return RIG_MW_OK;
        }
    }
    return RIG_MW_ERR_TABLE_FULL;
}

/* Whether what an entity lies in is there; a participant lies in nothing. */
static bool has_parent(const rig_mw_entity_t *entity)
{
    switch (entity->kind) {
    case RIG_MW_TOPIC:
    case RIG_MW_PUBLISHER:
    case RIG_MW_SUBSCRIBER:
    case RIG_MW_REQUESTER:
    case RIG_MW_REPLIER:
        return group_of(RIG_MW_PARTICIPANT, entity->parent) != NULL;
    case RIG_MW_DATAWRITER:
        return group_of(RIG_MW_PUBLISHER, entity->parent) != NULL;
    case RIG_MW_DATAREADER:
        return group_of(RIG_MW_SUBSCRIBER, entity->parent) != NULL;
    default:
        return true;
    }
}

/* rcl knows no numbers: that one is taken is for this backend to say. */
static bool taken(uint8_t kind, uint16_t id)
{
    for (uint32_t i = 0; kind == RIG_MW_DATAWRITER && i < RMW_UXRCE_MAX_PUBLISHERS; i++) {
        if (rig_mw.writers[i].used && rig_mw.writers[i].id == id) {
            return true;
        }
    }
    for (uint32_t i = 0; kind == RIG_MW_DATAREADER && i < RMW_UXRCE_MAX_SUBSCRIPTIONS; i++) {
        if (rig_mw.readers[i].used && rig_mw.readers[i].id == id) {
            return true;
        }
    }
    return false;
}

static rmw_qos_profile_t qos_of(const rig_mw_qos_t *qos)
{
    rmw_qos_profile_t profile = rmw_qos_profile_default;

    profile.reliability = qos->reliable ? RMW_QOS_POLICY_RELIABILITY_RELIABLE : RMW_QOS_POLICY_RELIABILITY_BEST_EFFORT;
    profile.durability =
        qos->transient_local ? RMW_QOS_POLICY_DURABILITY_TRANSIENT_LOCAL : RMW_QOS_POLICY_DURABILITY_VOLATILE;
    profile.history = qos->keep_all ? RMW_QOS_POLICY_HISTORY_KEEP_ALL : RMW_QOS_POLICY_HISTORY_KEEP_LAST;
    profile.depth = qos->keep_all || qos->depth == 0u ? RMW_UXRCE_MAX_HISTORY : qos->depth;
    return profile;
}

static int table_full(void)
{
    rig_mw.statistics.refused_table++;
    return RIG_MW_ERR_TABLE_FULL;
}

static int made(rcl_ret_t result)
{
    if (result == RCL_RET_TOPIC_NAME_INVALID) {
        rcl_reset_error();
        return RIG_MW_ERR_UNSUPPORTED;
    }
    if (result != RCL_RET_OK) {
        return refused();
    }
    rig_mw.statistics.entities++;
    return RIG_MW_OK;
}

static int create_writer(const rig_mw_entity_t *entity, const rig_mw_topic_t *topic)
{
    rmw_qos_profile_t qos = qos_of(&entity->qos);
    int status;

    if (entity->qos.reliable != entity->reliable_stream) {
        return RIG_MW_ERR_UNSUPPORTED; /* rmw takes the stream by the reliability */
    }
    for (uint32_t i = 0; i < RMW_UXRCE_MAX_PUBLISHERS; i++) {
        rig_mw_writer_t *writer = &rig_mw.writers[i];

        if (writer->used) {
            continue;
        }
        memset(writer, 0, sizeof(*writer));
        writer->publisher = rcl_get_zero_initialized_publisher();
        status = made(rclc_publisher_init(&writer->publisher, &rig_mw.node, &topic->type, topic->name, &qos));
        writer->used = status == RIG_MW_OK;
        writer->id = entity->id;
        writer->parent = entity->parent;
        writer->reliable = entity->qos.reliable;
        return status;
    }
    return table_full();
}

static int create_reader(const rig_mw_entity_t *entity, const rig_mw_topic_t *topic)
{
    rmw_qos_profile_t qos = qos_of(&entity->qos);
    int status;

    if (entity->qos.reliable != entity->reliable_stream) {
        return RIG_MW_ERR_UNSUPPORTED;
    }
    for (uint32_t i = 0; i < RMW_UXRCE_MAX_SUBSCRIPTIONS; i++) {
        rig_mw_reader_t *reader = &rig_mw.readers[i];

        if (reader->used) {
            continue;
        }
        memset(reader, 0, sizeof(*reader));
        reader->subscription = rcl_get_zero_initialized_subscription();
        reader->id = entity->id;
        reader->parent = entity->parent;
        reader->depth = (uint16_t)(entity->qos.keep_all ? 0u : qos.depth);
        reader->datareader = rig_mw.datareaders;
        reader->used = true; /* it may be given a sample while it is made */
        status = made(rclc_subscription_init(&reader->subscription, &rig_mw.node, &topic->type, topic->name, &qos));
        rig_mw.datareaders += status == RIG_MW_OK ? 1u : 0u;
        if (status == RIG_MW_OK &&
            rclc_executor_add_subscription_with_context(&rig_mw.executor, &reader->subscription, &rig_mw.message,
                                                        rig_mw_on_taken, reader, ON_NEW_DATA) != RCL_RET_OK) {
            status = refused();
        }
        reader->used = status == RIG_MW_OK;
        return status;
    }
    return table_full();
}

int rig_mw_create(const rig_mw_entity_t *entity, uint32_t timeout_ms)
{
    int status = rig_mw_usable(entity->session);
    const rig_mw_topic_t *topic;

    if (status != RIG_MW_OK) {
        return status;
    }
    if (entity->form != RIG_MW_BIN || entity->mode != 0u) {
        return RIG_MW_ERR_UNSUPPORTED; /* the form was chosen when rmw was built, and it reuses by itself */
    }
    if (entity->kind == RIG_MW_PARTICIPANT && entity->topic != 0u) {
        return RIG_MW_ERR_UNSUPPORTED; /* the domain is that of the whole support */
    }
    (void)timeout_ms; /* rmw has a time-out of its own */
    if (!has_parent(entity)) {
        return RIG_MW_ERR_UNKNOWN;
    }
    if (taken(entity->kind, entity->id)) {
        return RIG_MW_ERR_REFUSED;
    }
    switch (entity->kind) {
    case RIG_MW_PARTICIPANT:
    case RIG_MW_PUBLISHER:
    case RIG_MW_SUBSCRIBER:
        return note_group(entity);
    case RIG_MW_TOPIC:
        return note_topic(entity);
    case RIG_MW_DATAWRITER:
    case RIG_MW_DATAREADER:
        topic = topic_of(entity->topic);
        if (topic == NULL) {
            return RIG_MW_ERR_UNKNOWN;
        }
        return entity->kind == RIG_MW_DATAWRITER ? create_writer(entity, topic) : create_reader(entity, topic);
    case RIG_MW_REQUESTER:
    case RIG_MW_REPLIER:
        return rig_mw_service_create(entity);
    default:
        return RIG_MW_ERR_UNSUPPORTED;
    }
}

static int ended(rcl_ret_t result)
{
    if (rig_mw.statistics.entities > 0u) {
        rig_mw.statistics.entities--;
    }
    return result == RCL_RET_OK ? RIG_MW_OK : refused();
}

/* With all that lies in it. rcl deletes its own with their writers and readers. */
static int delete_group(rig_mw_group_t *group)
{
    int status = RIG_MW_OK;
    int each;

    for (uint32_t i = 0; group->kind == RIG_MW_PARTICIPANT && i < RIG_MW_GROUPS; i++) {
        rig_mw_group_t *inside = &rig_mw.groups[i];

        if (inside->used && inside->kind != RIG_MW_PARTICIPANT && inside->parent == group->id) {
            each = delete_group(inside); /* no deeper than this: those have no groups in them */
            status = status == RIG_MW_OK ? each : status;
        }
    }
    for (uint32_t i = 0; group->kind == RIG_MW_PARTICIPANT && i < RIG_MW_TOPICS; i++) {
        rig_mw.topics[i].used = rig_mw.topics[i].used && rig_mw.topics[i].parent != group->id;
    }
    for (uint32_t i = 0; group->kind == RIG_MW_PUBLISHER && i < RMW_UXRCE_MAX_PUBLISHERS; i++) {
        if (rig_mw.writers[i].used && rig_mw.writers[i].parent == group->id) {
            each = rig_mw_delete(0, RIG_MW_DATAWRITER, rig_mw.writers[i].id, 0);
            status = status == RIG_MW_OK ? each : status;
        }
    }
    for (uint32_t i = 0; group->kind == RIG_MW_SUBSCRIBER && i < RMW_UXRCE_MAX_SUBSCRIPTIONS; i++) {
        if (rig_mw.readers[i].used && rig_mw.readers[i].parent == group->id) {
            each = rig_mw_delete(0, RIG_MW_DATAREADER, rig_mw.readers[i].id, 0);
            status = status == RIG_MW_OK ? each : status;
        }
    }
    if (group->kind == RIG_MW_PARTICIPANT) {
        rig_mw_services_end(group->id, false);
    }
    group->used = false;
    return status;
}

int rig_mw_delete(uint8_t session, uint8_t kind, uint16_t id, uint32_t timeout_ms)
{
    int status = rig_mw_usable(session);
    rig_mw_topic_t *topic = topic_of(id);

    (void)timeout_ms;
    if (status != RIG_MW_OK) {
        return status;
    }
    if (kind == RIG_MW_TOPIC) {
        if (topic == NULL) {
            return RIG_MW_ERR_UNKNOWN;
        }
        topic->used = false;
        return RIG_MW_OK;
    }
    for (uint32_t i = 0; kind == RIG_MW_DATAWRITER && i < RMW_UXRCE_MAX_PUBLISHERS; i++) {
        rig_mw_writer_t *writer = &rig_mw.writers[i];

        if (writer->used && writer->id == id) {
            writer->used = false;
            return ended(rcl_publisher_fini(&writer->publisher, &rig_mw.node));
        }
    }
    for (uint32_t i = 0; kind == RIG_MW_DATAREADER && i < RMW_UXRCE_MAX_SUBSCRIPTIONS; i++) {
        rig_mw_reader_t *reader = &rig_mw.readers[i];

        if (reader->used && reader->id == id) {
            (void)rclc_executor_remove_subscription(&rig_mw.executor, &reader->subscription);
            reader->used = false;
            return ended(rcl_subscription_fini(&reader->subscription, &rig_mw.node));
        }
    }
    if (kind == RIG_MW_REQUESTER || kind == RIG_MW_REPLIER) {
        return rig_mw_service_delete(kind, id);
    }
    if (kind == RIG_MW_PARTICIPANT || kind == RIG_MW_PUBLISHER || kind == RIG_MW_SUBSCRIBER) {
        rig_mw_group_t *group = group_of(kind, id);

        return group == NULL ? RIG_MW_ERR_UNKNOWN : delete_group(group);
    }
    return kind == RIG_MW_DATAWRITER || kind == RIG_MW_DATAREADER ? RIG_MW_ERR_UNKNOWN : RIG_MW_ERR_UNSUPPORTED;
}

int rig_mw_read(uint8_t session, uint16_t reader, const rig_mw_delivery_t *limits)
{
    int status = rig_mw_usable(session);
    bool all = limits->max_samples == 0xFFFFu && limits->max_elapsed_s == 0u && limits->max_bytes_per_second == 0u &&
               limits->min_pace_ms == 0u;

    if (status != RIG_MW_OK) {
        return status;
    }
    for (uint32_t i = 0; i < RMW_UXRCE_MAX_SUBSCRIPTIONS; i++) {
        if (rig_mw.readers[i].used && rig_mw.readers[i].id == reader) {
            return all ? RIG_MW_OK : RIG_MW_ERR_UNSUPPORTED; /* rmw has asked for all already */
        }
    }
    return RIG_MW_ERR_UNKNOWN;
}

void rig_mw_endpoints_end(void)
{
    rig_mw_services_end(0, true);
    for (uint32_t i = 0; i < RMW_UXRCE_MAX_SUBSCRIPTIONS; i++) {
        if (rig_mw.readers[i].used) {
            (void)rig_mw_delete(0, RIG_MW_DATAREADER, rig_mw.readers[i].id, 0);
        }
    }
    for (uint32_t i = 0; i < RMW_UXRCE_MAX_PUBLISHERS; i++) {
        if (rig_mw.writers[i].used) {
            (void)rig_mw_delete(0, RIG_MW_DATAWRITER, rig_mw.writers[i].id, 0);
        }
    }
    memset(rig_mw.topics, 0, sizeof(rig_mw.topics));
    memset(rig_mw.groups, 0, sizeof(rig_mw.groups));
}
