set(RIG_PORT_CORE cortex-m3)
include(${CMAKE_CURRENT_SOURCE_DIR}/ports/mps2/mps2.cmake)
