#include <stdint.h>
typedef uint32_t irqstate_t;
irqstate_t enter_critical_section(void);
void leave_critical_section(irqstate_t flags);
int irq_attach(int irq, int (*handler)(int irq, void *context, void *argument), void *argument);
enum { REG_R0, REG_R1, REG_R2, REG_R3, REG_R12, REG_LR, REG_PC, REG_XPSR };
