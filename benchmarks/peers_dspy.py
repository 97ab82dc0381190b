"""DSPy's side of `compiling.py` and `peers.py`: its optimizers, with the same tasks, server and metric, and no gold.

`plain` shows a task and its exemplars as bare chat turns, as Burnish does; `chat` is DSPy's own format. An optimizer
gets nothing beyond its budget but for the round it is in: random search is stepped seed by seed, MIPROv2's trials are
counted out beforehand.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from burnish.types import Task

OPTIMIZERS = ("random search, plain", "MIPROv2, plain", "random search, chat")
CANDIDATES = 4
"""Instructions, and exemplar sets, of MIPROv2."""
MOST_ERRORS = 10_000
"""An answer that is not of an adapter's format is a wrong answer here, and no reason to give up."""


@dataclass
class Spent:
    """Calls and tokens."""

    calls: int = 0
    tokens: int = 0

    def __sub__(self, earlier: Spent) -> Spent:
        return Spent(self.calls - earlier.calls, self.tokens - earlier.tokens)


class Side:
    """Optimizers of one environment, with a budget in calls or in tokens."""

    def __init__(
        self,
        environment: Any,
        url: str,
        max_tokens: int,
        seed: int,
        *,
        calls: float = math.inf,
        tokens: float = math.inf,
        validation: int | None = None,
        train: int | None = None,
    ) -> None:
        os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # it would fetch a list of prices
        import dspy

        self.dspy, self.calls, self.tokens, self.seed = dspy, calls, tokens, seed
        self.environment, self.spent, self.validation, self.train = environment, Spent(), validation, train
        self.lm = _counting(dspy, self.spent)(
            "openai/embedded",
            api_base=url,
            api_key="none",
            temperature=0.0,
            max_tokens=max_tokens,
            cache=False,
            num_retries=0,
        )
        self.prompt_lm = self.lm.copy(max_tokens=256)
        self.signature = dspy.Signature("text -> answer", environment.instruction)

    def run(self, name: str) -> tuple[list[bool], list[bool], Spent, float]:
        """Passes before and after by sealed task, what was spent to get there, and seconds."""
        optimizer, form = name.split(", ")
        adapter = _plain(self.dspy) if form == "plain" else self.dspy.ChatAdapter()
        with self.dspy.context(lm=self.lm, adapter=adapter):
            student = self.dspy.Predict(self.signature)
            before = self._passes(student)
            self.first, started = replace(self.spent), time.perf_counter()
            compiled = self._random_search(student) if optimizer == "random search" else self._mipro(student)
            spent, seconds = self.spent - self.first, time.perf_counter() - started
            return before, self._passes(compiled), spent, seconds

    def _random_search(self, student: Any) -> Any:
        """BootstrapFewShotWithRandomSearch, seed after seed as long as the budget lasts; -2 needs gold."""
        best, best_score = student, -1.0
        for seed in (-3, -1, *range(100)):
            search = self.dspy.BootstrapFewShotWithRandomSearch(
                self._metric,
                max_bootstrapped_demos=8,
                max_labeled_demos=0,
                num_candidate_programs=seed + 1 if seed >= 0 else 0,
                num_threads=4,
                max_errors=MOST_ERRORS,
            )
            found = search.compile(
                student, trainset=self._examples("train")[: self.train], valset=self._validation(), restrict=[seed]
            )
            score = found.candidate_programs[0]["score"]
            if score > best_score:
                best, best_score = found, score
            spent = self.spent - self.first
            if spent.calls >= self.calls or spent.tokens >= self.tokens:
                break
        return best

    def _mipro(self, student: Any) -> Any:
        validation = self._validation()
        evaluations = self.calls / len(validation)
        if self.tokens < math.inf:
            evaluations = min(evaluations, self.tokens / self._tokens_of(student, validation))
        trials = max(2, int(evaluations / 2))  # the other half goes into exemplar sets
        optimizer = self.dspy.MIPROv2(
            self._metric,
            auto=None,
            num_candidates=CANDIDATES,
            prompt_model=self.prompt_lm,
            task_model=self.lm,
            max_bootstrapped_demos=8,
            max_labeled_demos=0,
            num_threads=4,
            max_errors=MOST_ERRORS,
            seed=self.seed,
        )
        return optimizer.compile(
            student,
            trainset=self._examples("train")[: self.train],
            valset=validation,
            num_trials=trials,
            minibatch=False,
            program_aware_proposer=False,
        )

    def _metric(self, example: Any, prediction: Any, trace: object = None) -> float | bool:
        feedback = self.environment.score(example.task, prediction.answer or "")
        return bool(feedback.verified) if trace is not None else (feedback.verified + feedback.reward) / 2

    def _tokens_of(self, student: Any, examples: Sequence[Any]) -> float:
        """About what an evaluation takes, with eight exemplars each the size of a task: from one call without any."""
        before = self.spent.tokens
        student(text=examples[0].text)
        return (self.spent.tokens - before) * 5 * len(examples)  # a trial's exemplars are four on average

    def _passes(self, program: Any) -> list[bool]:
        evaluate = self.dspy.Evaluate(
            devset=self._examples("test"),
            metric=lambda example, made: float(self.environment.score(example.task, made.answer or "").verified),
            num_threads=4,
            max_errors=MOST_ERRORS,
        )
        return [bool(score) for _, _, score in evaluate(program).results]

    def _validation(self) -> list[Any]:
        return self._examples("validation")[: self.validation]

    def _examples(self, split: str) -> list[Any]:
        tasks: Sequence[Task] = self.environment.posed[split]
        return [self.dspy.Example(text=task.prompt, task=task).with_inputs("text") for task in tasks]


def _counting(dspy: Any, spent: Spent) -> Callable[..., Any]:
    class Counting(dspy.LM):  # type: ignore[misc, unused-ignore]
        def forward(self, *arguments: Any, **options: Any) -> Any:
            spent.calls += 1
            answered = super().forward(*arguments, **options)
            spent.tokens += answered.usage.prompt_tokens + answered.usage.completion_tokens
            return answered

    return Counting


def _plain(dspy: Any) -> Any:
    class Plain(dspy.ChatAdapter):  # type: ignore[misc, unused-ignore]
        """The instruction, exemplars and task as they are; DSPy's own signatures, as in proposals, keep its format."""

        def format(self, signature: Any, demos: Sequence[Mapping[str, Any]], inputs: Mapping[str, Any]) -> Any:
            if list(signature.fields) != ["text", "answer"]:
                return super().format(signature, demos, inputs)
            turns = [
                {"role": role, "content": demo[field]}
                for demo in demos
                for role, field in (("user", "text"), ("assistant", "answer"))
            ]
            system = {"role": "system", "content": signature.instructions}
            return [system, *turns, {"role": "user", "content": inputs["text"]}]

        def parse(self, signature: Any, completion: str) -> Any:
            if list(signature.fields) == ["text", "answer"]:
                return {"answer": completion}
            try:
                return super().parse(signature, completion)
            except dspy.utils.exceptions.AdapterParseError:  # a proposal of a small model: what it wrote is taken whole
                return dict.fromkeys(signature.output_fields, completion)

    return Plain()
