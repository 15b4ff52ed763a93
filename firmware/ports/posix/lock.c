/* The lock over POSIX: a recursive mutex. For threads; no interrupt may take it. */
#include <errno.h>
#include <pthread.h>

#include "posix.h"
#include "rig_port.h"
#include "rig_port_clock.h"

static pthread_mutex_t mutex;
/* Both are written under the mutex. Whoever reads its own name there holds it. */
static _Atomic(pthread_t) holder;
static volatile uint32_t depth;
static uint32_t longest_wait;

int rig_posix_lock_start(void)
{
    pthread_mutexattr_t recursive;

    errno = pthread_mutexattr_init(&recursive);
    if (errno == 0) {
        errno = pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    }
    if (errno == 0) {
        errno = pthread_mutex_init(&mutex, &recursive);
    }
    return errno == 0 ? 0 : -1;
}

void rig_port_lock(void)
{
    rig_posix_point();
    if (pthread_mutex_trylock(&mutex) != 0) { /* somebody else has it: only then the clock is read */
        uint32_t begin = rig_port_clock();
        uint32_t waited;

        (void)pthread_mutex_lock(&mutex);
        waited = rig_port_clock() - begin;
        longest_wait = waited > longest_wait ? waited : longest_wait;
    }
    if (depth++ == 0u) {
        holder = pthread_self();
    }
}

void rig_port_unlock(void)
{
    if (--depth == 0u) {
        holder = (pthread_t)0;
    }
    (void)pthread_mutex_unlock(&mutex);
    rig_posix_point();
}

uint32_t rig_port_lock_depth(void)
{
    return holder == pthread_self() ? depth : 0u;
}

uint32_t rig_port_held_off(void)
{
    uint32_t longest;

    (void)pthread_mutex_lock(&mutex);
    longest = longest_wait;
    longest_wait = 0;
    (void)pthread_mutex_unlock(&mutex);
    return longest;
}
