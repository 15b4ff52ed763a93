#include <stddef.h>
#include <sys/types.h>
struct stackinfo_s {
    size_t adj_stack_size;
    void *stack_alloc_ptr;
    void *stack_base_ptr;
};
int nxsched_get_stackinfo(pid_t pid, struct stackinfo_s *stack);
