"""A constitution (Bai et al. 2022): hidden answers break fewer of its principles, and are rewarded no less."""

from __future__ import annotations

from burnish.agent.proofs.base import MARGIN, Stage, missing, no_worse, share
from burnish.policies.constitution import violations
from burnish.policies.statistics import paired_bootstrap
from burnish.records import Proof

FEWER = "fewer principles are broken on hidden tasks, counted by predicates"
NO_LESS = f"the reward falls by less than {MARGIN:g}"


class ConstitutionProver:
    """Counts broken principles in the answers of the sealed test, before and after."""

    name = "constitution"
    calls = 0
    arms = 0

    async def prove(self, stage: Stage) -> list[Proof]:
        """See `Prover.prove`."""
        checked = [p for p in stage.principles if p.keeps is not None]
        before = stage.sealed("seed")
        after = stage.sealed("champion")
        if not checked or not before:
            return [missing(self.name, FEWER, "no principle of the constitution has a predicate")]
        if not after:
            return [missing(self.name, FEWER, "no challenger was promoted: the champion is the seed program")]
        broken = [[sum(violations(checked, [a.answer]).values()) for a, _ in arm] for arm in (before, after)]
        seed = stage.config.seed
        change = paired_bootstrap(broken[0], broken[1], seed=seed)
        reward = paired_bootstrap([f.reward for _, f in before], [f.reward for _, f in after], seed=seed)
        tasks = len(before)
        return [
            share(
                self.name,
                FEWER,
                change,
                passed=change.upper < 0,
                detail=f"{sum(broken[0])} and {sum(broken[1])} in {tasks} answers, seed and champion",
            ),
            share(self.name, NO_LESS, reward, passed=no_worse(reward), detail=f"mean reward on {tasks} tasks"),
        ]
