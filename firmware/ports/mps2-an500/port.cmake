# Arm MPS2 with the AN500 image: the AN385's UART and timers at the same addresses, around a Cortex-M7.
set(RIG_PORT_SOURCES ports/mps2-an385/port.c ports/cortex-m/common.c ports/cortex-m/startup.c ports/cortex-m/lock.c
    ports/cortex-m/preempt.c ports/cortex-m/heap.c bench/bench_rtt.c)
set(RIG_PORT_OPTIONS -mcpu=cortex-m7 -mthumb)
set(RIG_PORT_DEFINITIONS RIG_MAILBOX_RING=1024 RIG_MAILBOX_PROGRAM=16384 BENCH_STREAM_BYTES=262144)
set(RIG_PORT_LINK_OPTIONS -nostartfiles -T${RIG_PORT_DIR}/link.ld -L${CMAKE_CURRENT_SOURCE_DIR}/ports/cortex-m
    -Wl,--orphan-handling=error -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc)
set(RIG_PORT_LINK_SCRIPTS ${RIG_PORT_DIR}/link.ld ${CMAKE_CURRENT_SOURCE_DIR}/ports/cortex-m/sections.ld)
set(RIG_PORT_LIBRARIES "")
