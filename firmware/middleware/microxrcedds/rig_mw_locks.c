/*
 * The Client's locks where there is no operating system, over the port's critical section. On one core two contexts meet
 * as interrupt and what it interrupted, and neither can wait for the other: so a lock here only counts, and an interrupt
 * asks first (rig_mw_may_lock). The Client knows these functions by FreeRTOS's names, see locks/.
 */
#include "rig_mw_locks.h"

#if defined(UCLIENT_PROFILE_MULTITHREAD) && defined(PLATFORM_NAME_FREERTOS)

#include "rig_mw_state.h"
#include "rig_port.h"

/* Held locks that do not lie in the session, its streams or the transport: the shared memory's, which is the Client's
 * own and has no name outside. */
static uint32_t held_elsewhere;

static bool is_elsewhere(const StaticSemaphore_t *lock)
{
    uintptr_t at = (uintptr_t)lock;

    return at < (uintptr_t)&rig_mw || at >= (uintptr_t)(&rig_mw + 1);
}

SemaphoreHandle_t xSemaphoreCreateRecursiveMutexStatic(StaticSemaphore_t *lock)
{
    lock->depth = 0;
    return lock;
}

static int add(StaticSemaphore_t *lock, uint32_t change)
{
    if (lock == NULL) {
        return 0; /* the Client's table was wiped, and its lock with it */
    }
    rig_port_lock();
    lock->depth += change;
    held_elsewhere += is_elsewhere(lock) ? change : 0u;
    rig_port_unlock();
    return 1;
}

int xSemaphoreTakeRecursive(SemaphoreHandle_t lock, uint32_t ticks)
{
    (void)ticks;
    return add(lock, 1u);
}

int xSemaphoreGiveRecursive(SemaphoreHandle_t lock)
{
    return add(lock, UINT32_MAX);
}

static bool in_interrupt(void)
{
    uint32_t number;

    __asm volatile("mrs %0, ipsr" : "=r"(number));
    return number != 0u;
}

bool rig_mw_may_lock(uxrStreamId stream)
{
    const uxrMutex *mutex = uxr_get_stream_mutex_from_id(&rig_mw.session, stream);

    return !in_interrupt() || (held_elsewhere == 0u && (mutex == NULL || mutex->xMutexBuffer.depth == 0u));
}

#else

typedef int rig_mw_locks_are_the_hosts; /* C99 wants a declaration in every file */

#endif
