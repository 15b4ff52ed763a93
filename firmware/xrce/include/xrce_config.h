/*
 * Compile-time choices of the client library. A build sets them by -D; the values here are the defaults.
 */
#ifndef XRCE_CONFIG_H
#define XRCE_CONFIG_H

/* 1: entities of one MCU exchange samples by shared memory. 0: every sample goes over the link; no code for it. */
#ifndef XRCE_SHM
#define XRCE_SHM 1
#endif

/* Called for every payload byte that a loop of the library copies. Copies by memcpy/memmove are left to the
 * instrumentation of those two functions, so that no byte is counted twice. */
#ifndef XRCE_ON_COPY
#define XRCE_ON_COPY(bytes) ((void)(bytes))
#endif

/* Bytes read from a framed transport at once, and the size of one piece of an outgoing frame. Stack and context. */
#ifndef XRCE_CHUNK_BYTES
#define XRCE_CHUNK_BYTES 128
#endif

/* Pause between two HEARTBEATs while something is unacknowledged; between two attempts to connect; and how long an
 * Agent may stay silent while we wait for it before the session counts as disconnected. Milliseconds. */
#ifndef XRCE_HEARTBEAT_MS
#define XRCE_HEARTBEAT_MS 100u
#endif
#ifndef XRCE_CONNECT_MS
#define XRCE_CONNECT_MS 1000u
#endif
/* An idle session asks for a sign of life after so long without one, then every XRCE_CONNECT_MS, so many times. */
#ifndef XRCE_IDLE_MS
#define XRCE_IDLE_MS 5000u
#endif
#ifndef XRCE_IDLE_TRIES
#define XRCE_IDLE_TRIES 3u
#endif
#ifndef XRCE_SILENCE_MS
#define XRCE_SILENCE_MS 3000u
#endif
/* After so long of it, samples for reliable readers behind the Agent no longer keep a full pool from local traffic. */
#ifndef XRCE_STALL_MS
#define XRCE_STALL_MS 1000u
#endif

/* Samples under way to an Agent that echoes, a power of two; how long to wait for the first echo; and how long for one
 * from an Agent that is known to echo. The second is long: our clock may run ahead of the Agent's host by far. */
#ifndef XRCE_ECHO_SAMPLES
#define XRCE_ECHO_SAMPLES 16u
#endif
#ifndef XRCE_ECHO_MS
#define XRCE_ECHO_MS 1000u
#endif
#ifndef XRCE_ECHO_LOST_MS
#define XRCE_ECHO_LOST_MS 10000u
#endif

/* A spin that delivers local samples does not read the link, except at least once in this many spins. */
#ifndef XRCE_LINK_EVERY
#define XRCE_LINK_EVERY 16u
#endif

/* 1: the contexts that publish may run on several cores. Cortex-M parts have one, unless a build says otherwise. */
#ifndef XRCE_SMP
#if defined(__ARM_ARCH) && defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'
#define XRCE_SMP 0
#else
#define XRCE_SMP 1
#endif
#endif

/* Pointers that are read without the lock and written under it. */
#if !defined(__GNUC__)
#define XRCE_LOAD(pointer) (*(void *volatile *)&(pointer))
#define XRCE_STORE(pointer, value) (*(void *volatile *)&(pointer) = (value))
#elif XRCE_SMP
#define XRCE_LOAD(pointer) __atomic_load_n(&(pointer), __ATOMIC_ACQUIRE)
#define XRCE_STORE(pointer, value) __atomic_store_n(&(pointer), (value), __ATOMIC_RELEASE)
#else
/* One core sees its own accesses in order: only the compiler must keep it. */
#define XRCE_LOAD(pointer) __atomic_load_n(&(pointer), __ATOMIC_RELAXED)
#define XRCE_STORE(pointer, value)                             \
    do {                                                       \
        __atomic_signal_fence(__ATOMIC_RELEASE);               \
        __atomic_store_n(&(pointer), (value), __ATOMIC_RELAXED); \
    } while (0)
#endif

#if defined(__GNUC__)
#define XRCE_SHARED __attribute__((cold, noinline)) /* the same, never inlined */
#define XRCE_COLD __attribute__((cold)) /* not between publish and callback: small rather than fast */
#define XRCE_LIKELY(x) __builtin_expect(!!(x), 1)
#define XRCE_UNLIKELY(x) __builtin_expect(!!(x), 0)
#else
#define XRCE_COLD
#define XRCE_SHARED
#define XRCE_LIKELY(x) (x)
#define XRCE_UNLIKELY(x) (x)
#endif

#define XRCE_STATIC_ASSERT(condition, name) typedef char xrce_assert_##name[(condition) ? 1 : -1]

#endif
