"""Who takes part in `peers.py`, each with the same tasks and the same server."""

from __future__ import annotations

import asyncio
import json
import random
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import numpy as np
from peers_reflector import AbleReflector
from peers_tasks import Posed

from burnish import RunConfig, run
from burnish.agent.models.scripted import ScriptedServer
from burnish.agent.record.run import open_run
from burnish.environments.forms import form_grammar
from burnish.memory.embedding import MiniLMEmbedder
from burnish.records import SEALED
from burnish.types import Task

SHOWN, BATCH = 4, 12
MAX_TOKENS = 96
VALIDATION = 8
"""Calls of learning to each validation task that an optimizer evaluates a program on. With all hundred it would see two
or three programs.
"""
SKILL = 0.5
"""Of a scripted reflector: how often it gives the good instruction."""
Known = list[tuple[Task, str]]
Played = tuple[list[bool], int, int, str]
"""Which test tasks were passed, the calls and tokens of learning, and a detail."""


@dataclass
class Result:
    """One run: which test tasks were passed, and what learning took."""

    problem: str
    who: str
    seed: int
    passes: list[bool]
    calls: int
    tokens: int
    seconds: float
    commit: str
    detail: str = ""


@dataclass
class Model:
    """A chat server, and what it was asked so far."""

    url: str
    name: str
    calls: int = 0
    tokens: int = 0

    async def answer(self, messages: Sequence[Mapping[str, str]], **options: Any) -> str:
        """One answer."""
        named = {"model": self.name} if self.name else {}
        body = {**named, "messages": messages, "max_tokens": MAX_TOKENS, "temperature": 0.0, **options}
        reply = await self._client.post(f"{self.url}/chat/completions", json=body)
        reply.raise_for_status()
        said = reply.json()
        self.calls += 1
        self.tokens += said["usage"]["prompt_tokens"] + said["usage"]["completion_tokens"]
        return str(said["choices"][0]["message"]["content"] or "")

    async def all(self, requests: Sequence[tuple[Sequence[Mapping[str, str]], Mapping[str, Any]]]) -> list[str]:
        """An answer to each request, four at a time."""
        limit = asyncio.Semaphore(4)

        async def one(messages: Sequence[Mapping[str, str]], options: Mapping[str, Any]) -> str:
            async with limit:
                return await self.answer(messages, **options)

        async with httpx.AsyncClient(timeout=600) as self._client:
            return await asyncio.gather(*(one(*request) for request in requests))


class Likeness:
    """Cosines of MiniLM between tasks."""

    def __init__(self) -> None:
        self._embedder, self._known = MiniLMEmbedder(), dict[str, Any]()

    def nearest(self, task: Task, known: Known, count: int) -> Known:
        """The nearest of what is known, of other tasks, nearest last."""
        others = [pair for pair in known if pair[0].id != task.id]
        new = [t for t in (task, *(t for t, _ in others)) if t.id not in self._known]
        if new:
            self._known |= dict(zip((t.id for t in new), self._embedder.embed([t.prompt for t in new]), strict=True))
        if not others:
            return []
        likeness = np.array([self._known[t.id] for t, _ in others]) @ self._known[task.id]
        return [others[i] for i in np.argsort(-likeness, kind="stable")[:count][::-1]]


def turns(instruction: str, shown: Known, task: Task) -> list[dict[str, str]]:
    """Instruction, exemplars and task as plain chat turns."""
    pairs = [m for t, a in shown for m in (("user", t.prompt), ("assistant", a))]
    return [{"role": role, "content": text} for role, text in (("system", instruction), *pairs, ("user", task.prompt))]


