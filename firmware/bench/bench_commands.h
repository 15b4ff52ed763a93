#ifndef BENCH_COMMANDS_H
#define BENCH_COMMANDS_H

#include <stdint.h>

/* One command of the mailbox; fills results, returns its status. */
int bench_command(uint32_t command, const uint32_t *arguments, uint32_t *results);

#endif
