/* Defect: lengths are cut to 16 bits. */
#include "defect.h"

void defect_on_message(const rig_mw_message_t *message)
{
    rig_mw_message_t cut = *message;

    cut.length &= 0xFFFFu;
    defect_deliver(&cut);
}
