/* What the ports over POSIX share: the lock, the wake-up and the link, and what each port brings for them. */
#ifndef RIG_POSIX_H
#define RIG_POSIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Once, before any other call of rig_port.h. Both return 0, or an error with errno set. */
int rig_posix_lock_start(void);
int rig_posix_wake_start(void);

/* A descriptor that is readable once somebody asked to wake up; rig_posix_awake takes that back. */
extern int rig_posix_wake_fd;
void rig_posix_wake(void); /* from a thread */
void rig_posix_awake(void);

/* The link's descriptor; -1: none, nothing comes and nothing is waited for but a wake-up. */
extern int rig_posix_link_fd;

/* Opens a serial device, raw. Returns 0, or -1 with errno set. */
int rig_posix_open_serial(const char *device);

/* The calls of `struct rig_port_link` on that descriptor. */
int rig_posix_link_write(void *context, const uint8_t *bytes, size_t length);
int rig_posix_link_read(void *context, uint8_t *bytes, size_t capacity, int timeout_ms);

/* The two halves of reading: wait until something is there (false: it is not), and take it. */
bool rig_posix_link_wait(int timeout_ms);
int rig_posix_link_take(uint8_t *bytes, size_t capacity);

/* The port's: called where the main context is about to take the lock, has given it back, or is about to sleep, so that
 * the port can let another context in just there. */
void rig_posix_point(void);

/* The port's: what `ms` milliseconds of its own clock are in those of the system's time-outs. */
int rig_posix_timeout(uint32_t ms);

#endif
