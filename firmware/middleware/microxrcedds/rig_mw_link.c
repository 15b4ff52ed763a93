/* The port's link as a transport of the Client; where there is none, one that swallows all and brings nothing, as in
 * the Client's own example of shared memory. */
#include "rig_mw_state.h"
#include "rig_port.h"

static bool link_open(uxrCustomTransport *transport)
{
    (void)transport;
    return true;
}

static bool link_close(uxrCustomTransport *transport)
{
    (void)transport;
    return true;
}

static size_t link_write(uxrCustomTransport *transport, const uint8_t *bytes, size_t length, uint8_t *error)
{
    int sent;

    (void)transport;
    *error = 0;
    if (rig_mw.muted || rig_mw.config.transport == NULL) {
        return length;
    }
    sent = rig_mw.link.write(rig_mw.link.context, bytes, length);
    if (sent < 0) {
        *error = 1;
        return 0;
    }
    return (size_t)sent;
}

static size_t link_read(uxrCustomTransport *transport, uint8_t *bytes, size_t capacity, int timeout, uint8_t *error)
{
    int got;

    (void)transport;
    *error = 0;
    if (rig_mw.muted || rig_mw.config.transport == NULL) {
        if (!rig_mw.muted && timeout > 0) {
            rig_port_wait((uint32_t)timeout);
        }
        return 0;
    }
    got = rig_mw.link.read(rig_mw.link.context, bytes, capacity, timeout < 0 ? 0 : timeout);
    if (got < 0) {
        *error = 1;
        return 0;
    }
    return (size_t)got;
}

bool rig_mw_link_start(void)
{
    uxr_set_custom_transport_callbacks(&rig_mw.transport, rig_mw.link.framed, link_open, link_close, link_write,
                                       link_read);
    return uxr_init_custom_transport(&rig_mw.transport, NULL);
}
