"""Self-curation (Li et al. 2023), held against the environment: what ratings are worth, and what keeping all costs."""

from __future__ import annotations

from burnish.agent.judges.prompt import examples, rating_of
from burnish.agent.models.calls import Place, gather_in_order
from burnish.agent.proofs.base import Stage, difference, measured, missing
from burnish.agent.record.ratings import SECOND_ROUND, Rated, as_rows
from burnish.agent.rollouts.evaluate import Judged
from burnish.agent.rollouts.retriever import Retriever
from burnish.memory.numpy_index import NumpyIndex
from burnish.memory.store import Memory
from burnish.policies.calibration import auc_interval
from burnish.policies.statistics import Interval, wilson
from burnish.records import Proof
from burnish.types import Exemplar

AGREES = "ratings of round {} tell verified answers from others (AUC above chance)"
PRECISE = "an answer rated 5 is verified more often than any answer"
WORSE = "a memory that keeps all answers, verified or not, does worse on the sealed tasks"
CANDIDATES, SHOWN = 96, 4


class CurationProver:
    """Rates the candidates of the run again by a judge that has seen verdicts, and tries a memory without curation."""

    name = "curation"
    calls = CANDIDATES
    arms = 1

    async def prove(self, stage: Stage) -> list[Proof]:
        """See `Prover.prove`."""
        first = stage.past.rated
        second = await self._second_round(stage)
        stage.keep(**{SECOND_ROUND: as_rows(second)})
        return [
            self._agreement(1, first),
            self._agreement(2, [(r, v) for r, v, _ in second]),
            self._precision([(r, v) for r, v, _ in second]),
            await self._keep_all(stage),
        ]

    async def _second_round(self, stage: Stage) -> list[Rated]:
        """Candidates rated again after examples of verified and refuted answers, which are no candidates."""
        journal, rng = stage.journal, stage.rng(self.name)
        judged: list[Judged] = list({a.id: (a, f) for _, a, f in journal.judged("attempt") if f.status.judged}.values())
        drawn = [judged[i] for i in rng.permutation(len(judged)).tolist()]
        tasks = [journal.task(a.task_id) for a, _ in drawn]
        shown = examples(drawn, tasks, SHOWN)
        seen = {task.id for task, _, _ in shown}
        pairs = [(t, a, f) for t, (a, f) in zip(tasks, drawn, strict=True) if t.id not in seen][:CANDIDATES]
        reasons = stage.config.judging.reasons
        ratings = await gather_in_order(
            rating_of(stage.caller, t, a.answer, Place("proof curation", a.id), shown=shown, reasons=reasons)
            for t, a, _ in pairs
        )
        return [Rated(r, f.verified, a.id) for r, (_, a, f) in zip(ratings, pairs, strict=True) if r is not None]

    def _agreement(self, number: int, rated: list[tuple[float, bool]]) -> Proof:
        claim = AGREES.format(number)
        verified = sum(v for _, v in rated)
        if not 0 < verified < len(rated):
            return missing(self.name, claim, f"{len(rated)} ratings, all of answers of one kind")

        def interval(level: float) -> Interval:
            found = auc_interval([r for r, _ in rated], [v for _, v in rated], level=level)
            assert found is not None
            return found

        said = f"AUC over {verified} verified and {len(rated) - verified} others; no vote where it fails"
        return measured(self.name, claim, interval, said, above=0.5)

    def _precision(self, rated: list[tuple[float, bool]]) -> Proof:
        fives = [v for r, v in rated if r >= 4.5]
        if not fives:
            return missing(self.name, PRECISE, f"none of {len(rated)} answers was rated 5")
        base = sum(v for _, v in rated) / len(rated)
        return measured(
            self.name,
            PRECISE,
            lambda level: wilson(sum(fives), len(fives), level=level),
            f"{sum(fives)} of {len(fives)} rated 5 are verified, {base:.0%} of all",
            above=base,
        )

    async def _keep_all(self, stage: Stage) -> Proof:
        """The champion with a memory of the first answer to each train task, whatever its verdict."""
        champion = stage.champion
        first: dict[str, Exemplar] = {}
        for _, a, f in stage.journal.judged("attempt"):
            if a.origin == "attempt" and not a.turns and a.task_id not in first:
                task = stage.journal.task(a.task_id)
                first[task.id] = Exemplar(task.id, task.prompt, a.answer, f.reward, task.cell, 0, a.model)
        sealed = stage.sealed("champion")
        if not first or not sealed or not champion.retrieval.k:
            return missing(self.name, WORSE, "the champion shows no exemplars")
        embedder = stage.memory.embedder
        memory = Memory([], embedder=embedder, index=NumpyIndex(embedder.dimensions), joint=stage.memory.joint)
        memory.stage(list(first.values()), {}, revision=0)
        tasks = [stage.journal.task(a.task_id) for a, _ in sealed]
        judged = await stage.evaluate("keep all", champion, tasks, Retriever(memory).recall)
        return difference(self.name, WORSE, judged, sealed, "all kept and verified")
