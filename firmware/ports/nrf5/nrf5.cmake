# What the ports for Nordic's nRF51 and nRF52 have in common. RIG_PORT_CORE is the chip's. The port's definitions name the
# board's RIG_NRF_PIN_TXD and RIG_NRF_PIN_RXD, the chip's RIG_NRF_IRQS, and RIG_NRF_RECEIVE_BYTES, a power of two.
set(RIG_PORT_OWN_SOURCES ports/nrf5/port.c)
include(${CMAKE_CURRENT_SOURCE_DIR}/ports/cortex-m/cortex-m.cmake)
list(APPEND RIG_PORT_INCLUDES ${CMAKE_CURRENT_LIST_DIR}) # rig_port_clock.h
