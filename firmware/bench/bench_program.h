#ifndef BENCH_PROGRAM_H
#define BENCH_PROGRAM_H

#include <stdint.h>

/* The program in the mailbox's program area, so many words of it. */
int bench_program(uint32_t words, uint32_t *results);

#endif
