"""The promise that verdicts leave nothing behind."""

from __future__ import annotations

import gc
import os
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path

from burnish.environments.kit.findings import Broken
from burnish.environments.kit.hostile import altered
from burnish.environments.kit.probe import EnvironmentProbe
from burnish.environments.kit.promises import Promise, Seen, count, kept, unknown

WARMING = 8
"""Verdicts before anything is counted: an environment may start a worker, or open a file once."""
COUNTED = 24
MANY = 0.5
"""Things left behind by a verdict, on average, from which on it is no chance."""


async def leaves_nothing(probe: EnvironmentProbe) -> Seen:
    """Verdicts leave no files, processes, threads or open files behind."""
    if not probe.alone:
        return unknown("it takes a process of its own; check a file or a name instead of a live object")
    tasks = await probe.sample(probe.some(12))
    pairs = []
    for number, task in enumerate(tasks):
        own = await probe.gold(task) or ""
        pairs += [(task, answer) for answer in (f"x {number}", own, *altered(own, f"other{number}"), str(number))]
    warming, counted = pairs[:WARMING], pairs[WARMING : WARMING + COUNTED]
    await probe.judge(warming)
    before = there()
    await probe.judge(counted)
    gc.collect()
    after = there()
    for what, number in after.items():
        if number - before[what] >= max(2, MANY * len(counted)):
            more = number - before[what]
            raise Broken(f"{count(len(counted), 'verdict')} left {more} {what} behind; remove or close them")
    return kept(f"{count(len(counted), 'verdict')}, nothing left behind")


def there() -> Mapping[str, int]:
    """How many threads, open files, child processes and files for the time being this process has."""
    own = Path("/proc/self")
    children = (own / "task").glob("*/children") if own.exists() else ()
    return {
        "threads": threading.active_count(),
        "open files": len(os.listdir(own / "fd")) if own.exists() else 0,  # noqa: PTH208 (of a descriptor that is gone)
        "processes": sum(len(path.read_text().split()) for path in children),
        "temporary files": sum(1 for _ in Path(tempfile.gettempdir()).rglob("*")),
    }


LEFTOVERS = Promise("leaves nothing", "verdicts leave no files, processes or threads behind", leaves_nothing)
