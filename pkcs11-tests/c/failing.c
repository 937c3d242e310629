/*
 * Fails the n-th write of a process with EIO: that one alone, or with -n that one and all after it, as when a disk
 * does not come back, or with ENOSPC, as on one that is full. Preloaded with LD_PRELOAD. Only files and folders count: pipes and terminals work on.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static _Atomic long armed; /* which write fails; below 0: from which on; 0: none */
static _Atomic long count;
static _Atomic int syncs_fail;
static _Atomic int reason = EIO;

void failing_arm(long n);
void failing_arm_full(void);
void failing_arm_syncs(void);
long failing_written(void);

void failing_arm(long n)
{
    atomic_store(&count, 0);
    atomic_store(&armed, n);
    atomic_store(&syncs_fail, 0);
    atomic_store(&reason, EIO);
}

/* Every write fails from now on as on a disk that is full. */
void failing_arm_full(void)
{
    failing_arm(-1);
    atomic_store(&reason, ENOSPC);
}

/* Every fsync and fdatasync fails from now on; what is written is written. */
void failing_arm_syncs(void)
{
    atomic_store(&syncs_fail, 1);
}

long failing_written(void)
{
    return atomic_load(&count);
}

/* Whether this write must fail. */
static int fails(int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
        return 0;
    long n = atomic_fetch_add(&count, 1) + 1;
    long from = atomic_load(&armed);
    if (from == 0 || (from > 0 && n != from) || (from < 0 && n < -from))
        return 0;
    errno = atomic_load(&reason);
    return 1;
}

static int sync_fails(int fd)
{
    if (fails(fd))
        return 1;
    errno = EIO;
    return atomic_load(&syncs_fail);
}

#define NEXT(name) (__typeof__(&name))dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *data, size_t len)
{
    return fails(fd) ? -1 : (NEXT(write))(fd, data, len);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t at)
{
    return fails(fd) ? -1 : (NEXT(pwrite))(fd, data, len, at);
}

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t at)
{
    return fails(fd) ? -1 : (NEXT(pwrite64))(fd, data, len, at);
}

ssize_t writev(int fd, const struct iovec *parts, int n)
{
    return fails(fd) ? -1 : (NEXT(writev))(fd, parts, n);
}

int fsync(int fd)
{
    return sync_fails(fd) ? -1 : (NEXT(fsync))(fd);
}

int fdatasync(int fd)
{
    return sync_fails(fd) ? -1 : (NEXT(fdatasync))(fd);
}

/* A full disk lets a file be cut, or be given a length. */
static int truncate_fails(int fd)
{
    return fails(fd) && errno != ENOSPC;
}

int ftruncate(int fd, off_t len)
{
    return truncate_fails(fd) ? -1 : (NEXT(ftruncate))(fd, len);
}

int ftruncate64(int fd, off64_t len)
{
    return truncate_fails(fd) ? -1 : (NEXT(ftruncate64))(fd, len);
}
