"""From the episodes a run has logged, good and bad, to what actions are worth."""

from __future__ import annotations

from burnish.agent.rollouts.lru import Kept
from burnish.memory.journal import Journal
from burnish.policies.values import ActionValues, Logged


def logged(journal: Journal, until: int) -> list[Logged]:
    """The judged episodes of train tasks, to iteration `until`; failures are replay memory as much as successes."""
    return [
        Logged(tuple((turn.observation, turn.action) for turn in attempt.turns), feedback.reward)
        for iteration, attempt, feedback in journal.judged("attempt")
        if iteration <= until and attempt.turns and feedback.status.judged
    ]


class Valuer:
    """The values as of a revision, fitted when they are asked for."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._fitted: Kept[int, ActionValues | None] = Kept()

    def at(self, revision: int) -> ActionValues | None:
        """None as long as no episode is logged."""
        return self._fitted.get(revision, lambda: self._fit(revision))

    def _fit(self, revision: int) -> ActionValues | None:
        plays = logged(self._journal, revision)
        return ActionValues.fit(plays) if plays else None
