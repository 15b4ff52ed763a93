# Arm MPS2 with the AN386 image: the AN385's peripherals at the same addresses, around a Cortex-M4.
# What differs between two boards is here and in the two files beside this one. A board with peripherals of its own
# has a port.c as well: put it here, and in RIG_PORT_SOURCES instead of the AN385's.
set(RIG_PORT_SOURCES ports/mps2-an385/port.c ports/cortex-m/common.c ports/cortex-m/startup.c ports/cortex-m/lock.c
    ports/cortex-m/preempt.c ports/cortex-m/heap.c bench/bench_rtt.c)
set(RIG_PORT_OPTIONS -mcpu=cortex-m4 -mthumb)
# Words of the mailbox for deliveries and for programs of the search, and bytes for streams to the Agent.
set(RIG_PORT_DEFINITIONS RIG_MAILBOX_RING=512 RIG_MAILBOX_PROGRAM=16384 BENCH_STREAM_BYTES=131072)
set(RIG_PORT_LINK_OPTIONS -nostartfiles -T${RIG_PORT_DIR}/link.ld -L${CMAKE_CURRENT_SOURCE_DIR}/ports/cortex-m
    -Wl,--orphan-handling=error -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc)
set(RIG_PORT_LINK_SCRIPTS ${RIG_PORT_DIR}/link.ld ${CMAKE_CURRENT_SOURCE_DIR}/ports/cortex-m/sections.ld)
set(RIG_PORT_LIBRARIES "")
