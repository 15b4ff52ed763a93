#ifndef BENCH_PROGRAM_H
#define BENCH_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

/* The program in the mailbox's program area, so many words of it. `strict`: it ends at the first entity that cannot be
 * made. */
int bench_program(uint32_t words, bool strict, uint32_t *results);

#endif
