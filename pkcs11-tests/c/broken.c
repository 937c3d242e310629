/*
 * Mistakes that memory checkers must find: overrun, leak, order (of two locks), race.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t two = PTHREAD_MUTEX_INITIALIZER;
static volatile int shared;

static void *count(void *nothing)
{
    for (int i = 0; i < 100; i++)
        shared = shared + 1;
    return nothing;
}

static void in_order(pthread_mutex_t *first, pthread_mutex_t *second)
{
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    if (strcmp(mode, "overrun") == 0) {
        volatile char *bytes = malloc(8);
        bytes[8] = 1;
        free((void *)bytes);
    } else if (strcmp(mode, "leak") == 0) {
        volatile char *bytes = malloc(8);
        bytes[0] = 1;
        bytes = NULL;
    } else if (strcmp(mode, "order") == 0) {
        in_order(&one, &two);
        in_order(&two, &one);
    } else if (strcmp(mode, "race") == 0) {
        pthread_t thread;
        pthread_create(&thread, NULL, count, NULL);
        count(NULL);
        pthread_join(thread, NULL);
    }
    return 0;
}
