/* Defect: every publish takes the lock a thousand times. */
#include "defect.h"

int defect_publish(uint8_t session, uint16_t writer)
{
    for (int i = 0; i < 1000; i++) {
        rig_port_lock();
        rig_port_unlock();
    }
    return __real_rig_mw_publish(session, writer);
}
