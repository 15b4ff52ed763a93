/* The middleware's locks, counted. The bench takes none itself. */
#include "bench_counters.h"

void __real_rig_port_lock(void);
void __wrap_rig_port_lock(void);

void __wrap_rig_port_lock(void)
{
    __real_rig_port_lock();
    BENCH_COUNT(RIG_COUNT_LOCKS, 1); /* inside the lock: publishers may be several */
}
