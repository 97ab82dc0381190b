"""Which exemplars a file holds that shows the same ones with every task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from burnish.agent.record.memory import recalled_memory
from burnish.agent.record.run import Run
from burnish.agent.rollouts.episode_values import Valuer
from burnish.agent.rollouts.retriever import Retriever
from burnish.memory.journal_reader import JournalReader
from burnish.memory.store import Memory
from burnish.policies.retrieval import ordered, representatives
from burnish.programs import Program
from burnish.types import Exemplar, Task

COVERED_SAMPLE = 512
"""Exemplars among which covering ones are sought; bounds the work however large memory grows."""


@dataclass(frozen=True)
class Choice:
    """Exemplars in the order of the prompt, and in words why these. `always` says that the program itself shows just
    these with every task, if not in this order.
    """

    exemplars: tuple[Exemplar, ...]
    said: str
    always: bool


def choose(run: Run, journal: JournalReader, program: Program, shown: Sequence[Exemplar], task: Task) -> Choice:
    """Of the exemplars that are `shown`, as many as the program shows with a task.

    Those that it retrieves for the text of `task`; where that is empty, those that it shows with every task; where
    there are none such, those that cover memory: every exemplar is as much like one of them as can be.
    """
    k = program.retrieval.k
    if not shown:
        return Choice((), "none, as the program shows none", always=True)
    if not task.prompt and len(shown) <= k:
        return Choice(tuple(shown), f"all {len(shown)} that it may show", always=True)
    memory = recalled_memory(run.place, run.config, journal, program.revision)
    one_set = program.retrieval.policy == "shelves" and program.retrieval.shelves == 1
    if task.prompt or one_set:
        asked = task if task.prompt else Task(task.environment, "any")
        (found,) = Retriever(memory, Valuer(journal).at).recall(program, [asked])
        said = "those that it shows with every task" if one_set else "those retrieved for the text given by --task"
        return Choice(found.exemplars, said, always=one_set)
    covering = ordered(_covering(memory, program, shown), program.retrieval.order)
    return Choice(tuple(memory[i] for i in covering), f"{k} that cover the {len(shown)} it may show", always=False)


def _covering(memory: Memory, program: Program, shown: Sequence[Exemplar]) -> list[str]:
    """Ids of the exemplars that represent all, best first."""
    usable = {exemplar.id for exemplar in shown}
    sample = [e.id for e in memory.sample(program.revision, COVERED_SAMPLE) if e.id in usable]
    ids = sample if len(sample) >= program.retrieval.k else [e.id for e in shown][:COVERED_SAMPLE]
    return [ids[i] for i in representatives(memory.vectors(ids), program.retrieval.k)]
