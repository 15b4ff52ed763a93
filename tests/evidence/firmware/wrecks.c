/* Firmware that comes to grief in a way that the test chooses, each at a line that is marked: the test looks for it.
 *
 * The stack lies below all data, as in the bench. No startup files, no library.
 */
#include <stdint.h>

enum { RUN, HARD_FAULT, STACK_OVERFLOW, ENDLESS_LOOP, IN_INTERRUPT, JUMP_NOWHERE };

extern uint32_t rig_stack_top[];

volatile uint32_t wreck_command;
volatile uint32_t wreck_alive;
volatile uint32_t wreck_depth;
volatile uint32_t wreck_deepest = 0xFFFFFFFFu;
volatile uint32_t wreck_kept[4] = {0x600DDA7Au, 1, 2, 3};

__attribute__((noinline)) static uint32_t read_word(uint32_t address)
{
    return *(volatile uint32_t *)address; /* marked: HARD_FAULT */
}

__attribute__((noinline)) static uint32_t dig(uint32_t depth)
{
    volatile uint32_t room[16];

    room[depth & 15u] = depth;
    wreck_depth = depth;
    if (depth == wreck_deepest) {
        return 0;
    }
    return dig(depth + 1u) + room[depth & 15u]; /* marked: STACK_OVERFLOW */
}

__attribute__((noinline)) static void go_round(void)
{
    for (;;) {
        wreck_kept[1]++; /* marked: ENDLESS_LOOP */
    }
}

__attribute__((noinline)) static void call(void (*function)(void))
{
    function(); /* marked: JUMP_NOWHERE */
    wreck_alive = 0;
}

void svc(void);
void svc(void)
{
    wreck_kept[2] = read_word(0xA0000000u); /* marked: IN_INTERRUPT */
}

static void obey(uint32_t command)
{
    switch (command) {
    case HARD_FAULT: wreck_kept[2] = read_word(0xA0000000u); break;
    case STACK_OVERFLOW: wreck_kept[2] = dig(0); break;
    case ENDLESS_LOOP: go_round(); break;
    case IN_INTERRUPT: __asm volatile("svc 0"); break;
    case JUMP_NOWHERE: call((void (*)(void))0xA0000001u); break;
    default: break;
    }
}

int main(void)
{
    for (;;) {
        uint32_t command = wreck_command;

        wreck_alive++;
        if (command != RUN) { /* what the test writes meanwhile is not lost */
            wreck_command = RUN;
            obey(command);
        }
    }
}

void reset(void);
void reset(void)
{
    wreck_command = RUN;
    wreck_alive = 0;
    wreck_deepest = 0xFFFFFFFFu;
    wreck_kept[0] = 0x600DDA7Au;
    (void)main();
}

void stop(void);
__attribute__((aligned(1024))) void stop(void)
{
    for (;;) {
    }
}

__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    rig_stack_top, (void *)reset, (void *)stop, (void *)stop, (void *)stop, (void *)stop, (void *)stop, 0, 0, 0, 0,
    (void *)svc, 0, 0, 0, 0};
