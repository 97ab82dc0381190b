"""Process supervision at work: a step model of what the environment labelled picks among answers, and tells people
which of them to look at first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from burnish.agent.rollouts.episode_values import KEPT
from burnish.agent.rollouts.evaluate import Judged
from burnish.memory.embedding import Embedder
from burnish.memory.journal_reader import JournalReader
from burnish.policies.steps import LabelledAnswer, StepModel, answer_score, best_of, feature_vectors, fitted
from burnish.programs import Program
from burnish.types import Task

MOST = 600
"""Labelled answers that a step model is fitted on; the newest count."""


def ending(answer: str) -> str:
    """The last line that is not blank, by which votes are counted."""
    return next((line.strip() for line in reversed(answer.splitlines()) if line.strip()), "")


def majority(answers: Sequence[str]) -> int:
    """The first answer with the end that most have (self-consistency; Wang et al. 2023)."""
    endings = [ending(answer) for answer in answers]
    ((most, _),) = Counter(endings).most_common(1)
    return endings.index(most)


def step_vectors(meaning: Embedder, task: Task, answer: str) -> npt.NDArray[np.float32]:
    """(n, d), a row for each line of the answer that is not blank: what it says and, beside it, what it does."""
    steps = [line.strip() for line in answer.splitlines() if line.strip()]
    done = feature_vectors(list(zip([task.prompt, *steps[:-1]], steps, strict=True)) if steps else [])
    said = meaning.embed(steps) if steps else np.zeros((0, meaning.dimensions), np.float32)
    return np.hstack([said, done])


def labelled(meaning: Embedder, task: Task, judged: Judged) -> LabelledAnswer:
    """A judged answer with the vectors of its steps."""
    attempt, feedback = judged
    return LabelledAnswer(step_vectors(meaning, task, attempt.answer), feedback.steps, feedback.verified)


def labelled_attempts(journal: JournalReader, meaning: Embedder, until: int) -> list[LabelledAnswer]:
    """The answers to train tasks whose steps the environment labelled, to iteration `until`, each once."""
    known = {a.id: (a, f) for i, a, f in journal.judged("attempt") if f.steps and not a.turns and i <= until}
    return [labelled(meaning, journal.task(a.task_id), (a, f)) for a, f in list(known.values())[-MOST:]]


class ProcessRewardModel:
    """The step model as of a revision, fitted when it is asked for."""

    def __init__(self, journal: JournalReader, meaning: Embedder) -> None:
        self._journal = journal
        self._meaning = meaning
        self._fitted = lru_cache(KEPT)(self._fit)

    def at(self, revision: int) -> StepModel | None:
        """None until steps of both kinds are labelled."""
        return self._fitted(revision)

    def _fit(self, revision: int) -> StepModel | None:
        known = labelled_attempts(self._journal, self._meaning, revision)
        both = len({label >= 0 for one in known for label in one.labels}) == 2
        return fitted(known) if both else None

    def pick(self, program: Program, task: Task, answers: Sequence[str]) -> int:
        """By the program's choice: the highest step score, or as long as there is no step model, the majority."""
        model = self.at(program.revision) if program.decoding.choice == "steps" else None
        if model is None:
            return majority(answers)
        return best_of([self.score(model, task, answer) for answer in answers])

    def score(self, model: StepModel, task: Task, answer: str) -> float:
        """The product of the probabilities that its steps are right."""
        vectors = step_vectors(self._meaning, task, answer)
        return answer_score(model.right(vectors).tolist() if len(vectors) else [])
