/* Defect: a spin sleeps out its time before it delivers. */
#include "defect.h"

int defect_spin(uint32_t timeout_ms)
{
    uint32_t begin = rig_port_millis();

    while (timeout_ms != 0u && rig_port_millis() - begin < timeout_ms) {
        rig_port_idle(timeout_ms);
    }
    return __real_rig_mw_spin(timeout_ms);
}
