"""Several runs that differ by seed and settings, one after another, and what they came to together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from burnish.agent.api import run
from burnish.agent.models.opening import sharing_servers
from burnish.agent.record.report import Report
from burnish.agent.record.run import Notify
from burnish.config import RunConfig
from burnish.errors import ConfigError
from burnish.keys import declared_types
from burnish.policies.statistics import Interval, mean_interval
from burnish.tables import apply_overrides
from burnish.types import Record

LONGEST_NAME = 80


@dataclass(frozen=True)
class Variant(Record):
    """One run of a sweep: its folder's `name`, its `settings` beside the configuration as `key=value`, and its seed."""

    name: str
    settings: tuple[str, ...]
    seed: int


@dataclass(frozen=True)
class Outcome(Record):
    """What the runs with the same settings came to. `passed` is the champion's pass rate on the sealed tests, `gain`
    that less the seed program's, each the mean over seeds; the t-interval of `gain` is None where there is one seed.
    """

    settings: tuple[str, ...]
    seeds: int
    improved: int
    passed: float
    gain: float
    gain_interval: Interval | None
    calls: int


def variants(options: Sequence[str], seeds: int) -> list[Variant]:
    """The runs that options stand for: `key=[a, b]` one for each value, each with so many seeds.

    Raises:
        ConfigError: there is no seed, or an option has no values.

    """
    if seeds < 1:
        raise ConfigError(f"--seeds is {seeds}; give 1 or more")
    choices = [list(_values(option)) for option in options]
    found = []
    taken = set[str]()
    for chosen in product(*choices):
        swept = tuple(text for text, many in chosen if many)
        name = re.sub(r"[^\w.=-]+", "_", ",".join(swept))[:LONGEST_NAME] or "run"
        if name in taken:  # cut off, or of other marks
            name += f"-{len(taken) + 1}"
        taken.add(name)
        found += [Variant(f"{name}-seed{n}", tuple(text for text, _ in chosen), n) for n in range(seeds)]
    return found


def _values(option: str) -> Iterator[tuple[str, bool]]:
    """The options that one stands for, each with whether it is one of several."""
    key, _, _text = option.partition("=")
    tables = apply_overrides({}, [option])
    value: Any = tables
    for part in key.strip().split("."):
        value = value[part]
    listed = isinstance(value, list) and not (
        _takes_a_list(key.strip()) and not any(isinstance(v, list) for v in value)
    )
    if not listed:
        yield option, False
        return
    if not value:
        raise ConfigError(f"-o {option}: the list is empty; give the values to try")
    for one in value:
        yield f"{key.strip()}={_toml(one)}", True


def _takes_a_list(key: str) -> bool:
    return "tuple" in str(declared_types(RunConfig).get(key, ""))


def _toml(value: object) -> str:
    import tomli_w

    return tomli_w.dumps({"v": value}).partition("=")[2].strip()


def sweep(
    tables: Mapping[str, Any],
    chosen: Sequence[Variant],
    folder: Path,
    *,
    shared: Mapping[str, int | float],
    watched: Callable[[Variant], AbstractContextManager[Notify]],
) -> list[tuple[Variant, Report]]:
    """Take each run to its end, in a folder of its own within `folder`; those that are there go on, or are reported.
    What is `shared` of a budget is parted among them alike. `watched` makes who is told of a run.

    Raises:
        BurnishError: see the tree in `burnish.errors`; the runs before are kept.

    """
    each = {name: type(limit)(limit / len(chosen)) for name, limit in shared.items()}
    done = []
    with sharing_servers():
        for variant in chosen:
            settings = [*variant.settings, f"seed={variant.seed}", *(f"budget.{k}={v}" for k, v in each.items())]
            config = RunConfig.parse(apply_overrides(tables, settings), "sweep")
            with watched(variant) as notify:
                done.append((variant, run(config, directory=folder / variant.name, notify=notify, again=True)))
    return done


def outcomes(done: Sequence[tuple[Variant, Report]]) -> list[Outcome]:
    """What came of each combination of settings, in their order."""
    by_settings: dict[tuple[str, ...], list[Report]] = {}
    for variant, report in done:
        by_settings.setdefault(variant.settings, []).append(report)
    return [_outcome(settings, reports) for settings, reports in by_settings.items()]


def _outcome(settings: tuple[str, ...], reports: Sequence[Report]) -> Outcome:
    sealed = [report.sealed for report in reports if report.sealed is not None]
    rates = [arm.passes / max(1, arm.tasks) for one in sealed for arm in [one.arms["champion"]]]
    gains = [one.difference for one in sealed]
    return Outcome(
        settings=settings,
        seeds=len(reports),
        improved=sum(report.verdict == "improved" for report in reports),
        passed=sum(rates) / max(1, len(rates)),
        gain=sum(gains) / max(1, len(gains)),
        gain_interval=mean_interval(gains) if len(gains) > 1 else None,
        calls=sum(report.total.calls for report in reports),
    )
