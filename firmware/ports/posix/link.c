/* The way to the Agent over POSIX: a descriptor, waited for together with the wake-up. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include "posix.h"
#include "rig_port.h"

int rig_posix_link_fd = -1;

int rig_posix_open_serial(const char *device)
{
    struct termios mode;

    rig_posix_link_fd = open(device, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (rig_posix_link_fd < 0 || tcgetattr(rig_posix_link_fd, &mode) != 0) {
        return -1;
    }
    cfmakeraw(&mode);
    return cfsetspeed(&mode, B115200) != 0 || tcsetattr(rig_posix_link_fd, TCSANOW, &mode) != 0 ? -1 : 0;
}

bool rig_posix_link_wait(int timeout_ms)
{
    struct pollfd ready[2] = {{.fd = rig_posix_link_fd, .events = POLLIN},
                              {.fd = rig_posix_wake_fd, .events = POLLIN}};
    int timeout = timeout_ms > 0 ? rig_posix_timeout((uint32_t)timeout_ms) : timeout_ms;

    rig_posix_point();
    if (poll(ready, 2, timeout) <= 0) {
        return false;
    }
    if ((ready[1].revents & POLLIN) != 0) {
        rig_posix_awake();
    }
    return (ready[0].revents & POLLIN) != 0;
}

int rig_posix_link_take(uint8_t *bytes, size_t capacity)
{
    ssize_t got = read(rig_posix_link_fd, bytes, capacity);

    return got > 0 ? (int)got : 0; /* an error shows when we write */
}

int rig_posix_link_write(void *context, const uint8_t *bytes, size_t length)
{
    (void)context;
    ssize_t sent = write(rig_posix_link_fd, bytes, length);

    if (sent < 0 && errno == ECONNREFUSED) {
        return (int)length; /* nobody listens there now: a datagram lost, not a broken link */
    }
    return (int)sent;
}

int rig_posix_link_read(void *context, uint8_t *bytes, size_t capacity, int timeout_ms)
{
    (void)context;
    return rig_posix_link_wait(timeout_ms) ? rig_posix_link_take(bytes, capacity) : 0;
}
