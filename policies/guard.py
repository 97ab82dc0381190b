"""The guard: what to do when diversity falls below what the run began with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, get_args

from burnish.limits import Positive, Probability, Share
from burnish.policies.diversity import Diversity, chance_of_fall
from burnish.types import Record

GuardAction: TypeAlias = Literal["none", "resample", "rollback", "stop"]
LADDER: tuple[GuardAction, ...] = get_args(GuardAction)


@dataclass(frozen=True)
class GuardDecision(Record):
    """What to do after an iteration and why; `alarms` holds one sentence for each measure that fell too low.

    "resample": raise the temperature and widen; "rollback": return memory to an earlier revision; "stop": end the
    run as collapsed.
    """

    action: GuardAction
    alarms: tuple[str, ...]
    reason: str


class Guard(Protocol):
    """Decides after every iteration from all measurements so far."""

    def decide(
        self, history: Sequence[Diversity], baseline: Diversity, actions_so_far: Sequence[GuardAction]
    ) -> GuardDecision:
        """Judge the last measurement of `history`.

        `actions_so_far[i]` was done after `history[i]` ("none" included), so it is one shorter than `history`.
        """
        ...


@dataclass(frozen=True)
class Thresholds(Record):
    """When a fall of diversity raises an alarm."""

    vendi: Share = 0.7
    """Alarm when the Vendi score falls below this share of the first one. 0: off."""
    coverage: Share = 0.9
    """Alarm when the coverage of cells falls below this share of the first one. 0: off."""
    entropy: Share = 0.8
    """Alarm when the entropy over cells falls below this share of the first one. 0: off."""
    alpha: Probability = 0.01
    """A fall raises an alarm only if chance brings one as deep no more often than this: a dozen answers leave a cell
    empty, and are less varied than the first ones, by chance.
    """

    def alarms(self, measured: Diversity, baseline: Diversity) -> tuple[str, ...] | None:
        """A sentence for each measure that is too low; None when the sample sizes differ and nothing can be said."""
        if not measured.like(baseline):
            return None
        of_cells = {
            "Cell coverage": (measured.coverage, baseline.coverage, self.coverage),
            "Cell entropy": (measured.entropy, baseline.entropy, self.entropy),
        }
        pairs = {"Vendi score": (measured.vendi, baseline.vendi, self.vendi), **of_cells}
        fallen = [name for name, (now, first, least) in pairs.items() if first > 0 and now / first < least - 1e-9]
        if of_cells.keys() & set(fallen) and self._by_chance(measured, baseline):
            fallen = [name for name in fallen if name not in of_cells]
        if measured.by_chance is not None and measured.by_chance > self.alpha:
            fallen = [name for name in fallen if name != "Vendi score"]
        return tuple(_alarm(name, *pairs[name]) for name in fallen)

    def _by_chance(self, measured: Diversity, baseline: Diversity) -> bool:
        if not measured.counts or len(measured.counts) != len(baseline.counts):
            return False
        return chance_of_fall(baseline.counts, measured.counts) >= self.alpha


def _alarm(name: str, now: float, first: float, least: float) -> str:
    return f"{name} is {now:.3g}, {now / first:.0%} of the first {first:.3g}; the least allowed is {least:.0%}."


@dataclass(frozen=True)
class OffGuard(Thresholds):
    """Tells of alarms and never acts."""

    name: Literal["off"] = "off"

    def decide(
        self, history: Sequence[Diversity], baseline: Diversity, actions_so_far: Sequence[GuardAction]
    ) -> GuardDecision:
        """Always the action "none"; see `Guard`."""
        _require_aligned(history, actions_so_far)
        alarms = self.alarms(history[-1], baseline)
        return GuardDecision("none", alarms or (), "The guard is off.")


@dataclass(frozen=True)
class LadderGuard(Thresholds):
    """Resamples, then rolls back, then stops.

    Alarmed iterations in a row start the ladder; every alarm after that climbs a step; calm iterations in a row lead
    back to its foot. Measurements at another sample size count neither way.
    """

    name: Literal["ladder"] = "ladder"
    patience: Positive = 2
    """Alarmed iterations in a row before the first action, and calm ones in a row before the ladder starts anew."""

    def decide(
        self, history: Sequence[Diversity], baseline: Diversity, actions_so_far: Sequence[GuardAction]
    ) -> GuardDecision:
        """The next step of the ladder, if any is due; see `Guard`."""
        _require_aligned(history, actions_so_far)
        raised = [self.alarms(measured, baseline) for measured in history]
        step, streak = self._standing(raised, actions_so_far)
        alarms = raised[-1]
        if alarms is None:
            sizes = f"{history[-1].n} items were measured and {baseline.n} at first"
            return GuardDecision("none", (), f"Diversity cannot be compared: {sizes}.")
        if not alarms:
            return GuardDecision("none", (), "Diversity holds.")
        if step == 0 and streak < self.patience:
            return GuardDecision("none", alarms, f"Alarm {streak} in a row; action follows at {self.patience}.")
        action = LADDER[min(step + 1, len(LADDER) - 1)]
        since = f"{streak} alarms in a row" if step == 0 else f"alarm again after {LADDER[step]}"
        return GuardDecision(action, alarms, f"{since[0].upper()}{since[1:]}: {action}.")

    def _standing(
        self, raised: Sequence[tuple[str, ...] | None], actions_so_far: Sequence[GuardAction]
    ) -> tuple[int, int]:
        """The step of the ladder the run stands on, and how many alarmed iterations in a row it ends with."""
        step = streak = calm = 0
        for alarms, action in zip(raised, [*actions_so_far, LADDER[0]], strict=True):
            if alarms is not None:
                streak, calm = (streak + 1, 0) if alarms else (0, calm + 1)
            if calm >= self.patience:
                step = 0
            if action != "none":
                step = LADDER.index(action)
        return step, streak


def _require_aligned(history: Sequence[Diversity], actions_so_far: Sequence[GuardAction]) -> None:
    if len(actions_so_far) != len(history) - 1:
        raise ValueError(
            f"The guard needs one action for each measurement but the last, but got {len(actions_so_far)} actions "
            f"and {len(history)} measurements."
        )
