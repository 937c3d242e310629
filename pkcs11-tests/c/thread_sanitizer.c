/*
 * The runtime of ThreadSanitizer that comes with Debian's gcc checks the C library's functions that copy and fill
 * memory; a newer compiler calls them by names of its own. The harness is linked with these.
 */
#include <string.h>

void *__tsan_memcpy(void *to, const void *from, size_t len);
void *__tsan_memmove(void *to, const void *from, size_t len);
void *__tsan_memset(void *to, int byte, size_t len);

void *__tsan_memcpy(void *to, const void *from, size_t len)
{
    return memcpy(to, from, len);
}

void *__tsan_memmove(void *to, const void *from, size_t len)
{
    return memmove(to, from, len);
}

void *__tsan_memset(void *to, int byte, size_t len)
{
    return memset(to, byte, len);
}
