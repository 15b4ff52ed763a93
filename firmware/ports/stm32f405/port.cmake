# STM32F405RG and F407: Cortex-M4, 168 MHz. RIG_STM32_CRYSTAL_HZ: the board's crystal (a whole number of MHz, even),
# 0 for none: the chip's own oscillator, to 1 %, which a UART takes.
set(RIG_STM32_CRYSTAL_HZ "0" CACHE STRING "Crystal of an STM32 board in Hz; 0: the chip's own oscillator")
set(RIG_PORT_CORE cortex-m4)
include(${CMAKE_CURRENT_SOURCE_DIR}/ports/cortex-m/cortex-m.cmake)
set(RIG_PORT_DEFINITIONS RIG_MAILBOX_RING=256 RIG_MAILBOX_PROGRAM=2048 BENCH_STREAM_BYTES=16384
    BENCH_MESSAGE_BYTES=49152 CRYSTAL_HZ=${RIG_STM32_CRYSTAL_HZ}u)
