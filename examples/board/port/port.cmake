# Arm MPS2 with the AN386 image: the AN385's peripherals at the same addresses, around a Cortex-M4, so it takes that
# family's sources. A board with peripherals of its own has a port.c and a rig_port_clock.h beside this file, and
# includes ports/cortex-m/cortex-m.cmake: `rig new-port` makes such a folder.
set(RIG_PORT_CORE cortex-m4)
include(${CMAKE_CURRENT_SOURCE_DIR}/ports/mps2/mps2.cmake)
# Words of the mailbox for deliveries and for programs of the search, and bytes for streams to the Agent.
set(RIG_PORT_DEFINITIONS RIG_MAILBOX_RING=512 RIG_MAILBOX_PROGRAM=16384 BENCH_STREAM_BYTES=131072)
