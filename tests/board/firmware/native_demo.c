/* A stand-in for the native bench: shares a file, prints, sends a datagram, and ends as it is told.
 *
 * Word 0 of the file counts, word 1 is the command, word 2 what happened.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 1 << 20, CMD_EXIT = 1, CMD_ABORT, CMD_DEAF, CMD_SEND };

char demo_mark[] = "a mark in private memory";

static int send_to(const char *link) {
    struct sockaddr_in peer = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    inet_pton(AF_INET, "127.0.0.1", &peer.sin_addr);
    peer.sin_port = htons((uint16_t)atoi(strrchr(link, ':') + 1));
    return (int)sendto(fd, "ping", 4, 0, (struct sockaddr *)&peer, sizeof peer);
}

int main(int argc, char **argv) {
    struct timespec pause = {0, 1000000};
    volatile uint32_t *words;
    int fd;

    if (argc != 5 || strcmp(argv[1], "--mailbox") != 0 || strcmp(argv[3], "--link") != 0) {
        fprintf(stderr, "usage: --mailbox FILE --link LINK\n");
        return 2;
    }
    if (getenv("DEMO_REFUSES") != NULL) {
        fprintf(stderr, "refused by the environment\n");
        return 7;
    }
    printf("link %s\n", argv[4]);
    fd = open(argv[2], O_RDWR | O_CREAT, 0600);
    if (fd < 0 || ftruncate(fd, SIZE) != 0) {
        return 3;
    }
    words = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    printf("no newline yet");
    fflush(stdout);
    for (;;) {
        uint32_t command = words[1];
        words[1] = 0;
        if (command == CMD_EXIT) {
            printf("\nleaving\n");
            return 5;
        }
        if (command == CMD_ABORT) {
            abort();
        }
        if (command == CMD_DEAF) {
            signal(SIGTERM, SIG_IGN);
            words[2] = 1;
        }
        if (command == CMD_SEND) {
            words[2] = (uint32_t)send_to(argv[4]);
        }
        ++words[0];
        nanosleep(&pause, NULL);
    }
}
