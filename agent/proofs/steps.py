"""Process supervision (Lightman et al. 2023): a step model that learned from the environment's labels picks answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from burnish.agent.judges.process_reward import ending, labelled, labelled_attempts
from burnish.agent.proofs.base import Stage, measured, missing
from burnish.policies.statistics import Resampled, paired_bootstrap, wilson
from burnish.policies.steps import (
    LabelledAnswer,
    Scoring,
    StepModel,
    answer_score,
    best_of,
    first_error,
    fitted,
    labels_needed,
)
from burnish.records import Proof

BETTER = "best-of-{} by step score beats majority vote and a random pick on hidden tasks"
SHUFFLED = "a step model of shuffled labels picks worse"
FIRST = "the first step the model doubts is the first error that the environment names"
FEWER = "active learning needs fewer labelled answers than uniform sampling (ratio)"
TASKS, SAMPLES = 40, 8
LEAST = 40
BATCH, REPEATS, REACHED = 8, 24, 0.95
SCORINGS: tuple[Scoring, ...] = ("product", "minimum", "mean")


class StepsProver:
    """Learns from the labelled attempts of the run; has hidden tasks answered several times, and picks."""

    name = "steps"
    calls = TASKS * SAMPLES
    arms = 0

    async def prove(self, stage: Stage) -> list[Proof]:
        """See `Prover.prove`."""
        claim = BETTER.format(SAMPLES)
        meaning = stage.meaning
        pool = labelled_attempts(stage.journal, meaning, stage.past.records[-1].number)
        if len(pool) < LEAST or len({label >= 0 for answer in pool for label in answer.labels}) < 2:
            return [missing(self.name, claim, f"{len(pool)} answers with labelled steps, or all labels alike")]
        tasks = await stage.environment.draw("test", int(stage.rng(self.name).integers(2**31 - 1)), TASKS)
        rows = await stage.sample(self.name, stage.champion, tasks, SAMPLES)
        hidden = [[labelled(meaning, task, one) for one in row] for task, row in zip(tasks, rows, strict=True)]
        rights = [[f.verified for _, f in row] for row in rows]
        if not any(map(any, rights)):
            return [missing(self.name, claim, f"none of {TASKS * SAMPLES} answers to hidden tasks is right")]
        answers = [[ending(a.answer) for a, _ in row] for row in rows]
        return [
            *self._picks(stage, pool, hidden, rights, answers),
            self._first_errors(fitted(pool), [one for row in hidden for one in row]),
            self._labels(stage, pool, [one for row in hidden for one in row]),
        ]

    def _picks(
        self,
        stage: Stage,
        pool: Sequence[LabelledAnswer],
        hidden: Sequence[Sequence[LabelledAnswer]],
        rights: Sequence[Sequence[bool]],
        answers: Sequence[Sequence[str]],
    ) -> list[Proof]:
        seed, claim = stage.config.seed, BETTER.format(SAMPLES)
        model = fitted(pool)
        by_score = {s: _picked(model, hidden, rights, s) for s in SCORINGS}
        majority = [_majority(row, right) for row, right in zip(answers, rights, strict=True)]
        chance = [float(np.mean(right)) for right in rights]
        rival = max((majority, chance), key=sum)
        said = ", ".join(f"{name} {np.mean(picks):.3f}" for name, picks in by_score.items())
        labels = stage.rng("shuffled labels").permutation([label for one in pool for label in one.labels]).tolist()
        shuffled = [replace(one, labels=tuple(labels.pop() for _ in one.labels)) for one in pool]
        placebo = _picked(fitted(shuffled), hidden, rights, "product")
        chosen = by_score["product"]
        return [
            measured(
                self.name,
                claim,
                lambda level: paired_bootstrap(rival, chosen, seed=seed, level=level),
                f"right of {len(rights)}: {said}; majority {np.mean(majority):.3f}, random "
                f"{np.mean(chance):.3f}, any right {np.mean([any(r) for r in rights]):.3f}",
                above=0.0,
                resampled=len(rights),
            ),
            measured(
                self.name,
                SHUFFLED,
                lambda level: paired_bootstrap(placebo, chosen, seed=seed, level=level),
                f"{np.mean(placebo):.3f} and {np.mean(chosen):.3f} right",
                above=0.0,
                resampled=len(rights),
            ),
        ]

    def _first_errors(self, model: StepModel, answers: Sequence[LabelledAnswer]) -> Proof:
        """Of the answers with an error, in how many the model doubts that step first; against a step at random."""
        wrong = [one for one in answers if first_error(one.labels) is not None]
        if not wrong:
            return missing(self.name, FIRST, "no hidden answer has a wrong step")
        found = [_first_doubt(model, one) == first_error(one.labels) for one in wrong]
        chance = float(np.mean([1 / len(one.vectors) for one in wrong]))
        return measured(
            self.name,
            FIRST,
            lambda level: wilson(sum(found), len(found), level=level),
            f"{sum(found)} of {len(found)} answers with an error; by chance {chance:.2f}",
            above=chance,
        )

    def _labels(self, stage: Stage, pool: Sequence[LabelledAnswer], hidden: Sequence[LabelledAnswer]) -> Proof:
        """How many answers have to be labelled by either way until steps are told as well as nearly all labels tell."""
        vectors = np.concatenate([one.vectors[: len(one.labels)] for one in hidden])
        truth = np.array([label >= 0 for one in hidden for label in one.labels])

        def quality(model: StepModel) -> float:
            right = (model.right(vectors) >= 0.5) == truth
            return float((right[truth].mean() + right[~truth].mean()) / 2)

        if truth.all() or not truth.any():
            return missing(self.name, FEWER, "all hidden steps have the same label")
        target = REACHED * quality(fitted(pool))
        ratios = []
        for number in range(REPEATS):
            rngs = [np.random.default_rng([stage.config.seed, number]) for _ in range(2)]
            uniform, active = (
                labels_needed(pool, quality, target, batch=BATCH, active=way, rng=rng)
                for way, rng in zip((False, True), rngs, strict=True)
            )
            if uniform and active:
                ratios.append(uniform / active)
        if len(ratios) < REPEATS:
            return missing(self.name, FEWER, f"the target was reached in {len(ratios)} of {REPEATS} repeats")
        drawn = np.random.default_rng(0).choice(ratios, (2000, len(ratios))).mean(axis=1)
        return measured(
            self.name,
            FEWER,
            Resampled(float(np.mean(ratios)), drawn).interval,
            f"uniform / active in {REPEATS} repeats, pool of {len(pool)}, to balanced accuracy {target:.3f}",
            above=1.0,
            resampled=REPEATS,
        )


def _picked(
    model: StepModel,
    hidden: Sequence[Sequence[LabelledAnswer]],
    rights: Sequence[Sequence[bool]],
    scoring: Scoring,
) -> list[float]:
    """Whether the answer of the highest score is right, task by task."""
    picks = [
        best_of([answer_score(model.right(one.vectors).tolist() if len(one.vectors) else [], scoring) for one in row])
        for row in hidden
    ]
    return [float(right[pick]) for right, pick in zip(rights, picks, strict=True)]


def _majority(answers: Sequence[str], rights: Sequence[bool]) -> float:
    """Whether the end that most answers have is right; of the answers that have it the mean."""
    (ending, _), *_ = Counter(answers).most_common(1)
    return float(np.mean([right for answer, right in zip(answers, rights, strict=True) if answer == ending]))


def _first_doubt(model: StepModel, answer: LabelledAnswer) -> int:
    """The first step that is more likely wrong than right, else the one that is most doubtful."""
    right = model.right(answer.vectors)
    doubted = np.flatnonzero(right < 0.5)
    return int(doubted[0]) if len(doubted) else int(right.argmin())
