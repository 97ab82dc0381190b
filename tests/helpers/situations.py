"""Situations as the rewrite node shows them to operators."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from burnish.agent.models.client import ChatRequest
from burnish.agent.operators.base import Failure, Operator, Proposal, Situation
from burnish.programs import Program, Prompt
from burnish.records import Completion
from burnish.types import Exemplar, Task, Usage

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
    refused: list[str] = field(default_factory=list)
    asked: list[ChatRequest] = field(default_factory=list)


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
    seed: int = 0,
) -> Trial:
    """Give an operator its turn; `reply` is the reflector's."""
    trial = Trial([])

    async def ask(request: ChatRequest) -> Completion:
        trial.asked.append(request)
        assert reply is not None
        return Completion(reply(request), "scripted", Usage(calls=1), truncated=truncated)

    situation = Situation(
        champion=champion,
        base=base,
        failures=failed,
        exemplars=exemplars,
        known_before=known_before,
        settled=True,
        usefulness=usefulness or {},
        rng=np.random.default_rng(seed),
        refuse=trial.refused.append,
        ask=ask if reply else None,
    )
    trial.proposals = asyncio.run(_turn(operator, situation))
    return trial


async def _turn(operator: Operator, situation: Situation) -> list[Proposal]:
    return await operator.propose(situation)


def with_section(name: str, text: str) -> Program:
    """The seed program with one more prompt section."""
    return replace(SEED, prompt=SEED.prompt.with_section(name, text, "test"))
