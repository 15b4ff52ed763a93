/* The port's link as rmw's custom transport. */
#include "rig_mw_state.h"

static bool link_open(struct uxrCustomTransport *transport)
{
    (void)transport;
    return true;
}

static bool link_close(struct uxrCustomTransport *transport)
{
    (void)transport;
    return true;
}

static size_t link_write(struct uxrCustomTransport *transport, const uint8_t *bytes, size_t length, uint8_t *error)
{
    int sent;

    (void)transport;
    *error = 0;
    if (rig_mw.muted) {
        return length;
    }
    sent = rig_mw.link.write(rig_mw.link.context, bytes, length);
    if (sent < 0) {
        *error = 1;
        return 0;
    }
    return (size_t)sent;
}

static size_t link_read(struct uxrCustomTransport *transport, uint8_t *bytes, size_t capacity, int timeout, uint8_t *error)
{
    int got;

    (void)transport;
    *error = 0;
    got = rig_mw.muted ? 0 : rig_mw.link.read(rig_mw.link.context, bytes, capacity, timeout < 0 ? 0 : timeout);
    if (got < 0) {
        *error = 1;
        return 0;
    }
    return (size_t)got;
}

bool rig_mw_link_start(void)
{
    return rmw_uros_set_custom_transport(rig_mw.link.framed, NULL, link_open, link_close, link_write, link_read) ==
           RMW_RET_OK;
}
