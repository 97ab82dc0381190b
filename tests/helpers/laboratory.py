"""A scripted model behind a real server, small settings, and child processes to kill: what end-to-end tests share."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import re
import shutil
import sqlite3
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from codes import code_of

from burnish.agent.api import resume, run
from burnish.agent.cli.main import main
from burnish.agent.models import circuit
from burnish.agent.models.scripted import ScriptedReply, ScriptedServer
from burnish.agent.record.report import Report
from burnish.config import RunConfig
from burnish.protocols import Environment

CODES = f"{Path(__file__).with_name('codes.py')}:Codes"
Body: TypeAlias = Mapping[str, Any]
Answer: TypeAlias = Callable[[Body], str | ScriptedReply]

SMALL: Mapping[str, Any] = {
    "environment": CODES,
    "memory": {"embedder": "hash", "index": "numpy"},
    "sampling": {"tasks": 6, "samples": 2},
    "sealed": {"tasks": 20, "seed": 0},
    "budget": {"iterations": 3},
    "policies": {"acceptance": {"cap": 24}, "rewriting": {"trial_tasks": 0}, "rating": {"most": 4}},
}
"""Settings with which a run of the scripted model takes about a second."""

_BLOCK = re.compile(r"^Input: (.*)\nOutput: (.*)$", re.MULTILINE)


def shown_exemplars(body: Body) -> list[tuple[str, str]]:
    """(prompt, answer) of the exemplars in a request, whichever way they were rendered."""
    messages = body["messages"]
    turns = [(a["content"], b["content"]) for a, b in pairwise(messages) if b["role"] == "assistant"]
    return turns + [pair for m in messages if m["role"] == "system" for pair in _BLOCK.findall(m["content"])]


def chance(*parts: object) -> float:
    """A number in [0, 1) that depends on the parts alone."""
    return int(hashlib.sha256(repr(parts).encode()).hexdigest()[:12], 16) / 16**12


def is_rating(body: Body) -> bool:
    return bool(body["messages"][0]["content"].startswith("You rate answers."))


def is_reflection(body: Body) -> bool:
    return bool(body["messages"][0]["content"].startswith("You improve the instruction"))


def posed(body: Body) -> str | None:
    """The task of an attempt; None for the judge's and the reflector's requests."""
    if is_rating(body) or is_reflection(body):
        return None
    return str(body["messages"][-1]["content"]).rpartition("\n\n")[2]  # the instruction may stand beside the task


def learner(body: Body) -> str:
    """Knows a code by chance, oftener by right exemplars, and by rules. It cannot rate or reflect."""
    if is_rating(body):
        return "3"
    if is_reflection(body):
        return "no idea"
    prompt = body["messages"][-1]["content"].rpartition("\n\n")[2]
    right = sum(answer == code_of(question) for question, answer in shown_exemplars(body))
    drawn = chance(prompt, body.get("seed"))
    told = 0.4 * any("Rules:" in message["content"] for message in body["messages"])
    return code_of(prompt) if drawn < 0.2 + 0.1 * right + told else code_of(f"not {prompt} {drawn}")


class Model:
    """The script of a server: remembers what was said, and tells `watch` the number of each request."""

    def __init__(self, answer: Answer = learner) -> None:
        self.answer = answer
        self.bodies: list[Body] = []
        self.dialogue: list[tuple[str, str]] = []
        """("request" or "reply", text), in the order in which they passed."""
        self.watch: Callable[[int], None] = lambda _number: None

    def __call__(self, body: Body) -> str | ScriptedReply:
        self.bodies.append(body)
        self.dialogue.append(("request", json.dumps(body["messages"])))
        self.watch(len(self.bodies))
        reply = self.answer(body)
        self.dialogue.append(("reply", reply if isinstance(reply, str) else reply.text))
        return reply

    def clear(self) -> None:
        """Forget what was said."""
        self.bodies.clear()
        self.dialogue.clear()

    def counts(self) -> Counter[str]:
        """How often each request was asked."""
        return Counter(json.dumps(body, sort_keys=True) for body in self.bodies)


@dataclass(frozen=True)
class Event:
    """Something a run told of, after so many requests."""

    kind: str
    facts: Mapping[str, Any]
    requests: int


@dataclass
class Laboratory:
    """A folder for runs, and a server that they ask."""

    folder: Path
    model: Model
    url: str
    latency: float = 0.0
    waits: float = 1.0
    """By how much those that are killed wait longer for a server than they do elsewhere."""
    events: list[Event] = field(default_factory=list)
    """What the last `run` told of."""
    report: Report = field(init=False, repr=False)
    """That of the last `run`."""

    def config(self, **tables: Any) -> RunConfig:
        """The small settings, with tables merged in and other keys replaced."""
        return RunConfig.parse(merged({**SMALL, "models": {"task": {"url": self.url, "concurrency": 4}}}, tables))

    def run(self, name: str, **tables: Any) -> Report:
        """A run in the folder `name`, to its end; what was asked is in `model`, what it told of in `events`."""
        return self.run_with(name, None, **tables)

    def run_with(self, name: str, live: Environment | None, /, **tables: Any) -> Report:
        """A run on a live environment."""
        self.model.clear()
        self.events.clear()
        config = self.config(**tables)
        self.report = run(config, directory=self.folder / name, environment=live, notify=self._notify)
        return self.report

    def resume(self, name: str, **budget: float) -> Report:
        """Go on with a run; `model` then holds what this sitting asked."""
        self.model.clear()
        return resume(self.folder / name, budget=budget)

    def _notify(self, kind: str, facts: Mapping[str, Any]) -> None:
        self.events.append(Event(kind, facts, len(self.model.bodies)))

    def killed(self, name: str, at: int, *, delay: float = 0.0, **tables: Any) -> int:
        """Run `name`, or go on with it, in a process that is killed `delay` seconds after its `at`-th request.

        Returns the exit code.
        """
        self.model.clear()
        child = _FORKS.Process(target=_sit, args=(str(self.folder / name), self.config(**tables), self.waits))
        started = threading.Event()

        def kill(request: int) -> None:
            if request == at:
                started.wait()
                threading.Timer(delay, child.kill).start()

        self.model.watch = kill
        child.start()
        started.set()
        child.join()
        time.sleep(2 * self.latency + 0.01)  # what is in flight still arrives
        self.model.watch = lambda _number: None
        assert child.exitcode is not None
        return child.exitcode


def _sit(directory: str, config: RunConfig, waits: float) -> None:
    circuit.FIRST_WAIT *= waits
    circuit.LONGEST_WAIT *= waits
    if (Path(directory) / "run.toml").exists():
        resume(directory)
    else:
        run(config, directory=directory)


@dataclass(frozen=True)
class Outcome:
    """What a command came to."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class CommandLine:
    """Runs `burnish` in this process, as the installed script does."""

    monkeypatch: pytest.MonkeyPatch
    captured: pytest.CaptureFixture[str]

    def __call__(self, *arguments: object) -> Outcome:
        """Exit code and output of one command."""
        self.captured.readouterr()
        self.monkeypatch.setattr(sys, "argv", ["burnish", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit_:
            main()
        return Outcome(int(exit_.value.code or 0), *self.captured.readouterr())


# A server that has imported everything and forks: a child starts in milliseconds.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["burnish.agent.loop.run", "burnish.agent.api", "scipy.stats"])


@contextmanager
def laboratory(folder: Path, answer: Answer = learner, *, latency: float = 0.0) -> Iterator[Laboratory]:
    """A laboratory with a server of its own."""
    model = Model(answer)
    with ScriptedServer(model, latency=latency) as server:
        yield Laboratory(folder, model, server.base_url, latency)


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` laid over `base`, table by table."""
    result = dict(base)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
        result[key] = merged(result[key], value) if both else value
    return result


def changed_copy(made: Laboratory, target: Path, sql: str) -> Path:
    """A copy of the run in the folder `run`, changed by a statement."""
    shutil.copytree(made.folder / "run", target)
    query(target, sql)
    return target


def query(directory: Path, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """Rows of a run's journal, read past the program; a statement that changes it is committed."""
    connection = sqlite3.connect(directory / "journal.db")
    try:
        with connection:
            return connection.execute(sql, values).fetchall()
    finally:
        connection.close()
