"""What a promise is, and the words in which its check answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from burnish.environments.kit.findings import Broken, Example, Finding, Outcome, Unfinished
from burnish.environments.kit.probe import EnvironmentProbe
from burnish.types import Feedback


@dataclass(frozen=True)
class Seen:
    """What a check came to, when it did not end by `Broken`."""

    outcome: Outcome
    detail: str = ""
    example: Example | None = None


Check = Callable[[EnvironmentProbe], Awaitable[Seen]]


@dataclass(frozen=True)
class Promise:
    """One thing an environment promises. It is looked at where the environment has the `ability`."""

    name: str
    says: str
    check: Check
    ability: str = ""
    hint: str = ""
    """What to add for the promise to be looked at; where there is none, it simply does not apply."""

    async def kept(self, probe: EnvironmentProbe) -> Finding:
        """Look whether it holds."""
        if self.ability and self.ability not in probe.abilities:
            outcome: Outcome = "unknown" if self.hint else "not applicable"
            return Finding(self.name, outcome, self.hint or f"it has not the ability {self.ability}")
        try:
            seen = await self.check(probe)
        except Broken as broken:
            return Finding(self.name, "broken", broken.detail, broken.example)
        except Unfinished as reason:
            return Finding(self.name, "unknown", str(reason))
        return Finding(self.name, seen.outcome, seen.detail, seen.example)


def kept(detail: str) -> Seen:
    """It holds, and this is what was tried."""
    return Seen("kept", detail)


def advice(detail: str, example: Example | None = None) -> Seen:
    """It holds, and this should be mended all the same."""
    return Seen("advice", detail, example)


def unknown(reason: str) -> Seen:
    """It could not be tried."""
    return Seen("unknown", reason)


def count(number: int, thing: str) -> str:
    """A number of things in words: `1 task`, `3 tasks`."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def apart(one: Feedback, other: Feedback) -> str:
    """What tells two verdicts apart that read the same."""
    if verdict(one) != verdict(other):
        return ""
    return next(
        (
            f"; {name} was {getattr(one, name)!r:.80}, then {getattr(other, name)!r:.80}"
            for name in ("text", "status", "parts", "steps")
            if getattr(one, name) != getattr(other, name)
        ),
        "",
    )


def verdict(feedback: Feedback) -> str:
    """A verdict in words."""
    return f"reward {feedback.reward:g}, {'verified' if feedback.verified else 'not verified'}"
