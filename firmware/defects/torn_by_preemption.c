/* Defect: a sample that another context publishes into a running spin is torn: its last byte is an old one. One context
 * alone, or two that take turns, see nothing of it. */
#include "defect.h"

static volatile bool spinning;
static volatile bool in_callback; /* what is published there comes from the spinning context itself */
static uint8_t *last;

int defect_loan(uint8_t session, uint16_t writer, uint32_t length, uint8_t **place)
{
    int status = __real_rig_mw_loan(session, writer, length, place);

    last = status == RIG_MW_OK && length != 0u ? *place + length - 1u : NULL;
    return status;
}

int defect_publish(uint8_t session, uint16_t writer)
{
    if (spinning && !in_callback && last != NULL) {
        *last ^= 0x80u;
    }
    return __real_rig_mw_publish(session, writer);
}

void defect_on_message(const rig_mw_message_t *message)
{
    in_callback = true;
    defect_deliver(message);
    in_callback = false;
}

int defect_spin(uint32_t timeout_ms)
{
    int delivered;

    spinning = true;
    delivered = __real_rig_mw_spin(timeout_ms);
    spinning = false;
    return delivered;
}
