/* Defect, of the reference Client: it does not hear that nobody elsewhere reads any more, and its samples go on to the
 * link. needless_data.wrap names the Client's function by which it hears. */
#include "defect.h"
#include "wire/xrce_message.h"

struct xrce_client;
struct xrce_session;

void __real_xrce_info_received(struct xrce_client *client, struct xrce_session *session,
                               const xrce_submessage_t *info);
void __wrap_xrce_info_received(struct xrce_client *client, struct xrce_session *session,
                               const xrce_submessage_t *info);

void __wrap_xrce_info_received(struct xrce_client *client, struct xrce_session *session,
                               const xrce_submessage_t *info)
{
    const uint8_t *count = info->payload + info->length - 2;
    bool of_writer = info->length >= 12u && info->payload[8] == RIG_MW_DATAWRITER;

    if (!of_writer || (count[0] | count[1]) != 0) {
        __real_xrce_info_received(client, session, info);
    }
}
