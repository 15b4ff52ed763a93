/* The checks of the unit tests: a failure says where and what, and ends the program with status 1. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                             \
    do {                                                                             \
        if (!(condition)) {                                                          \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);  \
            exit(1);                                                                 \
        }                                                                            \
    } while (0)

#define CHECK_INT(got, want)                                                         \
    do {                                                                             \
        long long got_ = (long long)(got);                                           \
        long long want_ = (long long)(want);                                         \
        if (got_ != want_) {                                                         \
            fprintf(stderr, "%s:%d: %s is %lld, expected %lld\n", __FILE__, __LINE__, #got, got_, want_); \
            exit(1);                                                                 \
        }                                                                            \
    } while (0)

#define RUN(test)                                                                    \
    do {                                                                             \
        test();                                                                      \
        printf("ok %s\n", #test);                                                    \
    } while (0)

#endif
