/* Runs a fuzz target over the files of a folder, for compilers without libFuzzer and as a regression test. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

int main(int argc, char **argv)
{
    static uint8_t bytes[1 << 16];
    unsigned count = 0;

    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        const struct dirent *entry;

        while (folder != NULL && (entry = readdir(folder)) != NULL) {
            char path[1024];
            FILE *file;

            (void)snprintf(path, sizeof(path), "%s/%s", argv[i], entry->d_name);
            file = entry->d_name[0] == '.' ? NULL : fopen(path, "rb");
            if (file != NULL) {
                size_t size = fread(bytes, 1, sizeof(bytes), file);
                uint8_t *exact = malloc(size + 1u); /* so that a read behind its end is noticed */

                (void)fclose(file);
                for (size_t k = 0; k < size; k++) {
                    exact[k] = bytes[k];
                }
                (void)LLVMFuzzerTestOneInput(exact, size);
                free(exact);
                count++;
            }
        }
        if (folder != NULL) {
            (void)closedir(folder);
        }
    }
    printf("%u inputs\n", count);
    return count == 0u;
}
