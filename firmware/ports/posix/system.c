/* Of the operating system below a port over POSIX: what it calls its version. */
#include <sys/utsname.h>

#include "rig_port.h"

const char *rig_port_os_version(void)
{
    static struct utsname system;

    return uname(&system) >= 0 ? system.release : "";
}
