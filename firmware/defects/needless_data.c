/* Defect, of the reference Client: what its Agent tells of who reads is not used, and every sample goes on the link.
 * needless_data.wrap names the Client's function that tells it so. */
#include "defect.h"

struct xrce_client;
struct xrce_session;

void __real_xrce_session_connected(struct xrce_client *client, struct xrce_session *session, bool cooperative);
void __wrap_xrce_session_connected(struct xrce_client *client, struct xrce_session *session, bool cooperative);

void __wrap_xrce_session_connected(struct xrce_client *client, struct xrce_session *session, bool cooperative)
{
    (void)cooperative;
    __real_xrce_session_connected(client, session, false);
}
