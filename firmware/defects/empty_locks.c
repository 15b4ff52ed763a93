/* Lock and unlock that do nothing, as a port that was never finished has them. It stands for bench_locks.c. */
#include "bench_counters.h"

void __wrap_rig_port_lock(void);
void __wrap_rig_port_unlock(void);

void __wrap_rig_port_lock(void)
{
    BENCH_COUNT(RIG_COUNT_LOCKS, 1);
}

void __wrap_rig_port_unlock(void)
{
}
