"""Judges that ask nobody: the step model of what the environment labelled, and a student of a model's ratings."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from burnish.agent.judges.process_reward import ProcessRewardModel
from burnish.agent.record.ratings import ASKED, kept_ratings
from burnish.agent.rollouts.episode_values import KEPT
from burnish.memory.embedding import Embedder
from burnish.memory.journal_reader import JournalReader
from burnish.policies.logistic import Head
from burnish.policies.weak_to_strong import best_decay, student
from burnish.types import Attempt, Task

LEAST = 48
"""Ratings from which a student learns at least."""
MOST = 600
"""Ratings that a student learns from; the newest count."""

Answered = Sequence[tuple[Task, Attempt]]


class Rater(Protocol):
    """Rates answers from 1 to 5 without a call."""

    def ratings(self, answered: Answered, until: int) -> list[float | None]:
        """A rating each, by what is known to iteration `until`; None where it can say nothing."""
        ...


class StepRater:
    """Rates an answer by the product of the probabilities that its steps are right."""

    def __init__(self, process: ProcessRewardModel) -> None:
        self._process = process

    def ratings(self, answered: Answered, until: int) -> list[float | None]:
        """See `Rater.ratings`; None as long as steps of both kinds were not labelled, and for episodes."""
        model = self._process.at(until)
        return [
            None if model is None or a.turns else 1 + 4 * self._process.score(model, task, a.answer)
            for task, a in answered
        ]


class StudentRater:
    """Rates by what it learned from a model's ratings, with which it may disagree (Burns et al. 2023)."""

    def __init__(self, journal: JournalReader, meaning: Embedder) -> None:
        self._journal = journal
        self._meaning = meaning
        self._fitted = lru_cache(KEPT)(self._fit)

    def ratings(self, answered: Answered, until: int) -> list[float | None]:
        """See `Rater.ratings`; None as long as fewer than `LEAST` ratings, or all alike, were asked for."""
        head = self._fitted(until)
        if head is None or not answered:
            return [None] * len(answered)
        good: list[float] = head.predict(self._vectors(answered))[:, 1].tolist()
        return [1 + 4 * p for p in good]

    def _fit(self, until: int) -> Head | None:
        asked = kept_ratings(self._journal, ASKED, until)[-MOST:]
        if len(asked) < LEAST or np.ptp([one.rating for one in asked]) == 0:
            return None
        known = {a.id: a for _, a, _ in self._journal.judged("attempt")}
        answered = [(self._journal.task(known[one.attempt].task_id), known[one.attempt]) for one in asked]
        good = (np.array([one.rating for one in asked]) - 1) / 4
        vectors, weak = self._vectors(answered), np.stack([1 - good, good], axis=1)
        return student(vectors, weak, decay=best_decay(vectors, weak))

    def _vectors(self, answered: Answered) -> npt.NDArray[np.float32]:
        """(n, 2 d): what was answered, and what it has in common with what was asked."""
        asked = self._meaning.embed([task.prompt for task, _ in answered])
        said = self._meaning.embed([attempt.answer for _, attempt in answered])
        return np.hstack([said, asked * said])
