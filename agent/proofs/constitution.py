"""A constitution (Bai et al. 2022): hidden answers break fewer of its principles, and are rewarded no less."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from burnish.agent.proofs.base import MARGIN, Stage, measured, missing
from burnish.agent.rollouts.evaluate import Judged
from burnish.policies.constitution import violations
from burnish.policies.statistics import Interval, paired_bootstrap
from burnish.records import Proof

FEWER = "fewer principles are broken on hidden tasks, counted by predicates"
REVISIONS = "fewer are broken than without what was revised, counted by predicates"
NO_LESS = f"the reward falls by less than {MARGIN:g}"


class ConstitutionProver:
    """Counts broken principles in the answers of the sealed test, before and after."""

    name = "constitution"
    calls = 0
    arms = 1

    async def prove(self, stage: Stage) -> list[Proof]:
        """See `Prover.prove`."""
        checked = [p for p in stage.principles if p.keeps is not None]
        before = stage.sealed("seed")
        after = stage.sealed("champion")
        if not checked or not before:
            return [missing(self.name, FEWER, "no principle of the constitution has a predicate")]
        if not after:
            return [missing(self.name, FEWER, "no challenger was promoted: the champion is the seed program")]
        seed, tasks = stage.config.seed, len(before)
        bare = await stage.without(self.name, "revised")

        def broken(arm: Sequence[Judged]) -> list[int]:
            return [sum(violations(checked, [a.answer]).values()) for a, _ in arm]

        def fewer(claim: str, other: Sequence[Judged], said: str) -> Proof:
            counts = broken(other), broken(after)
            detail = f"{sum(counts[0])} and {sum(counts[1])} in {tasks} answers, {said}"
            return measured(self.name, claim, _change(*counts, seed), detail, below=0.0, resampled=tasks)

        rewards = [[f.reward for _, f in arm] for arm in (before, after)]
        return [
            fewer(FEWER, before, "seed and champion"),
            measured(
                self.name,
                NO_LESS,
                _change(rewards[0], rewards[1], seed),
                f"mean reward on {tasks} tasks",
                above=-MARGIN,
                resampled=tasks,
            ),
            missing(self.name, REVISIONS, "the champion shows no revised answer")
            if bare is None
            else fewer(REVISIONS, bare, "without and with revised answers"),
        ]


def _change(before: Sequence[float], after: Sequence[float], seed: int) -> Callable[[float], Interval]:
    return lambda level: paired_bootstrap(before, after, seed=seed, level=level)
