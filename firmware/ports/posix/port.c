/*
 * The bench as a process: the mailbox and all message memory lie in a shared file, the link is UDP or a serial
 * device.   rig-bench --mailbox FILE --link udp4:127.0.0.1:PORT | serial:/dev/... | none
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "posix.h"
#include "rig_mailbox.h"
#include "rig_port.h"
#include "rig_port_clock.h"

#ifndef BENCH_MESSAGE_BYTES
#define BENCH_MESSAGE_BYTES (16u * 1024u * 1024u)
#endif

#define PAGE 4096u
#define OUTSIDE 0x80000000u
#define STACK_PAINTED (256u * 1024u)
#define STACK_PAINT 0xA5u
#define MEMORY_OFFSET ((sizeof(rig_mailbox_t) + PAGE - 1u) / PAGE * PAGE)
#define FILE_BYTES (MEMORY_OFFSET + BENCH_MESSAGE_BYTES)

static uint8_t *shared;
static volatile sig_atomic_t stop;
static struct rig_port_link the_link;

static void on_signal(int signal)
{
    (void)signal;
    stop = 1;
}

static int fail(const char *what, const char *value)
{
    (void)fprintf(stderr, "rig-bench: %s '%s': %s\n", what, value, strerror(errno));
    return 2;
}

static int open_mailbox_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0) {
        return fail("cannot make the mailbox file", path);
    }
    /* All of it now: where there is no room, a sparse file is a SIGBUS at some later write, here or in the rig. */
    errno = posix_fallocate(fd, 0, (off_t)FILE_BYTES);
    if (errno != 0) {
        return fail("cannot make the mailbox file", path);
    }
    shared = mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    (void)close(fd);
    return shared == MAP_FAILED ? fail("cannot map the mailbox file", path) : 0;
}

static int open_udp(const char *host_and_port)
{
    struct sockaddr_in peer = {0};
    char host[64];
    const char *colon = strrchr(host_and_port, ':');
    size_t length = colon != NULL ? (size_t)(colon - host_and_port) : 0u;

    if (length == 0u || length >= sizeof(host)) {
        errno = EINVAL;
        return fail("expected udp4:HOST:PORT, got", host_and_port);
    }
    memcpy(host, host_and_port, length);
    host[length] = '\0';
    peer.sin_family = AF_INET;
    peer.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
    if (inet_pton(AF_INET, host, &peer.sin_addr) != 1) {
        errno = EINVAL;
        return fail("not an IPv4 address", host);
    }
    rig_posix_link_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (rig_posix_link_fd < 0 || connect(rig_posix_link_fd, (struct sockaddr *)&peer, sizeof(peer)) != 0) {
        return fail("cannot open the UDP link to", host_and_port);
    }
    return 0;
}

static int open_link(const char *link)
{
    the_link.write = rig_posix_link_write;
    the_link.read = rig_posix_link_read;
    if (strncmp(link, "udp4:", 5) == 0) {
        return open_udp(link + 5);
    }
    if (strncmp(link, "serial:", 7) == 0) {
        the_link.framed = true;
        return rig_posix_open_serial(link + 7) != 0 ? fail("cannot open the serial device", link + 7) : 0;
    }
    if (strcmp(link, "none") == 0) {
        return 0;
    }
    errno = EINVAL;
    return fail("--link takes udp4:HOST:PORT, serial:DEVICE or none, not", link);
}

/* The main thread's stack below the caller is painted; what is no paint any more has been used. */
static struct {
    const uint8_t *top;
    const volatile uint8_t *lowest; /* painted */
} stack;

static __attribute__((noinline)) void paint(void)
{
    volatile uint8_t area[STACK_PAINTED];

    for (uint32_t i = 0; i < STACK_PAINTED; i++) {
        area[i] = STACK_PAINT;
    }
    stack.lowest = (const volatile uint8_t *)((uintptr_t)area & ~(uintptr_t)15u) + 16;
}

int rig_port_start(int argc, char **argv)
{
    const char *mailbox = NULL;
    const char *link = "none";
    struct sigaction action = {0};

    stack.top = __builtin_frame_address(0);
    paint();
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--mailbox") == 0) {
            mailbox = argv[i + 1];
        } else if (strcmp(argv[i], "--link") == 0) {
            link = argv[i + 1];
        }
    }
    if (mailbox == NULL) {
        (void)fprintf(stderr, "usage: rig-bench --mailbox FILE [--link udp4:HOST:PORT|serial:DEVICE|none]\n");
        return 2;
    }
    action.sa_handler = on_signal;
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* never outlive the rig */
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    if (rig_posix_lock_start() != 0 || rig_posix_wake_start() != 0) {
        return fail("cannot make", "lock and eventfd");
    }
    int status = open_mailbox_file(mailbox);

    return status != 0 ? status : open_link(link);
}

