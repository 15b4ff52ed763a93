/* Of NuttX's interface what the port uses, by name and type alone: so that it is compiled where there is no NuttX. */
#define CONFIG_EVENT_FD 1
#define CONFIG_PTHREAD_MUTEX_TYPES 1
#define CONFIG_INIT_PRIORITY 100
