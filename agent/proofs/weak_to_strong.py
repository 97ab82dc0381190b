"""Weak-to-strong generalisation (Burns et al. 2023): a student learns from the program's labels and outgrows them."""

from __future__ import annotations

from burnish.agent.proofs.base import Stage, measured, missing
from burnish.agent.record.ratings import ASKED, RATED, kept_ratings
from burnish.policies.calibration import auc_gain
from burnish.policies.logistic import Head, one_hot
from burnish.policies.statistics import wilson
from burnish.policies.weak_to_strong import best_decay, recovered, student
from burnish.records import Proof
from burnish.types import Task

CLAIM = "a student of the program's own labels closes part of the gap to one of true labels (PGR, hidden tasks)"
AGAINST = "where student and weak label disagree the student is right more often"
JUDGES = "the student of the judge's ratings tells verified answers better than those ratings do (AUC)"
TRAIN, HIDDEN = 600, 240
MOST_CLASSES, LEAST_OF_A_CLASS = 20, 4


class StudentProver:
    """Has the champion label train tasks and hidden ones; a student over embeddings learns from the former."""

    name = "weak-to-strong"
    calls = TRAIN + HIDDEN
    arms = 0

    async def prove(self, stage: Stage) -> list[Proof]:
        """See `Prover.prove`."""
        seed = int(stage.rng(self.name).integers(2**31 - 1))
        train = await stage.environment.draw("train", seed, TRAIN)
        hidden = await stage.environment.draw("test", seed, HIDDEN)
        truth = await _labels(stage, [*train, *hidden])
        names = sorted(set(truth[: len(train)]))
        if not names or len(names) > MOST_CLASSES or len(train) < LEAST_OF_A_CLASS * len(names):
            return [missing(self.name, CLAIM, f"{len(names)} different answers to {len(train)} tasks are no labels")]
        weak = [a.answer.strip() for a, _ in await stage.formed(self.name, stage.champion, [*train, *hidden])]
        code = {name: number for number, name in enumerate(names)}
        known = [i for i in range(len(train)) if weak[i] in code]
        if len({weak[i] for i in known}) < 2:
            return [missing(self.name, CLAIM, f"{len(known)} of {len(train)} answers are labels, all alike")]
        vectors = stage.meaning.embed([task.prompt for task in [*train, *hidden]])
        own, held = vectors[: len(train)], vectors[len(train) :]
        labels = one_hot([code[weak[i]] for i in known], len(names))
        learned = student(own[known], labels, decay=best_decay(own[known], labels)).predict(held).argmax(axis=1)
        true = one_hot([code[label] for label in truth[: len(train)]], len(names))
        ceiling = Head.fit(own, true, classes=len(names), decay=best_decay(own, true)).predict(held).argmax(axis=1)
        found = recovered(
            [code.get(label, -1) for label in truth[len(train) :]],
            [code.get(label, -2) for label in weak[len(train) :]],
            learned,
            ceiling,
        )
        rates = (
            f"weak {found.weak:.3f}, student {found.student:.3f}, ceiling {found.ceiling:.3f} of {len(hidden)} tasks"
        )
        if found.pgr is None:
            return [missing(self.name, CLAIM, f"{rates}: ceiling and weak labels cannot be told apart")]
        return [
            measured(
                self.name,
                CLAIM,
                found.pgr.interval,
                f"{rates}; {len(known)} of {len(train)} answers are labels",
                above=0.0,
                resampled=len(hidden),
            ),
            self._against(found.disagreements, found.right_against, found.weak_right_against),
        ]

    def _against(self, disagreements: int, student_right: float, weak_right: float) -> Proof:
        if not disagreements:
            return missing(self.name, AGAINST, "student and weak label never disagree")
        return measured(
            self.name,
            AGAINST,
            lambda level: wilson(round(student_right * disagreements), disagreements, level=level),
            f"{disagreements} disagreements: student right in {student_right:.2f}, label in {weak_right:.2f}",
            above=weak_right,
        )


class StudentJudgeProver:
    """Holds the ratings of the student against those of the model that it learned from."""

    name = "student"
    calls = 0
    arms = 0

    async def prove(self, stage: Stage) -> list[Proof]:
        """See `Prover.prove`. On answers that both rated; the student learned from earlier iterations only."""
        journal = stage.journal
        students = {one.attempt: one.rating for one in kept_ratings(journal, RATED)}
        asked = [one for one in kept_ratings(journal, ASKED) if one.attempt in students]
        verdicts = [one.verified for one in asked]
        after = [students[one.attempt] for one in asked]
        gain = auc_gain([one.rating for one in asked], after, verdicts, seed=stage.config.seed)
        if gain is None:
            return [missing(self.name, JUDGES, f"both rated {len(asked)} answers, of which none or all are verified")]
        return [
            measured(
                self.name,
                JUDGES,
                gain.interval,
                f"{len(asked)} answers that both rated, {sum(verdicts)} verified; the student rated "
                f"{len(students)}, without a call",
                above=0.0,
                resampled=len(asked),
            )
        ]


async def _labels(stage: Stage, tasks: list[Task]) -> list[str]:
    """The true label of each task, empty where the environment knows none."""
    return [await stage.environment.solve(task) or "" for task in tasks]
