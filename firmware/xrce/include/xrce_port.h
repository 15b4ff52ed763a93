/* What the library needs from the board. */
#ifndef XRCE_PORT_H
#define XRCE_PORT_H

#include "xrce_types.h"

/* All four may be called from any context that calls into the library. lock/unlock enclose short sections that touch
 * state shared between contexts, never a callback, and must be memory barriers; they must not need to nest. On a
 * system with one context they may be empty functions. wake ends a transport read that waits, or a wait, that is under
 * way, or else the next one: nothing but those two may take it. It is called only when the main context may wait. */
typedef struct {
    uint32_t (*now_ms)(void);
    void (*lock)(void);
    void (*unlock)(void);
    void (*wake)(void);
    void (*wait)(uint32_t ms); /* sleeps until wake or ms later; used only when there is no link to wait on */
} xrce_port_t;

/* The link to the Agent. Owned by the caller for as long as the client runs; called from the main context only. */
typedef struct {
    bool framed; /* a byte stream that needs serial framing; else one call is one message */
    void *context;
    int (*write)(void *context, const uint8_t *bytes, size_t length); /* all bytes, or negative */
    int (*read)(void *context, uint8_t *bytes, size_t capacity, int timeout_ms);
} xrce_transport_t;

#endif
