set(CMAKE_C_STANDARD 11) # this port alone: threads and atomics of the host
find_package(Threads REQUIRED)
set(RIG_PORT_SOURCES ${RIG_PORT_DIR}/port.c ${RIG_PORT_DIR}/lock.c ${RIG_PORT_DIR}/wake.c
    ${RIG_PORT_DIR}/link.c ${RIG_PORT_DIR}/system.c ${RIG_PORT_DIR}/log.c ${RIG_PORT_DIR}/heap.c)
set(RIG_PORT_OPTIONS "")
set(RIG_PORT_DEFINITIONS RIG_MAILBOX_RING=1024 RIG_MAILBOX_PROGRAM=16384 BENCH_STREAM_BYTES=262144 RIG_PORT_OS="linux"
    _GNU_SOURCE)
set(RIG_PORT_LINK_OPTIONS "")
foreach(function IN ITEMS malloc calloc realloc aligned_alloc posix_memalign free sbrk mmap)
  list(APPEND RIG_PORT_LINK_OPTIONS -Wl,--wrap=${function})
endforeach()
set(RIG_PORT_LIBRARIES Threads::Threads)
