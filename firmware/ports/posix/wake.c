/* The wake-up over POSIX: an event descriptor, so that a sleep can end by it and by the link as well. */
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "posix.h"
#include "rig_port.h"

int rig_posix_wake_fd = -1;

int rig_posix_wake_start(void)
{
    rig_posix_wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return rig_posix_wake_fd < 0 ? -1 : 0;
}

void rig_posix_wake(void)
{
    uint64_t one = 1;

    if (write(rig_posix_wake_fd, &one, sizeof(one)) < 0) {
        return; /* the counter is full: the sleeper wakes anyway */
    }
}

void rig_posix_awake(void)
{
    uint64_t count;

    if (read(rig_posix_wake_fd, &count, sizeof(count)) < 0) {
        return; /* somebody else took it: the wake-up is over all the same */
    }
}

void rig_port_wait(uint32_t ms)
{
    struct pollfd ready = {.fd = rig_posix_wake_fd, .events = POLLIN};

    rig_posix_point();
    if (poll(&ready, 1, rig_posix_timeout(ms)) > 0) {
        rig_posix_awake();
    }
}
