"""Every promise, in the order in which they are looked at, and how one process looks at them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from burnish.environments.kit.checks.acting import ACTING
from burnish.environments.kit.checks.calling import CALLING
from burnish.environments.kit.checks.judging import ATTACKS, JUDGING
from burnish.environments.kit.checks.leaving import LEFTOVERS
from burnish.environments.kit.checks.posing import POSING
from burnish.environments.kit.checks.shortcuts import SHORTCUTS
from burnish.environments.kit.checks.teaching import TEACHING
from burnish.environments.kit.findings import Finding
from burnish.environments.kit.hostile import altered
from burnish.environments.kit.probe import EnvironmentProbe
from burnish.environments.kit.promises import Promise, Seen, unknown
from burnish.errors import ConfigError
from burnish.spelling import did_you_mean
from burnish.types import SPLITS, JsonValue, content_hash

ANSWERED = 6
"""Tasks of each split of a print whose verdicts are part of it."""

PRINTED = 40
"""Tasks of each split in a print."""


async def _apart(_: EnvironmentProbe) -> Seen:
    return unknown("it takes a process of its own; check a file or a name instead of a live object")


OFFLINE = Promise("offline", "it loads, poses and judges with the network blocked", _apart)
SAME_PROCESS = Promise("same elsewhere", "another process with another hash seed sees the same", _apart)

PROMISES: Mapping[str, Promise] = MappingProxyType(
    {
        promise.name: promise
        for promise in (
            *POSING,
            *JUDGING,
            *SHORTCUTS,
            *ACTING,
            *CALLING,
            *TEACHING,
            LEFTOVERS,
            ATTACKS,
            SAME_PROCESS,
            OFFLINE,
        )
    }
)
"""By name. The last two are looked at from outside the process that runs the environment."""


def chosen(names: Iterable[str]) -> list[str]:
    """The names in the order of the table; all of them where none is given.

    Raises:
        ConfigError: there is no promise of a name.

    """
    wanted = set(names)
    for name in sorted(wanted - PROMISES.keys()):
        raise ConfigError(f'there is no promise "{name}"; {did_you_mean(name, PROMISES)}')
    return [name for name in PROMISES if not wanted or name in wanted]


async def look(probe: EnvironmentProbe, names: Iterable[str], tell: Callable[[str, Finding | None], None]) -> None:
    """Look at promises one after another; `tell` hears of each when it begins, and its finding when it ends."""
    for name in names:
        tell(name, None)
        tell(name, await PROMISES[name].kept(probe))


async def fingerprint(probe: EnvironmentProbe) -> list[dict[str, JsonValue]]:
    """What tasks and verdicts are, each as a hash with words for a person; equal in every process."""
    lines: list[dict[str, JsonValue]] = []
    for split in SPLITS:
        tasks = (await probe.drawn(split))[:PRINTED]
        lines += [
            _line(f"task {n} of tasks({split!r}, 0): {t.prompt!r:.100}", repr((t.id, t.to_json())))
            for n, t in enumerate(tasks)
        ]
        gold = [await probe.gold(task) for task in tasks[:ANSWERED]]
        lines += [_line(f"solve: {t.prompt!r:.100}", repr(own)) for t, own in zip(tasks, gold, strict=False)]
        pairs = [
            (task, answer)
            for task, own in zip(tasks, gold, strict=False)
            for answer in dict.fromkeys(["", "x", own or "", *halves(own or ""), *altered(own or "", "other")])
        ]
        lines += [
            _line(f"the verdict on {answer!r:.60}: {task.prompt!r:.100}", repr(one))
            for (task, answer), one in zip(pairs, await probe.judge(pairs), strict=True)
        ]
    return lines


def halves(answer: str) -> list[str]:
    """The first and the second half of an answer's words: answers that may be right in part."""
    words = answer.split(" ")
    return [" ".join(words[: len(words) // 2]), " ".join(words[len(words) // 2 :])] if len(words) > 1 else []


def _line(words: str, value: str) -> dict[str, JsonValue]:
    return {"words": words, "hash": content_hash(value)}
