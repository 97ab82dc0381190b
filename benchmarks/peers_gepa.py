"""GEPA's side of `peers.py`: the library's own search over instructions, with the environment's feedback as text.

Pareto selection over validation tasks, merges off (one component has nothing to merge), minibatches of three: the
library's defaults. It shows no exemplars; what it learns is an instruction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from burnish.types import Task

COMPONENT = "instruction"
REFLECTION_TOKENS = 512


class Chat(Protocol):
    """The part of a model that is used here."""

    tokens: int

    async def all(self, requests: Sequence[tuple[Sequence[Mapping[str, str]], Mapping[str, Any]]]) -> list[str]:
        """An answer to each request."""


def optimized(environment: Any, model: Chat, reflector: Chat, *, tokens: int, seed: int, validation: int) -> str:
    """The instruction that GEPA ends with after about so many tokens of `model` and `reflector` together."""
    from gepa import EvaluationBatch, optimize

    first = model.tokens + (reflector.tokens if reflector is not model else 0)

    def spent(_state: object) -> bool:
        return model.tokens + (reflector.tokens if reflector is not model else 0) - first >= tokens

    def reflected(prompt: Any) -> str:
        messages = prompt if isinstance(prompt, list) else [{"role": "user", "content": prompt}]
        options = {"max_tokens": REFLECTION_TOKENS, "temperature": 1.0, "seed": seed + reflector.tokens}
        return asyncio.run(reflector.all([(messages, options)]))[0]

    class Adapter:
        """The instruction as system message, the task as the user's."""

        propose_new_texts: Callable[..., dict[str, str]] | None = None

        def evaluate(self, batch: Sequence[Task], candidate: Mapping[str, str], capture_traces: bool = False) -> Any:
            messages = [
                [{"role": "system", "content": candidate[COMPONENT]}, {"role": "user", "content": task.prompt}]
                for task in batch
            ]
            answers = asyncio.run(model.all([(one, {}) for one in messages]))
            feedback = [environment.score(task, answer) for task, answer in zip(batch, answers, strict=True)]
            traces = [(t, a, f) for t, a, f in zip(batch, answers, feedback, strict=True)] if capture_traces else None
            scores = [(f.verified + f.reward) / 2 for f in feedback]
            return EvaluationBatch(outputs=answers, scores=scores, trajectories=traces)

        def make_reflective_dataset(self, _candidate: object, batch: Any, _components: object) -> Any:
            return {
                COMPONENT: [
                    {"Inputs": task.prompt, "Generated Outputs": answer, "Feedback": _said(feedback)}
                    for task, answer, feedback in batch.trajectories
                ]
            }

    found = optimize(
        seed_candidate={COMPONENT: environment.instruction},
        trainset=list(environment.posed["train"]),
        valset=list(environment.posed["validation"][:validation]),
        adapter=Adapter(),
        reflection_lm=reflected,
        stop_callbacks=[spent],
        logger=_Quiet(),
        seed=seed,
        raise_on_exception=False,
    )
    return str(found.best_candidate[COMPONENT])


def _said(feedback: Any) -> str:
    if feedback.verified:
        return "This answer is right."
    return f"This answer is wrong: {feedback.text}" if feedback.text else "This answer is wrong."


class _Quiet:
    def log(self, _message: str) -> None:
        """Nothing is printed."""
