"""Which system calls a jailed interpreter may make: those it needs to compute, and no other.

Everything not named fails with ENOSYS, calls that are yet to be invented and x86-64's second table (x32) included;
another architecture's calls end the process. So that libc falls back as it would on an old kernel, and so that a
program reads "not permitted" where it tried something, the calls people do try fail with EPERM.
"""

from __future__ import annotations

import errno
import os
from functools import cache
from types import MappingProxyType

ALLOWED = (
    # memory
    "brk mmap munmap mremap mprotect madvise mincore msync membarrier "
    # descriptors; files are Landlock's business
    "read write readv writev pread64 pwrite64 preadv pwritev lseek close dup dup2 dup3 pipe pipe2 "
    "fstat stat lstat newfstatat statx access faccessat faccessat2 readlink readlinkat getdents getdents64 "
    "getcwd chdir statfs fstatfs fsync fdatasync flock ftruncate fadvise64 sendfile copy_file_range umask "
    "unlink unlinkat rename renameat renameat2 rmdir select pselect6 poll ppoll "
    # time
    "nanosleep clock_nanosleep clock_gettime clock_getres gettimeofday time times setitimer getitimer alarm pause "
    # the process itself
    "rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigsuspend rt_sigtimedwait sigaltstack futex "
    "restart_syscall sched_yield sched_getaffinity getcpu getrandom getrusage getrlimit sysinfo uname "
    "getpid getppid gettid getpgid getpgrp getsid getuid geteuid getgid getegid getresuid getresgid getgroups "
    "wait4 waitid exit exit_group"
)

REFUSED = (
    "socket socketpair connect bind listen accept accept4 sendto sendmsg recvfrom recvmsg "
    "fork vfork clone execve execveat kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_send_signal "
    "ptrace process_vm_readv process_vm_writev unshare setns mount umount2 pivot_root chroot "
    "chmod fchmod fchmodat chown fchown lchown fchownat utime utimes utimensat futimesat "
    "setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr truncate link linkat symlink symlinkat "
    "mkdir mkdirat mknod mknodat setrlimit setpriority prctl capset setuid setgid setresuid setresgid setsid setpgid"
)

DESCRIPTOR_COMMANDS = MappingProxyType(
    {"F_DUPFD": 0, "F_GETFD": 1, "F_SETFD": 2, "F_GETFL": 3, "F_SETFL": 4, "F_GETLK": 5, "F_DUPFD_CLOEXEC": 1030}
)
"""What fcntl may do. Not F_SETOWN and F_SETSIG: with them a pipe sends any signal to any process."""

DEVICE_REQUESTS = MappingProxyType(
    {"TCGETS": 0x5401, "TIOCGWINSZ": 0x5413, "FIONREAD": 0x541B, "FIONCLEX": 0x5450, "FIOCLEX": 0x5451}
)
"""What ioctl may ask: whether this is a terminal, and what is asked of any file."""


@cache
def program() -> bytes:
    """The filter for this machine's architecture, as the kernel takes it.

    Raises:
        OSError: (seccompy.UnsupportedError) there are no numbers for this architecture.

    """
    from seccompy import Action, ArgCmp, CmpOp, Filter

    made = Filter(default=int(Action.ERRNO) | errno.ENOSYS)
    # Kernels before 6.2 do not let Landlock see that O_TRUNC empties a file which was opened for reading only.
    reading = ArgCmp(2, CmpOp.MASKED_EQ, os.O_TRUNC, mask=os.O_TRUNC | os.O_ACCMODE)
    neither = ArgCmp(2, CmpOp.MASKED_EQ, os.O_ACCMODE, mask=os.O_ACCMODE)
    for condition in (reading, neither):
        made.errno("openat", errno.EACCES, args=[condition])
    # A file without a name is in no folder, where what is written could be counted; libraries then use one with a name.
    unnamed = os.O_TMPFILE & ~os.O_DIRECTORY
    made.errno("openat", errno.EOPNOTSUPP, args=[ArgCmp(2, CmpOp.MASKED_EQ, unnamed, mask=unnamed)])
    made.allow("openat")
    for command in DESCRIPTOR_COMMANDS.values():
        made.allow("fcntl", args={1: command})
    for request in DEVICE_REQUESTS.values():
        made.allow("ioctl", args={1: request})
    made.allow("prlimit64", args={0: 0, 2: 0})  # to look, not to set
    for name in here(ALLOWED):
        made.allow(name)
    for name in here(REFUSED):
        made.errno(name, errno.EPERM)
    return made.program


def here(names: str) -> list[str]:
    """Those of the names that this architecture has; arm64 lacks what newer calls replaced."""
    from seccompy.syscalls import AARCH64_SYSCALLS, AUDIT_ARCH_AARCH64, X86_64_SYSCALLS, audit_arch

    table = AARCH64_SYSCALLS if audit_arch() == AUDIT_ARCH_AARCH64 else X86_64_SYSCALLS
    return [name for name in names.split() if name in table]
