"""Situations as the rewrite node shows them to operators."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from burnish.agent.models.client import ChatRequest
from burnish.agent.operators.base import Failure, Operator, Proposal, ProposalContext, Rival, Score
from burnish.memory.embedding import HashEmbedder
from burnish.policies.pareto import Cells
from burnish.programs import Program, Prompt
from burnish.records import Completion
from burnish.types import Exemplar, JsonValue, Task, Usage

SEED = Program(Prompt((("task", "Give the code."),)), revision=0)


def exemplar(number: int) -> Exemplar:
    task = Task("codes", f"What is the code of thing {number}?")
    return Exemplar(task.id, task.prompt, f"code {number}", 1.0, "thing", born=1, model="scripted")


def failures(*feedbacks: str) -> list[Failure]:
    """A failure of another task for each feedback text."""
    return [Failure(Task("codes", f"What is the code of item {i}?"), f"no {i}", f) for i, f in enumerate(feedbacks)]


@dataclass
class Trial:
    """One operator's turn: what it proposed, and why it proposed nothing."""

    proposals: list[Proposal]
    noted: list[tuple[str, JsonValue]] = field(default_factory=list)
    asked: list[ChatRequest] = field(default_factory=list)

    @property
    def refused(self) -> list[str]:
        """Why something was not proposed."""
        return [str(body) for kind, body in self.noted if kind == "refused proposal"]


async def no_tasks(programs: Sequence[Program], _count: int) -> list[list[float]]:
    """Scores where there are no train tasks to try programs on."""
    return [[] for _ in programs]


def propose(
    operator: Operator,
    *,
    base: Program = SEED,
    champion: Program = SEED,
    failed: Sequence[Failure] = (),
    exemplars: Sequence[Exemplar] = (),
    known_before: int = 0,
    usefulness: dict[str, float] | None = None,
    reply: Callable[[ChatRequest], str] | None = None,
    truncated: bool = False,
    refused: Sequence[Program] = (),
    cells: Cells | None = None,
    rivals: Sequence[Rival] = (),
    proposed: Collection[str] = (),
    score: Score = no_tasks,
    seed: int = 0,
) -> Trial:
    """Give an operator its turn; `reply` is the reflector's, `score` tries programs on train tasks."""
    trial = Trial([])

    async def ask(request: ChatRequest) -> Completion:
        trial.asked.append(request)
        assert reply is not None
        return Completion(reply(request), "scripted", Usage(calls=1), truncated=truncated)

    by_id = {e.id: e for e in exemplars}
    context = ProposalContext(
        champion=champion,
        base=base,
        failures=failed,
        exemplars=exemplars,
        known_before=known_before,
        settled=True,
        usefulness=usefulness or {},
        rng=np.random.default_rng(seed),
        note=lambda kind, body: trial.noted.append((kind, body)),
        score=score,
        vectors=lambda ids: HashEmbedder().embed([by_id[i].prompt for i in ids]),
        ask=ask if reply else None,
        refused=refused,
        cells=cells or {},
        rivals=rivals,
        proposed=proposed,
    )
    trial.proposals = asyncio.run(_turn(operator, context))
    return trial


async def _turn(operator: Operator, context: ProposalContext) -> list[Proposal]:
    return await operator.propose(context)


def with_section(name: str, text: str) -> Program:
    """The seed program with one more prompt section."""
    return replace(SEED, prompt=SEED.prompt.with_section(name, text, "test"))
