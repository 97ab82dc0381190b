"""Compiling (Khattab et al. 2024): what a search compiled is no worse than what it began with."""

from __future__ import annotations

from dataclasses import replace

from burnish.agent.proofs.base import MARGIN, Stage, difference, missing
from burnish.records import Proof

FLOOR = f"the compiled program is no worse than the unchanged one on the sealed tasks, by {MARGIN:g} at most"
SEARCHED = f"it is no worse, by {MARGIN:g} at most, than the unchanged program shown the same memory without a search"


class CompileProver:
    """Compares the champion with the program that the run began with, without its memory and with it."""

    name = "compile"
    calls = 0
    arms = 1

    async def prove(self, stage: Stage) -> list[Proof]:
        """See `Prover.prove`."""
        seed = stage.seed_program
        if not any(g.operator == self.name and g.outcome == "accept" for r in stage.past.records for g in r.gates):
            return [
                missing(self.name, FLOOR, "no compiled program was accepted: the champion is another's or unchanged")
            ]
        champion, floor = stage.sealed("champion"), stage.sealed("seed")
        tasks = [stage.journal.task(a.task_id) for a, _ in champion]
        plain = await stage.evaluate("compile", replace(seed, revision=stage.champion.revision), tasks)
        return [
            difference(self.name, claim, before, champion, "without and with it", above=-MARGIN)
            for claim, before in ((FLOOR, floor), (SEARCHED, plain))
        ]
