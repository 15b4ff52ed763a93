#include <stdbool.h>
bool up_interrupt_context(void);
void up_enable_irq(int irq);
