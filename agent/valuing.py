"""From the episodes a run has logged, good and bad, to what actions are worth."""

from __future__ import annotations

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
    """The values as of a revision, fitted when they are asked for, and kept until another revision is."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._kept: tuple[int, ActionValues | None] = (-1, None)

    def at(self, revision: int) -> ActionValues | None:
        """None as long as no episode is logged."""
        if self._kept[0] != revision:
            plays = logged(self._journal, revision)
            self._kept = (revision, ActionValues.fit(plays) if plays else None)
        return self._kept[1]
