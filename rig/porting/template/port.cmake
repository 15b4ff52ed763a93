# @NAME@. The other values that may be set here are in the comment of ports/cortex-m/cortex-m.cmake.
set(RIG_PORT_CORE @CORE@)
@SMALL@include(${CMAKE_CURRENT_SOURCE_DIR}/ports/cortex-m/cortex-m.cmake)
# Sizes for @RAM_KIB@ KiB of RAM. RIG_MAILBOX_RING: records, a power of two. RIG_MAILBOX_PROGRAM: words for programs of the
# search. BENCH_STREAM_BYTES: for the streams to the Agent. BENCH_MESSAGE_BYTES: for message buffers, so the largest message.
set(RIG_PORT_DEFINITIONS @DEFINITIONS@)
