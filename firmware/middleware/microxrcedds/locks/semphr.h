/* The recursive lock that the Client asks for: see FreeRTOS.h. */
#ifndef RIG_MW_SEMPHR_H
#define RIG_MW_SEMPHR_H

#include <stdint.h>

typedef struct {
    uint32_t depth; /* how often it is held */
} StaticSemaphore_t;

typedef StaticSemaphore_t *SemaphoreHandle_t;

SemaphoreHandle_t xSemaphoreCreateRecursiveMutexStatic(StaticSemaphore_t *lock);
/* 1: done; 0: there is no such lock. */
int xSemaphoreTakeRecursive(SemaphoreHandle_t lock, uint32_t ticks);
int xSemaphoreGiveRecursive(SemaphoreHandle_t lock);

#endif
