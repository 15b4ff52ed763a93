# What the Arm MPS2 images have in common: UART, timers, sizes. RIG_PORT_CORE is the image's.
set(RIG_PORT_OWN_SOURCES ports/mps2/port.c)
include(${CMAKE_CURRENT_SOURCE_DIR}/ports/cortex-m/cortex-m.cmake)
set(RIG_PORT_DEFINITIONS RIG_MAILBOX_RING=1024 RIG_MAILBOX_PROGRAM=16384 BENCH_STREAM_BYTES=262144)
list(APPEND RIG_PORT_INCLUDES ${CMAKE_CURRENT_LIST_DIR}) # rig_port_clock.h
