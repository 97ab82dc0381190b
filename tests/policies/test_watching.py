"""The watch for harm: it stays calm while newer memory does none, and is quick where it does."""

from __future__ import annotations

import numpy as np
import pytest

from burnish.policies.watching import HarmWatch

WATCH = HarmWatch()


def pairs(harm: float, differing: float, count: int, seed: int) -> list[float]:
    """Differences of 1, 0 and -1 with a mean of `harm`."""
    rng = np.random.default_rng(seed)
    high, low = (differing + harm) / 2, (differing - harm) / 2
    return [float(d) for d in rng.choice([1.0, -1.0, 0.0], size=count, p=[high, low, 1 - high - low])]


def first_alarm(harms: list[float]) -> int | None:
    return next((n for n in range(1, len(harms) + 1) if WATCH.harmful(harms[:n])), None)


def test_without_harm_alarms_within_the_horizon_are_as_rare_as_promised() -> None:
    runs = [first_alarm(pairs(0.0, 0.5, WATCH.horizon, seed)) for seed in range(200)]
    assert sum(alarm is not None for alarm in runs) <= 200 * WATCH.alpha


@pytest.mark.parametrize(("harm", "within"), [(0.6, 60), (0.9, 25)])
def test_harm_is_proven(harm: float, within: int) -> None:
    alarms = [first_alarm(pairs(harm, max(harm, 0.7), within, seed)) for seed in range(40)]
    assert sum(alarm is not None for alarm in alarms) >= 32


def test_harm_after_a_long_gain_is_found_as_fast_as_harm_from_the_start() -> None:
    gained = [-1.0] * 200
    harmed = [1.0] * 20
    at_once, later = first_alarm(harmed), first_alarm([*gained, *harmed])
    assert at_once is not None
    assert later is not None
    assert later - len(gained) <= at_once + 1


def test_signs_of_harm_have_more_tasks_watched() -> None:
    assert WATCH.count([]) == WATCH.tasks
    assert WATCH.count([-1.0] * 20) == WATCH.tasks
    assert WATCH.count([1.0] * 6) == WATCH.alerted
    assert HarmWatch(tasks=0).count([1.0] * 6) == 0


@pytest.mark.parametrize(
    ("harms", "stalled"),
    [
        ([], False),
        ([0.0] * 4, False),
        ([0.0] * 24, True),
        ([0.5] * 24, True),
        ([0.0, -1.0, 0.0, 0.0] * 6, False),
        ([-1.0] * 30 + [0.0] * 24, True),
        ([0.0] * 30 + [-0.5] * 24, False),
    ],
)
def test_memory_has_stalled_once_the_last_pairs_show_that_more_exemplars_bring_nothing(
    harms: list[float], *, stalled: bool
) -> None:
    assert WATCH.stalled(harms) is stalled
