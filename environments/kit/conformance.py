"""Checking an environment: in processes of its own where it has a name, in this one where it is a live object."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from time import monotonic

from burnish.environments.kit.children import Child
from burnish.environments.kit.findings import Broken, Conformance, Example, Finding, Limits, Spread
from burnish.environments.kit.probe import EnvironmentProbe
from burnish.environments.kit.table import OFFLINE, PROMISES, SAME_PROCESS, chosen, look
from burnish.protocols import Environment
from burnish.types import JsonValue

HASH_SEEDS = ("0", "4711")

Told = Callable[[Finding], None]


def check(
    environment: str | Environment,
    options: Mapping[str, JsonValue] | None = None,
    *,
    limits: Limits | None = None,
    only: Iterable[str] = (),
    told: Told = lambda _: None,
) -> Conformance:
    """What the environment promises, and whether it holds.

    A name, file or `scheme:set` is loaded in two processes with different hash seeds and no network; a live object
    stays in this one, where that cannot be tried. It ends within about `limits.seconds`, whatever the environment
    does. `told` hears each finding as it is made; `only` names the promises to look at.

    Raises:
        ConfigError: there is no such environment, option or promise.
        PluginError: the environment cannot be loaded.

    """
    limits, names, begun = limits or Limits(), chosen(only), monotonic()
    if isinstance(environment, str):
        return _Apart(environment, options or {}, limits, told).check(names)
    probe = EnvironmentProbe(environment, limits)
    found: list[Finding] = []

    def heard(_: str, finding: Finding | None) -> None:
        if finding:
            found.append(finding)
            told(finding)

    asyncio.run(look(probe, names, heard))
    took = monotonic() - begun
    return Conformance(
        "", environment.name, probe.abilities, tuple(found), probe.times, round(took, 3), took < limits.seconds
    )


class _Apart:
    """Checks an environment from outside the process that runs it, and goes on when that process ends."""

    def __init__(self, spec: str, options: Mapping[str, JsonValue], limits: Limits, told: Told) -> None:
        self._spec = spec
        self._options = options
        self._limits = limits
        self._told = told
        self._ends = monotonic() + limits.seconds
        self._found: dict[str, Finding] = {}
        self._times: Mapping[str, Spread] = {}

    def check(self, names: list[str]) -> Conformance:
        begun = monotonic()
        compared = SAME_PROCESS.name in names
        other = self._child([], HASH_SEEDS[1], prints=True) if compared else None
        try:
            first = self._watch(names, prints=compared)
            if other is not None:
                other.watch(self._ends)
                self._find(_same(first, other))
        finally:
            if other is not None:
                other.kill()
        if OFFLINE.name in names:
            self._find(_offline([*first.hosts, *(other.hosts if other else ())]))
        found = tuple(self._found[name] for name in names)
        now = monotonic()
        return Conformance(
            self._spec, first.name, first.abilities, found, self._times, round(now - begun, 3), now < self._ends
        )

    def _watch(self, names: list[str], *, prints: bool) -> Child:
        """Have the promises looked at; a process that dies or hangs at one is followed by another for the rest."""
        first: Child | None = None
        while True:
            left = [n for n in names if n not in self._found and PROMISES[n].check is not OFFLINE.check]
            if first is not None and not left:
                return first
            child = self._child(left, HASH_SEEDS[0], prints=prints and first is None)
            try:
                child.watch(self._ends, self._find)
            finally:
                child.kill()
            child.raise_refusal()
            first = first or child
            self._times = child.times or self._times
            if child.finished:
                return first
            self._mourn(child, left)

    def _mourn(self, child: Child, left: list[str]) -> None:
        """Findings of a process that did not come to its end."""
        if monotonic() >= self._ends:
            for name in left:
                if name not in self._found:
                    self._find(Finding(name, "unknown", f"the {self._limits.seconds:g} s of this check are over"))
            return
        if child.at == SAME_PROCESS.name:  # it is found later; the promises are looked at in the next process
            return
        if child.at and child.at not in self._found:
            last = self._last_call(child.at)
            self._find(Finding(child.at, "broken", child.ending, last))
        elif not child.at:
            raise Broken(f'environment "{self._spec}": {child.ending}, before any promise was looked at')

    def _last_call(self, promise: str) -> Example | None:
        """The call a process died of, found by making calls one by one."""
        child = self._child([promise], HASH_SEEDS[0], slowly=True)
        try:
            child.watch(self._ends)
        finally:
            child.kill()
        return None if child.finished else child.call

    def _child(self, names: list[str], hash_seed: str, *, prints: bool = False, slowly: bool = False) -> Child:
        job = {
            "spec": self._spec,
            "options": dict(self._options),
            "limits": self._limits.to_json(),
            "promises": names,
            "fingerprint": prints,
            "slowly": slowly,
        }
        return Child(job, hash_seed, timeout=self._limits.timeout)

    def _find(self, finding: Finding) -> None:
        self._found[finding.promise] = finding
        self._told(finding)


def _same(one: Child, other: Child) -> Finding:
    """Whether two processes saw the same."""
    name = SAME_PROCESS.name
    for child in (one, other):
        if child.prints is None:
            why = child.print_failure or child.ending
            return Finding(name, "unknown", f"one of the processes came to no print: {why}")
    assert one.prints is not None
    assert other.prints is not None
    pairs = list(zip(one.prints, other.prints, strict=False))
    differing = [(a, b) for a, b in pairs if a != b]
    if differing:
        a, b = differing[0]  # tasks come before what is said of them
        detail = f"{len(differing)} of {len(pairs)} tasks and verdicts differ in a process with another PYTHONHASHSEED"
        return Finding(name, "broken", detail, Example("", a["words"], f"in the other process {b['words']}"))
    if len(one.prints) != len(other.prints):
        return Finding(name, "broken", "another process saw another number of tasks")
    return Finding(name, "kept", f"{len(pairs)} tasks and verdicts, the same in two processes")


def _offline(hosts: list[str]) -> Finding:
    if not hosts:
        return Finding(OFFLINE.name, "kept", "nothing outside this machine was asked for")
    detail = f"it reached for {', '.join(sorted(set(hosts)))} while the network was blocked"
    return Finding(OFFLINE.name, "broken", detail, Example(seen="the connection was refused"))
