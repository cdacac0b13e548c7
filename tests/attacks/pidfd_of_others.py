"""Takes descriptors out of others with pidfd_open and pidfd_getfd, and compares with kcmp."""

import errno
import os

from attack_kit import attempt, others, reached, syscall

for pid in others():
    pidfd = syscall("pidfd_open", pid, 0)
    if pidfd < 0:
        folder = attempt(os.open, f"/proc/{pid}", os.O_RDONLY | os.O_DIRECTORY)
        pidfd = folder if isinstance(folder, int) else -1
    else:
        reached(f"a pidfd of {pid}")
    for fd in range(8):
        if pidfd >= 0 and syscall("pidfd_getfd", pidfd, fd, 0) >= 0:
            reached(f"descriptor {fd} of {pid}")
    for advice in (20, 21, 4):  # MADV_COLD, MADV_PAGEOUT, MADV_DONTNEED
        if pidfd >= 0 and syscall("process_madvise", pidfd, 0, 0, advice, 0) >= 0:
            reached(f"process_madvise of {pid}")
    if pidfd >= 0 and syscall("process_mrelease", pidfd, 0) not in (-errno.ENOSYS, -errno.EPERM):
        reached(f"process_mrelease of {pid}")
    if syscall("kcmp", os.getpid(), pid, 0, 0, 1) >= 0:
        reached(f"kcmp with {pid}")
