/*
 * The bench as a process: the mailbox and all message memory lie in a shared file, the link is UDP or a serial
 * device.   rig-bench --mailbox FILE --link udp4:127.0.0.1:PORT | serial:/dev/... | none
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

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
static int link_fd = -1;
static int wake_fd = -1;
static volatile sig_atomic_t stop;
static pthread_mutex_t mutex;
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
    link_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (link_fd < 0 || connect(link_fd, (struct sockaddr *)&peer, sizeof(peer)) != 0) {
        return fail("cannot open the UDP link to", host_and_port);
    }
    return 0;
}

static int open_serial(const char *device)
{
    struct termios mode;

    link_fd = open(device, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (link_fd < 0 || tcgetattr(link_fd, &mode) != 0) {
        return fail("cannot open the serial device", device);
    }
    cfmakeraw(&mode);
    if (cfsetspeed(&mode, B115200) != 0 || tcsetattr(link_fd, TCSANOW, &mode) != 0) {
        return fail("cannot set up the serial device", device);
    }
    return 0;
}

static void at_point(void);

static bool link_is_there(int timeout_ms)
{
    struct pollfd ready[2] = {{link_fd, POLLIN, 0}, {wake_fd, POLLIN, 0}};

    at_point();
    if (poll(ready, 2, timeout_ms) <= 0) {
        return false;
    }
    if ((ready[1].revents & POLLIN) != 0) {
        uint64_t count;

        if (read(wake_fd, &count, sizeof(count)) < 0) {
            return false; /* somebody else took it: the wake-up is over all the same */
        }
    }
    return (ready[0].revents & POLLIN) != 0;
}

static int link_write(void *context, const uint8_t *bytes, size_t length)
{
    (void)context;
    ssize_t sent = write(link_fd, bytes, length);

    if (sent < 0 && errno == ECONNREFUSED) {
        return (int)length; /* nobody listens there now: a datagram lost, not a broken link */
    }
    return (int)sent;
}

static int link_read(void *context, uint8_t *bytes, size_t capacity, int timeout_ms)
{
    (void)context;
    if (!link_is_there(timeout_ms)) {
        return 0;
    }
    ssize_t got = read(link_fd, bytes, capacity);

    return got > 0 ? (int)got : 0; /* an error shows when we write */
}

static int open_link(const char *link)
{
    the_link.write = link_write;
    the_link.read = link_read;
    if (strncmp(link, "udp4:", 5) == 0) {
        return open_udp(link + 5);
    }
    if (strncmp(link, "serial:", 7) == 0) {
        the_link.framed = true;
        return open_serial(link + 7);
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
    pthread_mutexattr_t recursive;

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
    (void)pthread_mutexattr_init(&recursive);
    (void)pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    (void)pthread_mutex_init(&mutex, &recursive);
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake_fd < 0) {
        return fail("cannot make", "eventfd");
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

static _Thread_local uint32_t depth;
static uint32_t longest_wait; /* guarded by the mutex */

void rig_port_lock(void)
{
    at_point();
    if (pthread_mutex_trylock(&mutex) != 0) { /* somebody else has it: only then the clock is read */
        uint32_t begin = rig_port_clock();
        uint32_t waited;

        (void)pthread_mutex_lock(&mutex);
        waited = rig_port_clock() - begin;
        longest_wait = waited > longest_wait ? waited : longest_wait;
    }
    depth++;
}

void rig_port_unlock(void)
{
    depth--;
    (void)pthread_mutex_unlock(&mutex);
    at_point();
}

uint32_t rig_port_lock_depth(void)
{
    return depth;
}

uint32_t rig_port_held_off(void)
{
    uint32_t longest;

    (void)pthread_mutex_lock(&mutex);
    longest = longest_wait;
    longest_wait = 0;
    (void)pthread_mutex_unlock(&mutex);
    return longest;
}

void rig_port_wake(void)
{
    uint64_t one = 1;

    if (write(wake_fd, &one, sizeof(one)) < 0) {
        return; /* the counter is full: the sleeper wakes anyway */
    }
}

void rig_port_wait(uint32_t ms)
{
    struct pollfd ready = {wake_fd, POLLIN, 0};
    uint64_t count;

    at_point();
    if (poll(&ready, 1, (int)ms) > 0 && read(wake_fd, &count, sizeof(count)) < 0) {
        return;
    }
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

static void at_point(void)
{
    pthread_t thread;

    if (!points.counts || depth != 0u || !pthread_equal(pthread_self(), points.main)) {
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
