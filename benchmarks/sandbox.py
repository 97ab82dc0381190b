"""It starts fast: a sandboxed program against a bare interpreter, and verdicts on code with eight threads.

The start is the median wall time of a program that does nothing, in turns with `python -I -S -c pass` so that both see
the same machine (promised: under 40 ms more). A verdict calls a function ten times and compares; a check, as for
HumanEval, takes two processes (promised: 200 verdicts in under 30 s on two cores). Also the time of the self-test.

    python benchmarks/sandbox.py [--runs N] [--verdicts N]
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from burnish.environments.sandbox.attacks import weaknesses
from burnish.environments.sandbox.choose import candidates
from burnish.environments.sandbox.equality import Equality
from burnish.environments.sandbox.functions import call_function, run_check
from burnish.environments.sandbox.processes import ProcessSandbox, interpreter
from burnish.environments.sandbox.protocol import SandboxFailure

THREADS, TIMEOUT, MEMORY = 8, 30.0, 256 << 20
SOURCE = "def f(x):\n    return sorted(x)\n"
TEST = "def check(candidate):\n    for n in range(10):\n        assert candidate([n, 3, 1]) == sorted([n, 3, 1])\n"


def seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def start(sandbox: ProcessSandbox, runs: int) -> None:
    bare, jailed = [], []
    for _ in range(runs):
        command = [interpreter(), "-I", "-S", "-c", "pass"]
        bare.append(1e3 * seconds(partial(subprocess.run, command, check=True)))
        jailed.append(1e3 * seconds(lambda: sandbox.run("pass", timeout=TIMEOUT, memory=MEMORY)))
    ours, theirs = statistics.median(jailed), statistics.median(bare)
    print(f"  start: {ours:.1f} ms, a bare interpreter {theirs:.1f} ms: {ours - theirs:+.1f} ms (median of {runs})")
    ours, theirs = min(jailed), min(bare)  # what it takes where nothing else is going on
    print(f"  quickest: {ours:.1f} ms, a bare interpreter {theirs:.1f} ms: {ours - theirs:+.1f} ms")


def judge(sandbox: ProcessSandbox, number: int) -> bool:
    arguments = [[[number, n, 1]] for n in range(10)]
    called = call_function(sandbox, SOURCE, "f", arguments, timeout=TIMEOUT, memory=MEMORY)
    return all(Equality().same(c.value, sorted(a[0])) for c, a in zip(called, arguments, strict=True))


def check(sandbox: ProcessSandbox, _: int) -> bool:
    return run_check(sandbox, SOURCE, TEST, "f", timeout=TIMEOUT, memory=MEMORY).passed


def verdicts(sandbox: ProcessSandbox, count: int) -> None:
    for name, verdict in (("verdicts on calls", judge), ("verdicts of checks", check)):
        with ThreadPoolExecutor(THREADS) as pool:
            started = time.perf_counter()
            right = list(pool.map(partial(verdict, sandbox), range(count)))
            print(f"  {count} {name}: {time.perf_counter() - started:.1f} s with {THREADS} threads")
        assert all(right)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=51)
    parser.add_argument("--verdicts", type=int, default=200)
    options = parser.parse_args()
    cores, load = len(os.sched_getaffinity(0)), os.getloadavg()[0]
    print(
        f"Linux {platform.release()} {platform.machine()}, {cores} cores, load {load:.1f}, {platform.python_version()}"
    )
    for sandbox in candidates():
        try:
            found = weaknesses(sandbox)  # and makes what is made only once
        except SandboxFailure as failure:
            print(f"{sandbox.name}: {failure}")
            continue
        took = seconds(partial(weaknesses, sandbox))
        print(
            f"{sandbox.name}:\n  self-test: {took:.2f} s, {'does not hold ' + ', '.join(found) if found else 'holds'}"
        )
        start(sandbox, options.runs)
        verdicts(sandbox, options.verdicts)


if __name__ == "__main__":
    main()
