#include "bench_service.h"

#include <string.h>

#include "bench_mailbox.h"
#include "bench_middleware.h"
#include "bench_payload.h"
#include "rig_port.h"

/* The requests of a round that have no reply yet, and what was counted since the command began. */
static struct {
    uint16_t requests[RIG_SERVICE_MOST]; /* 0: answered, or never sent */
    uint32_t first;                      /* sequence number of the first one's payload */
    uint8_t session;
    uint16_t requester;
    uint32_t length;
    uint32_t waiting;
    uint32_t heard;
    uint32_t answered;
    uint32_t replied;
    uint32_t wrong;
    uint32_t local;
    int status;
} service;

static void failed(int status)
{
    if (status < 0 && service.status == 0) {
        service.status = status;
    }
}

/* Answers a request with its own bytes. */
static void answer(const rig_mw_service_message_t *message)
{
    const rig_mw_message_t *request = &message->message;
    uint8_t *place = NULL;
    int status = rig_mw_service_loan(request->session, RIG_MW_REPLIER, request->reader, request->length, &place);

    service.heard++;
    if (status == RIG_MW_OK) {
        memcpy(place, request->data, request->length);
        status = rig_mw_reply(request->session, request->reader, message->identity);
        if (status < 0) {
            (void)rig_mw_service_cancel(request->session, RIG_MW_REPLIER, request->reader);
        }
    }
    service.answered += status >= 0 ? 1u : 0u;
    failed(status);
}

void bench_on_service(void *context, const rig_mw_service_message_t *message)
{
    const rig_mw_message_t *reply = &message->message;

    (void)context;
    if (message->kind == RIG_MW_REPLIER) {
        answer(message);
        return;
    }
    for (uint32_t i = 0; i < RIG_SERVICE_MOST && message->request != 0u; i++) {
        if (service.requests[i] == message->request && reply->reader == service.requester &&
            reply->session == service.session && reply->length == service.length &&
            bench_payload_check(reply->data, reply->length, service.first + i) < 0) {
            service.requests[i] = 0;
            service.waiting--;
            service.replied++;
            service.local += reply->local ? 1u : 0u;
            return;
        }
    }
    service.wrong++;
}

static bool ask(uint32_t index)
{
    uint8_t *place = NULL;
    int status = rig_mw_service_loan(service.session, RIG_MW_REQUESTER, service.requester, service.length, &place);

    if (status == RIG_MW_OK) {
        bench_payload_write(place, service.length, service.first + index);
        status = rig_mw_request(service.session, service.requester);
        if (status < 0) {
            (void)rig_mw_service_cancel(service.session, RIG_MW_REQUESTER, service.requester);
        }
    }
    failed(status);
    service.requests[index] = status > 0 ? (uint16_t)status : 0u;
    service.waiting += status > 0 ? 1u : 0u;
    return status > 0;
}

static void collect(uint32_t spin_ms, uint32_t deadline_ms, bool until_replied)
{
    uint32_t begin = rig_port_millis();

    while ((service.waiting != 0u || !until_replied) && !bench_cancelled() &&
           rig_port_millis() - begin < deadline_ms) {
        (void)rig_mw_spin(spin_ms);
    }
}

int bench_service(const uint32_t *arguments, uint32_t *results)
{
    uint32_t count = arguments[RIG_SERVICE_COUNT];
    uint32_t most = arguments[RIG_SERVICE_OUTSTANDING];
    uint32_t asked = 0;
    uint32_t refused = 0;

    if (!bench_started()) {
        return RIG_MW_ERR_STATE;
    }
    if ((rig_mw_capabilities() & RIG_MW_CAP_SERVICES) == 0u) {
        return RIG_MW_ERR_UNSUPPORTED;
    }
    if (count != 0u && (most == 0u || most > RIG_SERVICE_MOST || arguments[RIG_SERVICE_LENGTH] == 0u)) {
        return RIG_MW_ERR_ARGUMENT;
    }
    memset(&service, 0, sizeof(service));
    service.session = (uint8_t)arguments[RIG_SERVICE_SESSION];
    service.requester = (uint16_t)arguments[RIG_SERVICE_REQUESTER];
    service.length = arguments[RIG_SERVICE_LENGTH];
    for (uint32_t sent = 0; sent < count && !bench_cancelled();) {
        uint32_t now = most < count - sent ? most : count - sent;

        memset(service.requests, 0, sizeof(service.requests));
        service.waiting = 0;
        service.first = arguments[RIG_SERVICE_FIRST] + sent;
        for (uint32_t i = 0; i < now; i++, sent++) {
            bool accepted = ask(i);

            asked += accepted ? 1u : 0u;
            refused += accepted ? 0u : 1u;
        }
        collect(arguments[RIG_SERVICE_SPIN_MS], arguments[RIG_SERVICE_DEADLINE_MS], true);
        if (service.waiting != 0u) {
            break; /* one is missing: every later wait would last to its deadline too */
        }
    }
    if (count == 0u) {
        collect(arguments[RIG_SERVICE_SPIN_MS], arguments[RIG_SERVICE_DEADLINE_MS], false);
    }
    results[RIG_SERVED_ASKED] = asked;
    results[RIG_SERVED_REFUSED] = refused;
    results[RIG_SERVED_HEARD] = service.heard;
    results[RIG_SERVED_ANSWERED] = service.answered;
    results[RIG_SERVED_REPLIED] = service.replied;
    results[RIG_SERVED_WRONG] = service.wrong;
    results[RIG_SERVED_LOCAL] = service.local;
    results[RIG_SERVED_STATUS] = (uint32_t)service.status;
    return RIG_MW_OK;
}
