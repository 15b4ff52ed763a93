/* What a backend without services leaves out: linked into every bench, and overridden by a backend that has them. */
#include "rig_middleware.h"

__attribute__((weak)) int rig_mw_service_loan(uint8_t session, uint8_t kind, uint16_t id, uint32_t length,
                                              uint8_t **place)
{
    (void)session;
    (void)kind;
    (void)id;
    (void)length;
    (void)place;
    return RIG_MW_ERR_UNSUPPORTED;
}

__attribute__((weak)) int rig_mw_service_cancel(uint8_t session, uint8_t kind, uint16_t id)
{
    (void)session;
    (void)kind;
    (void)id;
    return RIG_MW_ERR_UNSUPPORTED;
}

__attribute__((weak)) int rig_mw_request(uint8_t session, uint16_t requester)
{
    (void)session;
    (void)requester;
    return RIG_MW_ERR_UNSUPPORTED;
}

__attribute__((weak)) int rig_mw_reply(uint8_t session, uint16_t replier, const uint8_t identity[RIG_MW_IDENTITY_BYTES])
{
    (void)session;
    (void)replier;
    (void)identity;
    return RIG_MW_ERR_UNSUPPORTED;
}
