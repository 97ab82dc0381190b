"""How much of the way from the plain prompt to the ceiling is learned, by Burnish with its defaults and by others.

Everybody learns from the same train and validation tasks, without reference answers, with as many tokens as Burnish
took for `--calls` calls, and answers the same fresh test tasks at temperature 0. Who there is:

    burnish    Burnish with its defaults
    loop       a loop of forty lines: twelve tasks at a time, keep what is verified, show the nearest four, no gate
    seed       the instruction alone
    form       the instruction alone, every answer held to the form that the environment says
    nearest    no model: the nearest answer that Burnish verified
    ceiling    the instruction with the nearest four of all train tasks, with their reference answers

and, where `--who` names them, Burnish without one of its parts (`ABLATIONS`).

A run is a JSON line in `--out`; what is there is not run again. With `--model` a server is asked (its URL, and
`--model-name`) or a GGUF file is served; otherwise the embedded model. About ten minutes for a problem and a seed.

    python benchmarks/peers.py run --out peers.jsonl [--problems NAME ...] [--who NAME ...] [--seeds 0 1 2]
    python benchmarks/peers.py table peers.jsonl
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import numpy as np
from peers_tasks import PROBLEMS, Posed

from burnish import RunConfig, run
from burnish.agent.models.embedded import EmbeddedServer, model_file
from burnish.agent.record.run import open_run
from burnish.environments.forms import form_grammar
from burnish.memory.embedding import MiniLMEmbedder
from burnish.policies.statistics import wilson
from burnish.records import SEALED
from burnish.types import Split, Task

SHOWN, BATCH = 4, 12
MAX_TOKENS = 96
Known = list[tuple[Task, str]]


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

    def tested(self, shown: Callable[[Task], Known], grammar: Callable[[Task], str] = lambda _task: "") -> list[bool]:
        """Which test tasks are passed, each with what it is shown."""
        tasks = self.posed.posed["test"]
        requests = [
            (turns(self.posed.instruction, shown(task), task), {"grammar": held} if (held := grammar(task)) else {})
            for task in tasks
        ]
        answers = asyncio.run(self.model.all(requests))
        return [self.posed.score(t, a).verified for t, a in zip(tasks, answers, strict=True)]

    def burnish(self, changed: Mapping[str, Any] = MappingProxyType({})) -> tuple[list[bool], int, int, str]:
        """Burnish with its defaults, but for what is `changed`: passes, calls, tokens and what became of it."""
        test = len(self.posed.posed["test"])
        task_model = {"url": self.model.url, "name": self.model.name, "grammars": True, "concurrency": 4}
        config = RunConfig.parse(
            {
                "seed": self.seed,
                "models": {"task": task_model},
                "budget": {"calls": self.calls + 3 * test},
                "sealed": {"tasks": test, "share": 1.0},
                **changed,
            }
        )
        with tempfile.TemporaryDirectory() as scratch:
            place = Path(scratch) / "run"
            report = run(config, directory=place, environment=self.posed)
            with open_run(place).journal() as journal:
                arm = journal.judged("sealed champion", SEALED) or journal.judged("sealed seed", SEALED)
                passed = {a.task_id: f.verified for _, a, f in arm}
                learning = [one.usage for one in journal.spent_by() if not one.node.startswith("sealed")]
                verified = [(e.task_id, e.answer) for e in journal.exemplars()]
        calls, tokens = sum(u.calls for u in learning), sum(u.tokens for u in learning)
        promoted = [g.description for r in report.iterations for g in r.gates if g.outcome == "accept"]
        detail = json.dumps({"verdict": report.verdict, "promoted": promoted, "verified": verified})
        return [passed[t.id] for t in self.posed.posed["test"]], calls, tokens, detail

    def loop(self) -> tuple[list[bool], int, int, str]:
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

    def alone(self) -> tuple[list[bool], int, int, str]:
        """The instruction alone."""
        return self.tested(lambda _task: []), 0, 0, ""

    def form(self) -> tuple[list[bool], int, int, str]:
        """The instruction alone, held to the form; nothing is passed where the environment knows none."""
        form = getattr(self.posed, "form", None)
        if form is None:
            return [False] * len(self.posed.posed["test"]), 0, 0, "the environment knows no form"
        return self.tested(lambda _task: [], lambda task: form_grammar(form(task))), 0, 0, ""

    def nearest(self) -> tuple[list[bool], int, int, str]:
        """The nearest answer that Burnish verified, without a model."""
        verified = json.loads(self.earlier["burnish"].detail)["verified"]
        by_id = {task.id: task for task in self.posed.posed["train"]}
        known = [(by_id[id_], answer) for id_, answer in verified if id_ in by_id]
        found = [(task, self.likeness.nearest(task, known, 1)) for task in self.posed.posed["test"]]
        return [bool(near) and self.posed.score(task, near[0][1]).verified for task, near in found], 0, 0, ""

    def ceiling(self) -> tuple[list[bool], int, int, str]:
        """The nearest four of all train tasks, with their reference answers."""
        train = self.posed.posed["train"]
        answers = self.posed.answers(train)
        known = [(task, answers[task.id]) for task in train if task.id in answers]
        return self.tested(lambda t: self.likeness.nearest(t, known, SHOWN)), 0, 0, f"{len(known)} shown"


ABLATIONS: Mapping[str, Mapping[str, Any]] = {
    "memory raced": {"memory": {"follows": False}},
    "no proposals": {"operators": []},
    "untried proposals": {"policies": {"rewriting": {"trial_tasks": 0}}},
    "large batches": {"sampling": {"tasks": 48}},
    "tasks alike": {"policies": {"curriculum": {"name": "uniform"}}},
    "shelves": {"retrieval": {"policy": "shelves"}},
}
"""Burnish without one of its parts. They are not run unless `--who` names them."""

WHO: Mapping[str, Callable[[Contest], tuple[list[bool], int, int, str]]] = {
    "burnish": Contest.burnish,
    "loop": Contest.loop,
    "seed": Contest.alone,
    "form": Contest.form,
    "nearest": Contest.nearest,
    "ceiling": Contest.ceiling,
    **{name: partial(Contest.burnish, changed=changed) for name, changed in ABLATIONS.items()},
}


@contextmanager
def served(model: str) -> Iterator[str]:
    """The URL of the model: a server that is there, or a file that is served."""
    if model.startswith("http"):
        yield model
        return
    with EmbeddedServer(Path(model) if model else model_file(None)) as server:
        yield server.base_url


def read(path: Path) -> list[Result]:
    """The runs that are done."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return [Result(**json.loads(line)) for line in lines]


