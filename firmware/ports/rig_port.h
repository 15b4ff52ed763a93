/*
 * What a board port gives to the bench app and the middleware backend. One implementation per folder below.
 *
 * Contexts: millis, lock/unlock and wake may be called from any context, interrupts included; the rest from the
 * main context only.
 */
#ifndef RIG_PORT_H
#define RIG_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Milliseconds since start; wraps after 49 days. */
uint32_t rig_port_millis(void);

/* A short critical section; nests. Counted by the bench as a lock call. */
void rig_port_lock(void);
void rig_port_unlock(void);

/* Ends a running rig_port_wait(), or the next one if none is running. */
void rig_port_wake(void);

/* Sleeps until wake(), a link interrupt, or `ms` milliseconds later. Counted as an OS call. */
void rig_port_wait(uint32_t ms);

/* The same sleep for the bench itself: not counted. */
void rig_port_idle(uint32_t ms);

/* The clock of all measurements is a macro or inline function of the port's own rig_port_clock.h, so that reading
 * it costs a load, not a call:  uint32_t rig_port_clock(void). */
uint32_t rig_port_clock_kind(void); /* rig_clock */
uint32_t rig_port_clock_hz(void);

/* Called once, before anything else. Returns 0, or nonzero if the program should end (POSIX: bad arguments). */
int rig_port_start(int argc, char **argv);

/* The version of the operating system below the bench; empty on bare metal. Its name is the port's RIG_PORT_OS. */
const char *rig_port_os_version(void);

/* POSIX: the rig asked the process to end. Boards: never. */
bool rig_port_stopped(void);

/* The way to the Agent, one for the life of the program. Reading and writing is for the main context. */
struct rig_port_link {
    bool framed; /* a byte stream that needs the serial framing */
    int (*write)(void *context, const uint8_t *bytes, size_t length);
    int (*read)(void *context, uint8_t *bytes, size_t capacity, int timeout_ms);
};
const struct rig_port_link *rig_port_link(void);

/* Holds the link's interrupt back, so that a measured piece of code is not interrupted; what comes meanwhile waits in
 * the UART. For a few microseconds only. */
void rig_port_link_quiet(bool quiet);

/* Other contexts, 0 and 1: interrupts on a board, where the first can interrupt the second; threads on POSIX. Calls
 * `handler` there, `ticks` of the clock from now and then again and again, while the main context goes on; it returns
 * the ticks until its next call, or 0 for no more. After a 0 rig_port_preempt may be called again;
 * NULL ends it from outside. On a board the second context is called after the first, and by itself when that has
 * ended. From the main context only. */
#define RIG_PORT_OTHERS 2u
void rig_port_preempt(uint32_t other, uint32_t (*handler)(void), uint32_t ticks);

/* Where a context comes between the same two instructions by chance alone: points of the main context's way at which one
 * may come, which are those where it holds no lock and is about to take one, has given one back, or is about to sleep.
 * Calls `handler` once in the other context, from begin to end, at the n-th point from now; NULL: at none, and the count
 * begins anew. Boards, whose interrupts come at any instruction, have no points. */
void rig_port_preempt_at(uint32_t other, uint32_t (*handler)(void), uint32_t point);

/* Points that the main context has come to since then. */
uint32_t rig_port_points(void);

/* How often the calling context holds the lock now. */
uint32_t rig_port_lock_depth(void);

/* The longest that another context had to wait for the lock since this was last asked, ticks: on a board what its
 * interrupt came late, POSIX what a thread waited. */
uint32_t rig_port_held_off(void);

/* Memory for message buffers: the largest piece the board can spare. 8-aligned. */
uint8_t *rig_port_memory(uint32_t *bytes);

/* Where the mailbox lies, and how the rig names an address: boards by itself, POSIX by its offset in the shared
 * file (with the top bit set if it lies outside). */
void *rig_port_mailbox(void);
uint32_t rig_port_address(const void *pointer);

/* Main stack: bytes reserved, and bytes ever used since start. */
void rig_port_stack(uint32_t *reserved, uint32_t *used);

/* From now on only what is used from now on counts as used. */
void rig_port_stack_forget(void);

/* The most bytes of heap that were ever taken at once since start. The bench and its ports take none. */
uint32_t rig_port_heap(void);

/* Orders the mailbox's writes before the serial that announces them; the debug probe and the CPU see one memory. */
void rig_port_barrier(void);

#endif
