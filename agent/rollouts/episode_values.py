"""From the episodes a run has logged, good and bad, to what actions are worth."""

from __future__ import annotations

from functools import lru_cache

from burnish.memory.journal_reader import JournalReader
from burnish.policies.values import ActionValues, Logged

KEPT = 16
"""What is costly to make is kept for so many programs: champion and challengers come back to theirs in turn."""


def logged(journal: JournalReader, until: int) -> list[Logged]:
    """The judged episodes of train tasks, to iteration `until`; failures are replay memory as much as successes."""
    return [
        Logged(tuple((turn.observation, turn.action) for turn in attempt.turns), feedback.reward)
        for iteration, attempt, feedback in journal.judged("attempt")
        if iteration <= until and attempt.turns and feedback.status.judged
    ]


class Valuer:
    """The values as of a revision, fitted when they are asked for."""

    def __init__(self, journal: JournalReader) -> None:
        self._journal = journal
        self._fitted = lru_cache(KEPT)(self._fit)

    def at(self, revision: int) -> ActionValues | None:
        """None as long as no episode is logged."""
        return self._fitted(revision)

    def _fit(self, revision: int) -> ActionValues | None:
        plays = logged(self._journal, revision)
        return ActionValues.fit(plays) if plays else None
