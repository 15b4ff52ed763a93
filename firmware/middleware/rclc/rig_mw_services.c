/*
 * Services and clients: a request and its reply are sequences of bytes under the names that the bench gives, as messages are.
 *
 * rclc sends a reply when the service's callback returns, so a reply is possible there and nowhere else; a callback that
 * gives none answers with no bytes. Its callbacks have no argument of one's own: the message that they are handed says whose
 * it is. Which way a request or reply came, rmw is not told.
 */
#include <string.h>

#include "rig_mw_state.h"

#define SLOTS 8u

typedef struct {
    bool used;
    uint8_t kind;
    uint16_t id;
    uint16_t parent;
    rcl_service_t service;
    rcl_client_t client;
    rig_mw_topic_t request_type;
    rig_mw_topic_t response_type;
    service_type_support_callbacks_t functions;
    rosidl_service_type_support_t type;
    std_msgs__msg__ByteMultiArray in;  /* what the executor fills: its bytes lie in `rig_mw_taken` */
    std_msgs__msg__ByteMultiArray out; /* what is sent: its bytes lie in `written` */
    uint8_t written[RIG_MW_MESSAGE_BYTES];
    bool loaned;
    uint32_t loan_length;
    const rmw_request_id_t *asked; /* during a service's callback: whose request it is */
} slot_t;

static slot_t slots[SLOTS];

/* rmw asks for the types of a service by a function without arguments. */
#define TYPES_OF(n) \
    static const rosidl_message_type_support_t *request_##n(void) \
    { \
        return &slots[n].request_type.type; \
    } \
    static const rosidl_message_type_support_t *response_##n(void) \
    { \
        return &slots[n].response_type.type; \
    }
TYPES_OF(0)
TYPES_OF(1)
TYPES_OF(2)
TYPES_OF(3)
TYPES_OF(4)
TYPES_OF(5)
TYPES_OF(6)
TYPES_OF(7)

typedef const rosidl_message_type_support_t *(*type_of_t)(void);
static const type_of_t request_of[SLOTS] = {request_0, request_1, request_2, request_3,
                                            request_4, request_5, request_6, request_7};
static const type_of_t response_of[SLOTS] = {response_0, response_1, response_2, response_3,
                                             response_4, response_5, response_6, response_7};

static slot_t *slot_of(uint8_t kind, uint16_t id)
{
    for (uint32_t i = 0; i < SLOTS; i++) {
        if (slots[i].used && slots[i].kind == kind && slots[i].id == id) {
            return &slots[i];
        }
    }
    return NULL;
}

static slot_t *slot_in(const void *message)
{
    for (uint32_t i = 0; i < SLOTS; i++) {
        if (slots[i].used && message == &slots[i].in) {
            return &slots[i];
        }
    }
    return NULL;
}

static void hand_over(slot_t *slot, const rmw_request_id_t *header)
{
    rig_mw_service_message_t told = {0};
    uint8_t identity[RIG_MW_IDENTITY_BYTES];

    memcpy(identity, header->writer_guid, 16);
    memcpy(identity + 16, &header->sequence_number, 8);
    told.message.data = slot->in.data.data;
    told.message.length = (uint32_t)slot->in.data.size;
    told.message.reader = slot->id;
    told.kind = slot->kind;
    told.request = (uint16_t)header->sequence_number;
    told.identity = identity;
    rig_mw.statistics.delivered_link++;
    rig_mw.config.on_service(rig_mw.config.context, &told);
}

static void on_request_taken(const void *request, rmw_request_id_t *header, void *response)
{
    slot_t *slot = slot_in(request);

    (void)response; /* it is the slot's own */
    if (slot == NULL || rig_mw.config.on_service == NULL) {
        return;
    }
    slot->out.data.size = 0;
    slot->asked = header;
    hand_over(slot, header);
    slot->asked = NULL;
}

static void on_reply_taken(const void *response, rmw_request_id_t *header)
{
    slot_t *slot = slot_in(response);

    if (slot != NULL && rig_mw.config.on_service != NULL) {
        hand_over(slot, header);
    }
}

static int make(slot_t *slot, const char *name)
{
    rcl_ret_t result;

    if (slot->kind == RIG_MW_REPLIER) {
        slot->service = rcl_get_zero_initialized_service();
        result = rclc_service_init_default(&slot->service, &rig_mw.node, &slot->type, name);
        if (result == RCL_RET_OK) {
            result = rclc_executor_add_service_with_request_id(&rig_mw.executor, &slot->service, &slot->in, &slot->out,
                                                               on_request_taken);
        }
    } else {
        slot->client = rcl_get_zero_initialized_client();
        result = rclc_client_init_default(&slot->client, &rig_mw.node, &slot->type, name);
        if (result == RCL_RET_OK) {
            result = rclc_executor_add_client_with_request_id(&rig_mw.executor, &slot->client, &slot->in,
                                                              on_reply_taken);
        }
    }
    rcl_reset_error();
    if (result == RCL_RET_OK) {
        rig_mw.statistics.entities++;
        return RIG_MW_OK;
    }
    return result == RCL_RET_SERVICE_NAME_INVALID ? RIG_MW_ERR_UNSUPPORTED : RIG_MW_ERR_TIMEOUT;
}

static uint32_t count_of(uint8_t kind)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < SLOTS; i++) {
        count += slots[i].used && slots[i].kind == kind ? 1u : 0u;
    }
    return count;
}

