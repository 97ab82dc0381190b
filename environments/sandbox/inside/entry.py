"""The child's side of the jail: shuts itself in for good, then runs the code.

Run as a script by `burnish.environments.sandbox.jail`, with the descriptors of a file that
holds what to do and of a pipe to report on. It imports
little, because every run pays for it. Rulesets and filters were made by the parent; three calls put them in force.
"""

from __future__ import annotations

import ctypes
import marshal
import os
import resource
import sys

PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 22, 38
SECCOMP_MODE_FILTER, SIGKILL = 2, 9
CAPABILITY_VERSION = 0x20080522
LANDLOCK_RESTRICT_SELF = 446  # the same on every architecture


class Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def must(outcome: int, what: str) -> None:
    """Stop before the candidate is run when a wall does not stand."""
    if outcome != 0:
        sys.exit(f"{what}: {os.strerror(ctypes.get_errno())}")


def limit(limits: dict[str, int]) -> None:
    """Set soft and hard limits, never above what there already is."""
    for name, wanted in limits.items():
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (allowed, allowed))


def enter(libc: ctypes.CDLL, rulesets: list[int], program: bytes) -> None:
    """Drop all capabilities, then close files and system calls, in this order, since the last forbids the others."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    must(libc.capset(header, (ctypes.c_uint32 * 6)()), "capabilities cannot be dropped")
    must(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs cannot be set")
    for ruleset in rulesets:
        must(libc.syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0), "Landlock cannot be entered")
        os.close(ruleset)
    filtering = Program(len(program) // 8, program)
    must(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(filtering), 0, 0), "seccomp cannot be entered")


def prepare(orders: int, ready: int) -> str:
    """Read the orders, shut the process in, tell the parent that it is; the code to run."""
    with open(orders, "rb") as file:
        code, limits, rulesets, program, folders = marshal.load(file)  # noqa: S302 - the parent wrote it
    libc = ctypes.CDLL(None, use_errno=True)
    must(libc.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0), "the end of the parent cannot be watched")
    limit(limits)
    if rulesets:
        enter(libc, rulesets, program)
    os.write(ready, b"1")
    os.close(ready)
    sys.path[:0] = [os.getcwd(), *folders]  # noqa: PTH109 - pathlib takes longer to import than all of this
    return str(code)


def show(kind: type[BaseException], error: BaseException, trace: object) -> None:
    """Print a traceback as if the candidate had been the program."""
    inner = error.__traceback__ and error.__traceback__.tb_next
    sys.__excepthook__(kind, error.with_traceback(inner), inner)


if __name__ == "__main__":
    code = prepare(int(sys.argv[1]), int(sys.argv[2]))
    sys.argv[:] = ["program.py"]
    sys.excepthook = show
    main = type(sys)("__main__")
    sys.modules["__main__"] = main
    exec(compile(code, "program.py", "exec"), main.__dict__)  # noqa: S102 - what it is for
