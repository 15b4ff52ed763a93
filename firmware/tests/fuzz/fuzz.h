/* What every fuzz target has; the same sources run under libFuzzer and, with fuzz_replay.c, over a folder of files. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
