/* The bench's log is the process's standard output. */
#include <stdio.h>

#include "bench_rtt.h"

void bench_log_start(void)
{
}

void bench_log(const char *line)
{
    (void)puts(line);
}
