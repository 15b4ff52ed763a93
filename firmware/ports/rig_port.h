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

#endif