@dataclass
class Contest:
    """A problem with a seed: everybody's tasks, the model, and what is known of earlier runs."""

    problem: str
    seed: int
    posed: Posed
    model: Model
    likeness: Likeness
    calls: int
    earlier: Mapping[str, Result]
    keep: Path | None = None
    """A folder in which the runs of Burnish stay, to be looked into."""

    @property
    def validation(self) -> int:
        """Validation tasks that an optimizer evaluates a program on."""
        return min(40, self.calls // VALIDATION)

    def tested(
        self,
        shown: Callable[[Task], Known],
        grammar: Callable[[Task], str] = lambda _task: "",
        *,
        instruction: str = "",
    ) -> list[bool]:
        """Which test tasks are passed, each with what it is shown."""
        tasks = self.posed.posed["test"]
        requests = [
            (
                turns(instruction or self.posed.instruction, shown(task), task),
                {"grammar": held} if (held := grammar(task)) else {},
            )
            for task in tasks
        ]
        answers = asyncio.run(self.model.all(requests))
        return [self.posed.score(t, a).verified for t, a in zip(tasks, answers, strict=True)]

    def burnish(self, changed: Mapping[str, Any] = MappingProxyType({}), *, able: bool = False) -> Played:
        """Burnish with its defaults, but for what is `changed`, and with a scripted reflector if `able`."""
        test = len(self.posed.posed["test"])
        models: dict[str, Any] = {
            "task": {"url": self.model.url, "name": self.model.name, "grammars": True, "concurrency": 4}
        }
        with self._place(changed, able=able) as place, self._able(able) as reflector:
            if reflector:
                models["reflector"] = {"url": reflector.url}
            config = RunConfig.parse(
                {
                    "seed": self.seed,
                    "models": models,
                    "budget": {"calls": self.calls + 2 * test},  # of seed and champion
                    "sealed": {"tasks": test, "share": 1.0, "controls": False},
                    **changed,
                }
            )
            report = run(config, directory=place, environment=self.posed)
            with open_run(place).journal() as journal:
                arm = journal.judged("sealed champion", SEALED) or journal.judged("sealed seed", SEALED)
                passed = {a.task_id: f.verified for _, a, f in arm}
                learning = [one.usage for one in journal.spent_by() if not one.node.startswith("sealed")]
                verified = [(e.task_id, e.answer) for e in journal.exemplars()]
        calls, tokens = sum(u.calls for u in learning), sum(u.tokens for u in learning)
        promoted = [g.description for r in report.iterations for g in r.gates if g.outcome == "accept"]
        first = report.first_success.attempts if report.first_success else None
        detail = {"verdict": report.verdict, "promoted": promoted, "first": first, "verified": verified}
        return [passed[t.id] for t in self.posed.posed["test"]], calls, tokens, json.dumps(detail)

    @contextmanager
    def _place(self, changed: Mapping[str, Any], *, able: bool) -> Iterator[Path]:
        """Where a run is made."""
        if self.keep is None:
            with tempfile.TemporaryDirectory() as scratch:
                yield Path(scratch) / "run"
            return
        name = "able" if able else next((n for n, c in ABLATIONS.items() if c is changed), "burnish")
        place = self.keep / re.sub(r"\W+", "-", f"{self.problem} {self.seed} {name}")
        shutil.rmtree(place, ignore_errors=True)  # it did not come to its end
        yield place

    @contextmanager
    def _able(self, able: bool) -> Iterator[Model | None]:
        if not able:
            yield None
            return
        with ScriptedServer(AbleReflector(self.posed.able, skill=SKILL)) as server:
            yield Model(server.base_url, "")

    def dspy(self, optimizer: str) -> Played:
        """An optimizer of DSPy, tasks and exemplars as plain chat turns."""
        from peers_dspy import Side

        side = Side(
            self.posed,
            self.model.url,
            MAX_TOKENS,
            self.seed,
            tokens=self.earlier["burnish"].tokens,
            validation=self.validation,
            train=self.calls,  # one pass over all three hundred would cost more than everybody has
        )
        _, passes, spent, _ = side.run(f"{optimizer}, plain")
        return passes, spent.calls, spent.tokens, ""

    def gepa(self, *, able: bool = False) -> Played:
        """GEPA, the same model reflecting, or a scripted reflector."""
        from peers_gepa import optimized

        begun, limit = (self.model.calls, self.model.tokens), self.earlier["burnish able" if able else "burnish"].tokens
        with self._able(able) as reflector:
            instruction = optimized(
                self.posed,
                self.model,
                reflector or self.model,
                tokens=limit,
                seed=self.seed,
                validation=self.validation,
            )
        calls, tokens = self.model.calls - begun[0], self.model.tokens - begun[1]
        return self.tested(lambda _task: [], instruction=instruction), calls, tokens, instruction

    def loop(self) -> Played:
        """The loop of forty lines, with as many tokens as Burnish took."""
        rng, known = random.Random(self.seed), dict[str, tuple[Task, str]]()
        begun, limit = (self.model.calls, self.model.tokens), self.earlier["burnish"].tokens
        while self.model.tokens - begun[1] < limit:
            left = [t for t in self.posed.posed["train"] if t.id not in known]
            tasks = rng.sample(left, min(BATCH, len(left)))
            if not tasks:
                break
            pairs = list(known.values())
            requests = [
                (
                    turns(self.posed.instruction, self.likeness.nearest(task, pairs, SHOWN), task),
                    {"temperature": 0.7, "seed": rng.randrange(2**31)},
                )
                for task in tasks
            ]
            for task, answer in zip(tasks, asyncio.run(self.model.all(requests)), strict=True):
                if self.posed.score(task, answer).verified:
                    known[task.id] = (task, answer)
        calls, tokens = self.model.calls - begun[0], self.model.tokens - begun[1]
        pairs = list(known.values())
        return self.tested(lambda t: self.likeness.nearest(t, pairs, SHOWN)), calls, tokens, f"{len(pairs)} verified"

    def alone(self) -> Played:
        """The instruction alone."""
        return self.tested(lambda _task: []), 0, 0, ""

    def form(self) -> Played:
        """The instruction alone, held to the form; nothing is passed where the environment knows none."""
        form = getattr(self.posed, "form", None)
        if form is None:
            return [False] * len(self.posed.posed["test"]), 0, 0, "the environment knows no form"
        return self.tested(lambda _task: [], lambda task: form_grammar(form(task))), 0, 0, ""

    def nearest(self) -> Played:
        """The nearest answer that Burnish verified, without a model."""
        verified = json.loads(self.earlier["burnish"].detail)["verified"]
        by_id = {task.id: task for task in self.posed.posed["train"]}
        known = [(by_id[id_], answer) for id_, answer in verified if id_ in by_id]
        found = [(task, self.likeness.nearest(task, known, 1)) for task in self.posed.posed["test"]]
        return [bool(near) and self.posed.score(task, near[0][1]).verified for task, near in found], 0, 0, ""

    def ceiling(self) -> Played:
        """The nearest four of all train tasks, with their reference answers."""
        train = self.posed.posed["train"]
        answers = self.posed.answers(train)
        known = [(task, answers[task.id]) for task in train if task.id in answers]
        return self.tested(lambda t: self.likeness.nearest(t, known, SHOWN)), 0, 0, f"{len(known)} shown"


ABLATIONS: Mapping[str, Mapping[str, Any]] = {
    "memory raced": {"memory": {"follows": False}},
    "no proposals": {"operators": []},
    "single races": {"policies": {"rewriting": {"succession": False}}},
    "untried proposals": {"policies": {"rewriting": {"trial_tasks": 0}}},
    "large batches": {"sampling": {"tasks": 48}},
    "tasks alike": {"policies": {"curriculum": {"name": "uniform"}}},
    "shelves": {"retrieval": {"policy": "shelves"}},
}
"""Burnish without one of its parts. They are not run unless `--who` names them."""

PEERS = ("loop", "random search", "MIPROv2", "GEPA")
"""Who Burnish is compared with: each learns without reference answers, from as many tokens."""

WHO: Mapping[str, Callable[[Contest], Played]] = {
    "burnish": Contest.burnish,
    "loop": Contest.loop,
    "random search": partial(Contest.dspy, optimizer="random search"),
    "MIPROv2": partial(Contest.dspy, optimizer="MIPROv2"),
    "GEPA": Contest.gepa,
    "burnish able": partial(Contest.burnish, able=True),
    "GEPA able": partial(Contest.gepa, able=True),
    "seed": Contest.alone,
    "form": Contest.form,
    "nearest": Contest.nearest,
    "ceiling": Contest.ceiling,
    **{name: partial(Contest.burnish, changed=changed) for name, changed in ABLATIONS.items()},
}
