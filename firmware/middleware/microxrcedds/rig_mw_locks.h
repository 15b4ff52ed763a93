/* Whether the Client's locks are free for the context that asks: an interrupt cannot wait for one. */
#ifndef RIG_MW_LOCKS_H
#define RIG_MW_LOCKS_H

#include <uxr/client/client.h>

#if defined(UCLIENT_PROFILE_MULTITHREAD) && defined(PLATFORM_NAME_FREERTOS)
/* Publishing on `stream` takes its lock and that of the shared memory. False: this is an interrupt, and the code that it
 * interrupted holds one of them. In the main context always true: the locks are recursive. */
bool rig_mw_may_lock(uxrStreamId stream);
#else
static inline bool rig_mw_may_lock(uxrStreamId stream)
{
    (void)stream; /* threads wait for each other; and without locks there is nothing to ask */
    return true;
}
#endif

#endif
