/* Defect: a deleted reader still gets the samples that waited for it; those published later it does not get. */
#include "defect.h"

static struct {
    bool due;
    uint8_t session;
    uint16_t id;
} late;

static void catch_up(void)
{
    if (late.due) {
        late.due = false;
        (void)__real_rig_mw_delete(late.session, RIG_MW_DATAREADER, late.id, 0);
    }
}

int defect_start(const rig_mw_config_t *config)
{
    late.due = false;
    return __real_rig_mw_start(config);
}

int defect_delete(uint8_t session, uint8_t kind, uint16_t id, uint32_t timeout_ms)
{
    catch_up();
    if (kind != RIG_MW_DATAREADER) {
        return __real_rig_mw_delete(session, kind, id, timeout_ms);
    }
    late.due = true;
    late.session = session;
    late.id = id;
    return RIG_MW_OK;
}

int defect_loan(uint8_t session, uint16_t writer, uint32_t length, uint8_t **place)
{
    catch_up();
    return __real_rig_mw_loan(session, writer, length, place);
}

int defect_spin(uint32_t timeout_ms)
{
    int delivered = __real_rig_mw_spin(timeout_ms);

    catch_up();
    return delivered;
}
