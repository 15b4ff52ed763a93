# What the port.cmake of every bare Cortex-M board has in common. Say RIG_PORT_CORE first, then include this file:
#
#   set(RIG_PORT_CORE cortex-m4)
#   include(${CMAKE_CURRENT_SOURCE_DIR}/ports/cortex-m/cortex-m.cmake)
#   set(RIG_PORT_DEFINITIONS RIG_MAILBOX_RING=512 ...)
#
# RIG_PORT_SMALL: the chip has 16 to 32 KB of RAM, so middlewares get smaller tables; ON by itself for a Cortex-M0.
# The port's own source is port.c beside its port.cmake, unless RIG_PORT_OWN_SOURCES names others. Its memory map is
# link.ld, which includes sections.ld of this folder.
if(NOT DEFINED RIG_PORT_SMALL AND RIG_PORT_CORE MATCHES "^cortex-m0")
  set(RIG_PORT_SMALL ON)
endif()
if(NOT DEFINED RIG_PORT_OWN_SOURCES)
  set(RIG_PORT_OWN_SOURCES ${RIG_PORT_DIR}/port.c)
endif()
set(RIG_PORT_SOURCES ports/cortex-m/common.c ${RIG_PORT_OWN_SOURCES} ports/cortex-m/startup.c ports/cortex-m/lock.c
    ports/cortex-m/preempt.c ports/cortex-m/heap.c bench/bench_rtt.c)
set(RIG_PORT_OPTIONS -mcpu=${RIG_PORT_CORE} -mthumb)
set(RIG_PORT_DEFINITIONS "")
set(RIG_PORT_LINK_OPTIONS -nostartfiles -T${RIG_PORT_DIR}/link.ld -L${CMAKE_CURRENT_LIST_DIR}
    -Wl,--orphan-handling=error -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc)
set(RIG_PORT_LINK_SCRIPTS ${RIG_PORT_DIR}/link.ld ${CMAKE_CURRENT_LIST_DIR}/sections.ld)
set(RIG_PORT_LIBRARIES "")
