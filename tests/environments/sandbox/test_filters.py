"""What the filter decides, by running it as the kernel does; and the numbers of the calls it names."""

from __future__ import annotations

import errno
import os
import struct

from seccompy.syscalls import (
    AARCH64_SYSCALLS,
    AUDIT_ARCH_AARCH64,
    AUDIT_ARCH_X86_64,
    X86_64_SYSCALLS,
    audit_arch,
    syscall_nr,
)

from burnish.environments.sandbox.filters import ALLOWED, REFUSED, here, program

ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
X32 = 0x40000000

# From include/uapi/asm-generic/unistd.h, whose numbers arm64 uses.
ON_ARM64 = {
    "getcwd": 17, "dup": 23, "fcntl": 25, "ioctl": 29, "mkdirat": 34, "unlinkat": 35, "symlinkat": 36, "linkat": 37,
    "umount2": 39, "mount": 40, "truncate": 45, "ftruncate": 46, "faccessat": 48, "fchmodat": 53, "fchownat": 54,
    "openat": 56, "close": 57, "pipe2": 59, "getdents64": 61, "lseek": 62, "read": 63, "write": 64, "ppoll": 73,
    "readlinkat": 78, "newfstatat": 79, "fstat": 80, "utimensat": 88, "capset": 91, "exit": 93, "exit_group": 94,
    "unshare": 97, "futex": 98, "nanosleep": 101, "clock_gettime": 113, "ptrace": 117, "kill": 129, "tkill": 130,
    "tgkill": 131, "rt_sigaction": 134, "rt_sigprocmask": 135, "setsid": 157, "getrusage": 165, "prctl": 167,
    "getpid": 172, "socket": 198, "connect": 203, "sendto": 206, "brk": 214, "munmap": 215, "mremap": 216,
    "clone": 220, "execve": 221, "mmap": 222, "mprotect": 226, "madvise": 233, "prlimit64": 261, "setns": 268,
    "process_vm_readv": 270, "renameat2": 276, "seccomp": 277, "getrandom": 278, "memfd_create": 279, "bpf": 280,
    "execveat": 281, "statx": 291, "pidfd_send_signal": 424, "io_uring_setup": 425, "clone3": 435, "openat2": 437,
}  # fmt: skip


def decide(number: int, *arguments: int, architecture: int | None = None) -> int:
    """The filter's answer, as the kernel's classic BPF machine comes to it."""
    given = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("<iIQ6Q", number, architecture or audit_arch(), 0, *given)
    steps = list(struct.iter_unpack("<HBBI", program()))
    accumulator = place = 0
    while True:
        code, yes, no, operand = steps[place]
        place += 1
        if code == 0x06:
            return int(operand)
        if code == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, operand)
        elif code == 0x54:
            accumulator &= operand
        elif code == 0x05:
            place += operand
        else:
            true = {0x15: accumulator == operand, 0x25: accumulator > operand, 0x35: accumulator >= operand}[code]
            place += yes if true else no


def test_calls_are_allowed_refused_or_unknown() -> None:
    assert {decide(syscall_nr(name)) for name in here(ALLOWED)} == {ALLOW}
    assert {decide(syscall_nr(name)) for name in here(REFUSED)} == {ERRNO | errno.EPERM}
    named = {syscall_nr(name) for name in (*here(ALLOWED), *here(REFUSED), "openat", "fcntl", "ioctl", "prlimit64")}
    assert {decide(number) for number in set(range(1024)) - named} == {ERRNO | errno.ENOSYS}


def test_no_call_of_another_table_gets_through() -> None:
    for number in range(1024):
        assert decide(number | X32) == ERRNO | errno.ENOSYS
        assert decide(number, architecture=0x40000003) == KILL
    other = AUDIT_ARCH_AARCH64 if audit_arch() == AUDIT_ARCH_X86_64 else AUDIT_ARCH_X86_64
    assert decide(syscall_nr("read"), architecture=other) == KILL


def test_arguments_decide_where_a_call_can_do_both() -> None:
    prlimit, fcntl, ioctl = (syscall_nr(name) for name in ("prlimit64", "fcntl", "ioctl"))
    assert decide(prlimit, 0, 7, 0, 1) == ALLOW
    assert {decide(prlimit, 0, 7, 1, 0), decide(prlimit, 1, 7, 0, 1)} == {ERRNO | errno.ENOSYS}
    assert {decide(fcntl, 3, command) for command in (0, 1, 2, 3, 4, 5, 1030)} == {ALLOW}
    assert {decide(fcntl, 3, command) for command in (8, 10, 15, 1024, 1031)} == {ERRNO | errno.ENOSYS}
    assert decide(ioctl, 1, 0x5401) == ALLOW
    assert decide(ioctl, 1, 0x5412) == ERRNO | errno.ENOSYS
    reading, writing = os.O_RDONLY | os.O_CLOEXEC, os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    assert {decide(syscall_nr("openat"), 0, 0, flags) for flags in (reading, writing)} == {ALLOW}
    assert decide(syscall_nr("openat"), 0, 0, os.O_RDONLY | os.O_TRUNC) == ERRNO | errno.EACCES
    assert decide(syscall_nr("openat"), 0, 0, 3 | os.O_TRUNC) == ERRNO | errno.EACCES


def test_every_name_is_a_call_of_one_architecture_or_both() -> None:
    names = [*ALLOWED.split(), *REFUSED.split()]
    assert len(names) == len(set(names))
    assert set(names) <= set(X86_64_SYSCALLS)
    assert {"close", "mmap", "getrandom", "exit_group", "socket", "clone", "kill"} <= set(AARCH64_SYSCALLS)


def test_the_numbers_of_arm64_are_the_kernels() -> None:
    assert {name: AARCH64_SYSCALLS[name] for name in ON_ARM64} == ON_ARM64
