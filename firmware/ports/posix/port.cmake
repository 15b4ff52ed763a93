set(CMAKE_C_STANDARD 11) # this port alone: threads and atomics of the host
find_package(Threads REQUIRED)
set(RIG_PORT_SOURCES ${RIG_PORT_DIR}/port.c ${RIG_PORT_DIR}/log.c)
set(RIG_PORT_OPTIONS "")
set(RIG_PORT_DEFINITIONS RIG_MAILBOX_RING=1024 RIG_MAILBOX_PROGRAM=16384 BENCH_STREAM_BYTES=262144 BENCH_WRAP_ALLOCATOR _GNU_SOURCE)
set(RIG_PORT_LINK_OPTIONS -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc)
set(RIG_PORT_LIBRARIES Threads::Threads)
