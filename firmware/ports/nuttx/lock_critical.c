/* The lock as NuttX's critical section: for threads and for interrupts. Nests; one for all contexts of a single core. */
#include <nuttx/irq.h>

#include "rig_port.h"

static irqstate_t before;
static uint32_t depth;

void rig_port_lock(void)
{
    irqstate_t flags = enter_critical_section();

    if (depth++ == 0u) {
        before = flags;
    }
}

void rig_port_unlock(void)
{
    if (--depth == 0u) {
        leave_critical_section(before);
    }
}

/* Whoever asks runs, so it is either the one that holds the lock, or nobody does. */
uint32_t rig_port_lock_depth(void)
{
    return depth;
}
