/* Preloaded: flock fails as on a file system that has none, where NO_FLOCK is the number of the error.
   With NFS_FLOCK it is as NFS has it: a shared lock needs a file open for reading, an exclusive one for writing. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

int flock(int fd, int operation) {
    const char *number = getenv("NO_FLOCK");
    if (number) {
        errno = atoi(number);
        return -1;
    }
    if (getenv("NFS_FLOCK")) {
        int access = fcntl(fd, F_GETFL) & O_ACCMODE;
        if (((operation & LOCK_SH) && access == O_WRONLY) || ((operation & LOCK_EX) && access == O_RDONLY)) {
            errno = EBADF;
            return -1;
        }
    }
    return (int)syscall(SYS_flock, fd, operation);
}
