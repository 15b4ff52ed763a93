#include "rig_mw_services.h"

#include <string.h>

static rig_mw_services_t services;
static struct {
    bool open;
    uint8_t kind;
    uint16_t id;
    uint32_t length;
} loan;

/* An identity is handed out and taken back as bytes. */
typedef char identity_size[sizeof(SampleIdentity) == RIG_MW_IDENTITY_BYTES ? 1 : -1];

/* The Client hands over what came by shared memory with the request id 0. */
static void deliver(rig_mw_service_message_t *message, uxrObjectId object, uint16_t read_request, ucdrBuffer *buffer,
                    uint16_t length)
{
    const uint8_t *data = services.gather(buffer, length);

    if (data == NULL || services.on_service == NULL) {
        services.statistics->lost++;
        return;
    }
    message->message.data = data;
    message->message.length = length;
    message->message.reader = object.id;
    message->message.session = 0;
    message->message.local = read_request == UXR_INVALID_REQUEST_ID;
    message->kind = object.type;
    if (message->message.local) {
        services.statistics->delivered_local++;
    } else {
        services.statistics->delivered_link++;
    }
    services.on_service(services.context, message);
}

static void on_request(uxrSession *session, uxrObjectId object, uint16_t read_request, SampleIdentity *identity,
                       ucdrBuffer *buffer, uint16_t length, void *context)
{
    rig_mw_service_message_t message = {0};
    uint8_t bytes[RIG_MW_IDENTITY_BYTES];

    (void)session;
    (void)context;
    memcpy(bytes, identity, sizeof(bytes));
    message.identity = bytes;
    deliver(&message, object, read_request, buffer, length);
}

static void on_reply(uxrSession *session, uxrObjectId object, uint16_t read_request, uint16_t request,
                     ucdrBuffer *buffer, uint16_t length, void *context)
{
    rig_mw_service_message_t message = {0};

    (void)session;
    (void)context;
    message.request = request;
    deliver(&message, object, read_request, buffer, length);
}

void rig_mw_services_attach(const rig_mw_services_t *with)
{
    services = *with;
    loan.open = false;
    uxr_set_request_callback(services.session, on_request, NULL);
    uxr_set_reply_callback(services.session, on_reply, NULL);
}

void rig_mw_services_detach(void)
{
    services.session = NULL;
    loan.open = false;
}

int rig_mw_services_ask(uint8_t kind, uint16_t id)
{
    uxrDeliveryControl control = {0};

    control.max_samples = UXR_MAX_SAMPLES_UNLIMITED;
    if (uxr_buffer_request_data(services.session, services.out, uxr_object_id(id, kind), services.in, &control) ==
        UXR_INVALID_REQUEST_ID) {
        return RIG_MW_ERR_NO_BUFFER;
    }
    uxr_flash_output_streams(services.session);
    return RIG_MW_OK;
}

int rig_mw_service_loan(uint8_t session, uint8_t kind, uint16_t id, uint32_t length, uint8_t **place)
{
    if (services.session == NULL || session != 0u) {
        return RIG_MW_ERR_UNKNOWN;
    }
    if (loan.open || (kind != RIG_MW_REQUESTER && kind != RIG_MW_REPLIER)) {
        return loan.open ? RIG_MW_ERR_STATE : RIG_MW_ERR_ARGUMENT;
    }
    if (length > services.staging_bytes || length + RIG_MW_IDENTITY_BYTES > services.longest) {
        return RIG_MW_ERR_TOO_LARGE;
    }
    loan.open = true;
    loan.kind = kind;
    loan.id = id;
    loan.length = length;
    *place = services.staging;
    return RIG_MW_OK;
}

int rig_mw_service_cancel(uint8_t session, uint8_t kind, uint16_t id)
{
    if (session != 0u || !loan.open || loan.kind != kind || loan.id != id) {
        return RIG_MW_ERR_STATE;
    }
    loan.open = false;
    return RIG_MW_OK;
}

/* Ends the loan of `kind` and `id`, if it is the open one. */
static int take_loan(uint8_t session, uint8_t kind, uint16_t id)
{
    return services.session == NULL ? RIG_MW_ERR_UNKNOWN : rig_mw_service_cancel(session, kind, id);
}

/* `request` as the Client returned it. */
static int sent(uint16_t request)
{
    if (request == UXR_INVALID_REQUEST_ID) {
        services.statistics->refused_buffer++;
        return RIG_MW_ERR_NO_BUFFER;
    }
    return request;
}

int rig_mw_request(uint8_t session, uint16_t requester)
{
    int status = take_loan(session, RIG_MW_REQUESTER, requester);

    if (status != RIG_MW_OK) {
        return status;
    }
    return sent(uxr_buffer_request(services.session, services.out, uxr_object_id(requester, UXR_REQUESTER_ID),
                                   services.staging, loan.length));
}

int rig_mw_reply(uint8_t session, uint16_t replier, const uint8_t identity[RIG_MW_IDENTITY_BYTES])
{
    int status = take_loan(session, RIG_MW_REPLIER, replier);
    SampleIdentity to;

    if (status != RIG_MW_OK) {
        return status;
    }
    memcpy(&to, identity, sizeof(to));
    status = sent(uxr_buffer_reply(services.session, services.out, uxr_object_id(replier, UXR_REPLIER_ID), &to,
                                   services.staging, loan.length));
    return status < 0 ? status : RIG_MW_OK;
}
