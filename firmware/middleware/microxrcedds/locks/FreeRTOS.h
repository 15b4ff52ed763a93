/*
 * For an eProsima Client with UCLIENT_PROFILE_MULTITHREAD on a board without operating system: the Client's sources know
 * a few systems by name, and no port of locks. With -DPLATFORM_NAME_FREERTOS and this folder among its include folders
 * it calls the functions of semphr.h, which the backend has (rig_mw_locks.c).
 */
#ifndef RIG_MW_FREERTOS_H
#define RIG_MW_FREERTOS_H

#include <stdint.h>

#define portMAX_DELAY UINT32_MAX

#endif
