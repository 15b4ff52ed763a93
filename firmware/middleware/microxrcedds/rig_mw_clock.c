/*
 * The clock that the Client asks for where there is no operating system: clock_gettime() on the port's milliseconds.
 * Hosts have their own.
 */
#if !defined(__unix__) && !defined(__APPLE__)

#include <sys/types.h>
#include <time.h>

#include "rig_port.h"

int clock_gettime(clockid_t clock, struct timespec *now);

int clock_gettime(clockid_t clock, struct timespec *now)
{
    static uint32_t last;
    static uint32_t wraps;
    uint32_t millis = rig_port_millis();
    uint64_t whole;

    (void)clock; /* no date is known here: every clock counts from start */
    if (millis < last) {
        wraps++;
    }
    last = millis;
    whole = (uint64_t)wraps << 32 | millis;
    now->tv_sec = (time_t)(whole / 1000u);
    now->tv_nsec = (long)(whole % 1000u) * 1000000L;
    return 0;
}

#else

typedef int rig_mw_clock_is_the_hosts; /* C99 wants a declaration in every file */

#endif