bool rig_port_stopped(void)
{
    return stop != 0;
}

uint32_t rig_port_clock_kind(void)
{
    return RIG_CLOCK_HOST;
}

uint32_t rig_port_clock_hz(void)
{
    return 1000000000u;
}

uint32_t rig_port_millis(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u);
}

void rig_port_wake(void)
{
    rig_posix_wake();
}

int rig_posix_timeout(uint32_t ms)
{
    return (int)ms;
}

/* Between commands nobody wakes us: the rig writes into the shared file. A tenth of a millisecond keeps the
 * answer prompt and the processor free. */
void rig_port_idle(uint32_t ms)
{
    struct timespec pause = {0, ms == 0u ? 0 : 100000};

    (void)nanosleep(&pause, NULL);
}

const struct rig_port_link *rig_port_link(void)
{
    return &the_link;
}

void rig_port_link_quiet(bool quiet)
{
    (void)quiet; /* the host's network stack interrupts nobody here */
}

/* A thread that stands for another context. */
typedef struct {
    pthread_t thread;
    bool runs;
    atomic_bool ends;
    uint32_t ticks;
    uint32_t (*handler)(void);
} other_t;

static other_t others[RIG_PORT_OTHERS];

static void *call_again_and_again(void *argument)
{
    other_t *self = argument;
    struct timespec first = {0, (long)(self->ticks % 1000000000u)};
    uint32_t pause;

    (void)nanosleep(&first, NULL);
    while (!self->ends && (pause = self->handler()) != 0u) {
        uint32_t begin = rig_port_clock();

        while (rig_port_clock() - begin < pause && !self->ends) {
            /* not asleep: the pauses are shorter than what a host's scheduler takes */
        }
    }
    return NULL;
}

void rig_port_preempt(uint32_t other, uint32_t (*handler)(void), uint32_t ticks)
{
    other_t *self = &others[other];

    if (self->runs) {
        self->ends = true;
        (void)pthread_join(self->thread, NULL);
        self->runs = false;
    }
    if (handler != NULL) {
        self->handler = handler;
        self->ticks = ticks;
        self->ends = false;
        self->runs = pthread_create(&self->thread, NULL, call_again_and_again, self) == 0;
    }
}

/* Written and read by the main context alone. */
static struct {
    pthread_t main;
    bool counts;
    uint32_t passed;
    uint32_t wanted;
    uint32_t (*handler)(void);
} points;

static void *call_once(void *argument)
{
    (void)argument;
    (void)points.handler();
    return NULL;
}

void rig_posix_point(void)
{
    pthread_t thread;

    if (!points.counts || rig_port_lock_depth() != 0u || !pthread_equal(pthread_self(), points.main)) {
        return;
    }
    points.passed++;
    if (points.handler != NULL && points.passed == points.wanted) {
        points.counts = false;
        if (pthread_create(&thread, NULL, call_once, NULL) == 0) {
            (void)pthread_join(thread, NULL);
        }
    }
}

void rig_port_preempt_at(uint32_t other, uint32_t (*handler)(void), uint32_t point)
{
    points.main = pthread_self();
    points.passed = 0;
    (void)other; /* one thread is like another */
    points.handler = handler;
    points.wanted = point;
    points.counts = true;
}

uint32_t rig_port_points(void)
{
    points.counts = false;
    return points.passed;
}

uint8_t *rig_port_memory(uint32_t *bytes)
{
    *bytes = BENCH_MESSAGE_BYTES;
    return shared + MEMORY_OFFSET;
}

void *rig_port_mailbox(void)
{
    return shared;
}

uint32_t rig_port_address(const void *pointer)
{
    const uint8_t *at = pointer;

    if (at >= shared && at < shared + FILE_BYTES) {
        return (uint32_t)(at - shared);
    }
    return (uint32_t)(uintptr_t)at | OUTSIDE; /* tells two places apart, and is no offset */
}

void rig_port_stack(uint32_t *reserved, uint32_t *used)
{
    const volatile uint8_t *at = stack.lowest;
    struct rlimit limit;

    while (at < stack.top && *at == STACK_PAINT) {
        at++;
    }
    *reserved = getrlimit(RLIMIT_STACK, &limit) == 0 ? (uint32_t)limit.rlim_cur : 0u;
    *used = (uint32_t)(stack.top - (const uint8_t *)at);
}

void rig_port_stack_forget(void)
{
    paint();
}

void rig_port_barrier(void)
{
    atomic_thread_fence(memory_order_seq_cst);
}