def contest(options: argparse.Namespace) -> None:
    commit = subprocess.check_output(["git", "rev-parse", "--short", "HEAD"], text=True).strip()
    with served(options.model) as url:
        model, likeness = Model(url, options.model_name), Likeness()
        for name in options.problems:
            for seed in options.seeds:
                done = {r.who: r for r in read(options.out) if (r.problem, r.seed) == (name, seed)}
                missing = [who for who in options.who if who not in done]
                if not missing:
                    continue
                sizes: Mapping[Split, int] = {"train": 300, "validation": 100, "test": options.test}
                posed = Posed(PROBLEMS[name], seed=seed, sizes=sizes)
                for who in missing:
                    started = time.perf_counter()
                    played = Contest(name, seed, posed, model, likeness, options.calls, done)
                    passes, calls, tokens, detail = WHO[who](played)
                    seconds = round(time.perf_counter() - started, 1)
                    done[who] = Result(name, who, seed, passes, calls, tokens, seconds, commit, detail)
                    with options.out.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(asdict(done[who])) + "\n")
                    print(f"{name}, seed {seed}, {who}: {sum(passes)} of {len(passes)}, {seconds:.0f} s", flush=True)


def table(options: argparse.Namespace) -> None:
    """A row a problem: passes of all seeds, and the share of the way from seed to ceiling."""
    results = read(options.file)
    names = [who for who in WHO if any(r.who == who for r in results)]
    print(f"| problem | seeds | {' | '.join(names)} | share of the way: burnish | loop |")
    print("|---" * (len(names) + 4) + "|")
    shares: dict[str, list[float]] = {"burnish": [], "loop": []}
    for problem in dict.fromkeys(r.problem for r in results):
        own = {who: [r for r in results if (r.problem, r.who) == (problem, who)] for who in names}
        rates = {who: _rate(runs) for who, runs in own.items()}
        row = []
        for who in ("burnish", "loop"):
            way = rates["ceiling"] - rates["seed"]
            share = (rates[who] - rates["seed"]) / way if way > 0 else float("nan")
            shares[who].append(share)
            row.append(f"{share:.2f}")
        cells = [f"{rates[who]:.3f}" for who in names]
        print(f"| {problem} | {len(own['burnish'])} | {' | '.join(cells)} | {' | '.join(row)} |")
    print({who: round(statistics.median(found), 2) for who, found in shares.items()}, "median share of the way")


def _rate(runs: Sequence[Result]) -> float:
    passes = [passed for one in runs for passed in one.passes]
    return wilson(sum(passes), len(passes)).estimate if passes else float("nan")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    running = commands.add_parser("run")
    running.add_argument("--out", type=Path, required=True)
    running.add_argument("--problems", nargs="+", default=list(PROBLEMS), choices=list(PROBLEMS))
    everybody = [who for who in WHO if who not in ABLATIONS]
    running.add_argument("--who", nargs="+", default=everybody, choices=list(WHO))
    running.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    running.add_argument("--calls", type=int, default=300, help="calls that Burnish learns with")
    running.add_argument("--test", type=int, default=150, help="test tasks")
    running.add_argument("--model", default="", help="URL of a server or a GGUF file; the embedded model by default")
    running.add_argument("--model-name", default="")
    running.set_defaults(do=contest)
    printing = commands.add_parser("table")
    printing.add_argument("file", type=Path)
    printing.set_defaults(do=table)
    options = parser.parse_args()
    options.do(options)


if __name__ == "__main__":
    main()
