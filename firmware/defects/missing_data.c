/* Defect, of the reference Client: it does not hear that somebody elsewhere reads, and keeps every sample to itself.
 * missing_data.wrap names the Client's function by which it hears. */
#include "defect.h"

struct xrce_client;
struct xrce_session;
struct xrce_submessage;

void __wrap_xrce_info_received(struct xrce_client *client, struct xrce_session *session,
                               const struct xrce_submessage *info);

void __wrap_xrce_info_received(struct xrce_client *client, struct xrce_session *session,
                               const struct xrce_submessage *info)
{
    (void)client;
    (void)session;
    (void)info;
}
