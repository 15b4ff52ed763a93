# nRF52840-DK (Cortex-M4, 64 MHz): the UART that its debugger hands to the host is on P0.06 and P0.08. Not yet run on
# silicon, and QEMU has no nRF52: what is shared with the micro:bit's port runs there.
set(RIG_PORT_CORE cortex-m4)
include(${CMAKE_CURRENT_SOURCE_DIR}/ports/nrf5/nrf5.cmake)
set(RIG_PORT_DEFINITIONS RIG_MAILBOX_RING=512 RIG_MAILBOX_PROGRAM=4096 BENCH_STREAM_BYTES=32768 BENCH_MESSAGE_BYTES=98304
    RIG_NRF_CORE_HZ=64000000u RIG_NRF_PIN_TXD=6u RIG_NRF_PIN_RXD=8u RIG_NRF_IRQS=48 RIG_NRF_RECEIVE_BYTES=2048)
