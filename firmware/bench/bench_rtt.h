/* The firmware's log, over RTT: an up-channel in RAM that the debug probe reads. Never blocks; a full channel
 * drops the line and says so in the next one. On POSIX the log goes to standard output. */
#ifndef BENCH_RTT_H
#define BENCH_RTT_H

void bench_log(const char *line);
void bench_log_start(void);

#endif
