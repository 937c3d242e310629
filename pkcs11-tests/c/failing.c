/*
 * Fails the n-th write of a process with EIO: that one alone, or with -n that one and all after it, as when a disk
 * does not come back, or with ENOSPC, as on one that is full. Preloaded with LD_PRELOAD. Only files and folders count: pipes and terminals work on.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static _Atomic long armed; /* which write fails; below 0: from which on; 0: none */
static _Atomic long count;
static _Atomic int syncs_fail;
static _Atomic int reason = EIO;
static _Atomic int deadly; /* whether the write that is armed ends the process */

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

static long number_in(const char *variable)
{
    const char *value = getenv(variable);
    return value ? atol(value) : 0;
}

__attribute__((constructor)) static void begin(void)
{
    long kill_at = number_in("FAILING_KILL");
    atomic_store(&deadly, kill_at != 0);
    atomic_store(&armed, kill_at ? kill_at : number_in("FAILING_WRITE"));
}

__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("FAILING_COUNT");
    long written = failing_written();
    if (!path)
        return;
    failing_arm(0);
    FILE *file = fopen(path, "w");
    if (file) {
        fprintf(file, "%ld\n", written);
        fclose(file);
    }
}

/* Counts a write, and says whether it must fail. */
static int counted(void)
{
    long n = atomic_fetch_add(&count, 1) + 1;
    long from = atomic_load(&armed);
    if (from == 0 || (from > 0 && n != from) || (from < 0 && n < -from))
        return 0;
    if (atomic_load(&deadly))
        kill(getpid(), SIGKILL);
    errno = atomic_load(&reason);
    return 1;
}

/* Whether this write must fail. */
static int fails(int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
        return 0;
    return counted();
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

/* A full disk lets names be changed and taken away; a folder it may refuse. */
static int name_fails(void)
{
    return counted() && errno != ENOSPC;
}

int rename(const char *from, const char *to)
{
    return name_fails() ? -1 : (NEXT(rename))(from, to);
}

int unlink(const char *path)
{
    return name_fails() ? -1 : (NEXT(unlink))(path);
}

int unlinkat(int folder, const char *name, int flags)
{
    return name_fails() ? -1 : (NEXT(unlinkat))(folder, name, flags);
}

int rmdir(const char *path)
{
    return name_fails() ? -1 : (NEXT(rmdir))(path);
}

int mkdir(const char *path, mode_t mode)
{
    return counted() ? -1 : (NEXT(mkdir))(path, mode);
}