int rig_mw_service_create(const rig_mw_entity_t *entity)
{
    const rosidl_message_type_support_t *bytes = ROSIDL_GET_MSG_TYPE_SUPPORT(std_msgs, msg, ByteMultiArray);
    uint32_t most = entity->kind == RIG_MW_REPLIER ? RMW_UXRCE_MAX_SERVICES : RMW_UXRCE_MAX_CLIENTS;
    slot_t *slot = NULL;
    int status;

    if (slot_of(entity->kind, entity->id) != NULL) {
        return RIG_MW_ERR_REFUSED;
    }
    for (uint32_t i = 0; slot == NULL && i < SLOTS; i++) {
        slot = slots[i].used ? NULL : &slots[i];
    }
    if (slot == NULL || count_of(entity->kind) >= most) {
        rig_mw.statistics.refused_table++;
        return RIG_MW_ERR_TABLE_FULL;
    }
    memset(slot, 0, sizeof(*slot));
    if (!rig_mw_name_type(&slot->request_type, entity->type) ||
        !rig_mw_name_type(&slot->response_type, entity->reply_type)) {
        return RIG_MW_ERR_UNSUPPORTED;
    }
    slot->kind = entity->kind;
    slot->id = entity->id;
    slot->parent = entity->parent;
    slot->functions.package_name_ = slot->request_type.type_space;
    slot->functions.service_name_ = slot->request_type.type_name;
    slot->functions.request_members_ = request_of[slot - slots];
    slot->functions.response_members_ = response_of[slot - slots];
    slot->type.typesupport_identifier = bytes->typesupport_identifier;
    slot->type.data = &slot->functions;
    slot->type.func = get_service_typesupport_handle_function;
    slot->in.data.data = rig_mw_taken;
    slot->in.data.capacity = RIG_MW_MESSAGE_BYTES;
    slot->out.data.data = slot->written;
    slot->out.data.capacity = RIG_MW_MESSAGE_BYTES;
    slot->used = true; /* it may be given a request while it is made */
    status = make(slot, entity->name);
    slot->used = status == RIG_MW_OK;
    return status;
}

static int end(slot_t *slot)
{
    rcl_ret_t result;

    if (slot->kind == RIG_MW_REPLIER) {
        (void)rclc_executor_remove_service(&rig_mw.executor, &slot->service);
        result = rcl_service_fini(&slot->service, &rig_mw.node);
    } else {
        (void)rclc_executor_remove_client(&rig_mw.executor, &slot->client);
        result = rcl_client_fini(&slot->client, &rig_mw.node);
    }
    rcl_reset_error();
    slot->used = false;
    if (rig_mw.statistics.entities > 0u) {
        rig_mw.statistics.entities--;
    }
    return result == RCL_RET_OK ? RIG_MW_OK : RIG_MW_ERR_TIMEOUT;
}

int rig_mw_service_delete(uint8_t kind, uint16_t id)
{
    slot_t *slot = slot_of(kind, id);

    return slot == NULL ? RIG_MW_ERR_UNKNOWN : end(slot);
}

void rig_mw_services_end(uint16_t participant, bool all)
{
    for (uint32_t i = 0; i < SLOTS; i++) {
        if (slots[i].used && (all || slots[i].parent == participant)) {
            (void)end(&slots[i]);
        }
    }
}

int rig_mw_service_loan(uint8_t session, uint8_t kind, uint16_t id, uint32_t length, uint8_t **place)
{
    slot_t *slot = slot_of(kind, id);
    int status = rig_mw_usable(session);

    if (status != RIG_MW_OK) {
        return status;
    }
    if (slot == NULL) {
        return RIG_MW_ERR_UNKNOWN;
    }
    if (slot->loaned) {
        return RIG_MW_ERR_STATE;
    }
    /* rmw prepares a request in one piece of its stream. */
    if (length > UXR_CONFIG_CUSTOM_TRANSPORT_MTU - 16u - CDR_BYTES - RIG_MW_IDENTITY_BYTES) {
        return RIG_MW_ERR_TOO_LARGE;
    }
    slot->loaned = true;
    slot->loan_length = length;
    *place = slot->written;
    return RIG_MW_OK;
}

int rig_mw_service_cancel(uint8_t session, uint8_t kind, uint16_t id)
{
    slot_t *slot = slot_of(kind, id);
    int status = rig_mw_usable(session);

    if (status != RIG_MW_OK) {
        return status;
    }
    if (slot == NULL || !slot->loaned) {
        return slot == NULL ? RIG_MW_ERR_UNKNOWN : RIG_MW_ERR_STATE;
    }
    slot->loaned = false;
    return RIG_MW_OK;
}

int rig_mw_request(uint8_t session, uint16_t requester)
{
    slot_t *slot = slot_of(RIG_MW_REQUESTER, requester);
    int status = rig_mw_service_cancel(session, RIG_MW_REQUESTER, requester);
    int64_t number = 0;

    if (status != RIG_MW_OK) {
        return status;
    }
    slot->out.data.size = slot->loan_length;
    if (rcl_send_request(&slot->client, &slot->out, &number) != RCL_RET_OK) {
        rcl_reset_error();
        rig_mw.statistics.refused_buffer++;
        return RIG_MW_ERR_NO_BUFFER;
    }
    return (int)(uint16_t)number;
}

int rig_mw_reply(uint8_t session, uint16_t replier, const uint8_t identity[RIG_MW_IDENTITY_BYTES])
{
    slot_t *slot = slot_of(RIG_MW_REPLIER, replier);
    int status = rig_mw_service_cancel(session, RIG_MW_REPLIER, replier);

    if (status != RIG_MW_OK) {
        return status;
    }
    if (slot->asked == NULL || memcmp(identity, slot->asked->writer_guid, 16) != 0 ||
        memcmp(identity + 16, &slot->asked->sequence_number, 8) != 0) {
        slot->loaned = true;
        return RIG_MW_ERR_UNSUPPORTED; /* rclc replies when the callback of the request returns */
    }
    slot->out.data.size = slot->loan_length;
    return RIG_MW_OK;
}
