/* The part of a port that is the same on every bare Cortex-M board: one UART to the Agent, RAM that the probe reads. */
#include "common.h"

#include "rig_mailbox.h"
#include "rig_port.h"

rig_mailbox_t rig_mailbox;
volatile bool rig_woken;

bool rig_port_stopped(void)
{
    return false;
}

const char *rig_port_os_version(void)
{
    return "";
}

void rig_port_wake(void)
{
    rig_woken = true;
}

void rig_port_wait(uint32_t ms)
{
    rig_port_idle(ms);
}

static int link_read(void *context, uint8_t *bytes, size_t capacity, int timeout_ms)
{
    size_t taken = rig_byte_queue_take(&rig_link_received, bytes, capacity);

    (void)context;
    if (taken == 0u && timeout_ms > 0) {
        rig_port_idle((uint32_t)timeout_ms);
        taken = rig_byte_queue_take(&rig_link_received, bytes, capacity);
    }
    return (int)taken;
}

const struct rig_port_link *rig_port_link(void)
{
    static const struct rig_port_link link = {true, rig_link_write, link_read};

    return &link;
}

void rig_port_link_quiet(bool quiet)
{
    if (quiet) {
        rig_irq_disable(rig_link_irq);
    } else {
        rig_irq_enable(rig_link_irq);
    }
    __asm volatile("dsb\n isb" ::: "memory");
}

void *rig_port_mailbox(void)
{
    return &rig_mailbox;
}

uint32_t rig_port_address(const void *pointer)
{
    return (uint32_t)(uintptr_t)pointer;
}
