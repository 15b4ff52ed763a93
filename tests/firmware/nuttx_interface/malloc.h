#include <stddef.h>
struct mallinfo {
    int mxordblk; /* the largest piece that is free */
};
struct mallinfo mallinfo(void);
size_t malloc_usable_size(void *place);
