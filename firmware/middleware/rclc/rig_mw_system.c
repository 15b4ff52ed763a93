/*
 * What the library and newlib ask of an operating system, where there is none.
 *
 * The clock stands on the clock of all measurements: rmw stamps what it receives and takes the oldest first, and on a clock
 * of whole milliseconds it cannot tell one from another. There are no files: what is written goes nowhere.
 */
#if !defined(__unix__) && !defined(__APPLE__)

#include <errno.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#include "rig_port.h"
#include "rig_port_clock.h"

int clock_gettime(clockid_t clock, struct timespec *now);

int clock_gettime(clockid_t clock, struct timespec *now)
{
    static uint64_t ticks; /* counted on at every call: asked more often than the clock wraps, as rmw does at every turn */
    static uint32_t last;
    uint32_t hz = rig_port_clock_hz();
    uint32_t here;

    (void)clock; /* no date is known here: every clock counts from start */
    rig_port_lock();
    here = rig_port_clock();
    ticks += here - last;
    last = here;
    now->tv_sec = (time_t)(ticks / hz);
    now->tv_nsec = (long)(ticks % hz * 1000000000u / hz);
    rig_port_unlock();
    return 0;
}

int _write(int file, const char *bytes, int length);
int _read(int file, char *bytes, int length);
int _close(int file);
int _fstat(int file, struct stat *about);
int _isatty(int file);
off_t _lseek(int file, off_t offset, int from);
int _kill(pid_t process, int number);
pid_t _getpid(void);
void _exit(int code) __attribute__((noreturn));

int _write(int file, const char *bytes, int length)
{
    (void)file;
    (void)bytes;
    return length;
}

int _read(int file, char *bytes, int length)
{
    (void)file;
    (void)bytes;
    (void)length;
    return 0;
}

int _close(int file)
{
    (void)file;
    return 0;
}

int _fstat(int file, struct stat *about)
{
    (void)file;
    about->st_mode = S_IFCHR;
    return 0;
}

int _isatty(int file)
{
    (void)file;
    return 1;
}

off_t _lseek(int file, off_t offset, int from)
{
    (void)file;
    (void)offset;
    (void)from;
    return 0;
}

int _kill(pid_t process, int number)
{
    (void)process;
    (void)number;
    errno = EINVAL;
    return -1;
}

pid_t _getpid(void)
{
    return 1;
}

/* abort() ends here: a fault that the rig sees and reads off, with the stack that led to it. */
void _exit(int code)
{
    (void)code;
    for (;;) {
        __builtin_trap();
    }
}

#else

typedef int rig_mw_system_is_the_hosts; /* C99 wants a declaration in every file */

#endif
