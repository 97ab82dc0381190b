"""Environments with one flaw each, to be caught by the conformance kit; loaded from this file by name."""

from __future__ import annotations

import asyncio
import os
import random
import re
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any

from burnish.types import Feedback, Split, Status, Task

FORM = "write the sum as a number"


class Sums:
    """Adds two numbers; without a flaw."""

    name = "sums"
    instruction = "Add the numbers."
    licence = "CC0-1.0"
    provenance = "Made at random by this code."

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        rng = random.Random(f"{split} {seed}")
        while True:
            a, b = rng.randint(0, 9_999), rng.randint(0, 9_999)
            yield Task(self.name, f"{a} + {b}", {"sum": a + b}, cell="sum")

    def score(self, task: Task, answer: str) -> Feedback:
        right = answer.strip() == str(task.data["sum"])
        return Feedback(float(right), verified=right, text="" if right else FORM)

    def solve(self, task: Task) -> str:
        return str(task.data["sum"])


class AsyncSums:
    """The same with async methods."""

    name, instruction = Sums.name, Sums.instruction
    licence, provenance = Sums.licence, Sums.provenance

    async def tasks(self, split: Split, seed: int) -> AsyncIterator[Task]:
        for task in Sums().tasks(split, seed):
            await asyncio.sleep(0)
            yield task

    async def score(self, task: Task, answer: str) -> Feedback:
        await asyncio.sleep(0.001)
        return Sums().score(task, answer)

    async def solve(self, task: Task) -> str:
        return Sums().solve(task)


class Unlicensed(Sums):
    provenance = " "


class OddLicence(Sums):
    licence = "my own licence"


class NoLicence(Sums):
    licence = "unknown"


class AmericanSpelling(Sums):
    license = "CC0-1.0"
    licence = property()  # as if it were not there


class Misspelt(Sums):
    def solves(self, task: Task) -> str:
        return super().solve(task)

    solve = property()


class HalfLevels(Sums):
    def at_level(self, _level: str) -> HalfLevels:
        return self


class FewTasks(Sums):
    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        return iter([task for task, _ in zip(super().tasks(split, seed), range(12), strict=False)])


class BlankTask(Sums):
    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        yield Task(self.name, " ")


class YieldsTables(Sums):
    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        yield {"prompt": "1 + 1"}  # type: ignore[misc]


class HangingTasks(Sums):
    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        time.sleep(3_600)
        yield from super().tasks(split, seed)


class Fickle(Sums):
    """Draws from the clock."""

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        return super().tasks(split, time.time_ns())


class HashSeeded(Sums):
    """Draws by `hash`, which differs from process to process."""

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        return super().tasks(split, hash(f"{split} {seed}"))


class NearCopies(Sums):
    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        for task in super().tasks(split, seed):
            yield task
            yield Task(self.name, f"{task.prompt}.", task.data, task.cell)


class OtherWords(Sums):
    """Asks each sum in several wordings, the hash of which decides the split."""

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        rng = random.Random(f"{split} {seed}")
        wordings = ("What is {} plus {}?", "Add {} and {}, please.", "Give the sum of {} and {}.", "{} + {} = ?")
        while True:
            a, b = rng.randint(1000, 1011), rng.randint(2000, 2011)
            yield Task(self.name, rng.choice(wordings).format(a, b), {"sum": a + b}, "sum")


class KeepsTuples(Sums):
    """Judges by an identity that JSON does not keep."""

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        for task in super().tasks(split, seed):
            yield Task(self.name, task.prompt, {**task.data, "pair": (1, 2)}, task.cell)  # type: ignore[dict-item]

    def score(self, task: Task, answer: str) -> Feedback:
        if isinstance(task.data["pair"], list):
            return Feedback(0.0, verified=False, text=FORM)
        return super().score(task, answer)


class WrongGold(Sums):
    def solve(self, task: Task) -> str:
        return "0" + super().solve(task)


class Chokes(Sums):
    """Raises on what is no number."""

    def score(self, task: Task, answer: str) -> Feedback:
        right = int(answer) == task.data["sum"]
        return Feedback(float(right), verified=right, text="" if right else FORM)


class Slow(Sums):
    def score(self, task: Task, answer: str) -> Feedback:
        time.sleep(1.5)
        return super().score(task, answer)


class HangsOnLong(Sums):
    def score(self, task: Task, answer: str) -> Feedback:
        if len(answer) > 500_000:
            time.sleep(3_600)
        return super().score(task, answer)


class HoldsTheLock(Sums):
    """A regular expression that backtracks without end and never lets go of the interpreter."""

    def score(self, task: Task, answer: str) -> Feedback:
        re.fullmatch(r"(x+x+)+y", answer[:64])
        return super().score(task, answer)


class ExitsOnEmpty(Sums):
    def score(self, task: Task, answer: str) -> Feedback:
        if not answer:
            os._exit(3)
        return super().score(task, answer)


class Exits(Sums):
    """Does what an answer says, in its own process."""

    def score(self, task: Task, answer: str) -> Feedback:
        if "_exit" in answer:
            os._exit(0)
        return super().score(task, answer)


class Generous(Sums):
    """Pays for any text with an `x` in it."""

    def score(self, task: Task, answer: str) -> Feedback:
        return Feedback(1.0, verified=True) if "x" in answer else super().score(task, answer)


class AnyNumber(Sums):
    def score(self, task: Task, answer: str) -> Feedback:
        right = answer.isdecimal() and len(answer) < 6
        return Feedback(float(right), verified=right, text="" if right else FORM)


class Moody(Sums):
    """Judges by how often it was asked."""

    asked = 0

    def score(self, task: Task, answer: str) -> Feedback:
        self.asked += 1
        return Feedback(self.asked % 2 / 2, verified=False, text=FORM)


class Silent(Sums):
    def score(self, task: Task, answer: str) -> Feedback:
        right = super().score(task, answer)
        return Feedback(right.reward, verified=right.verified)


class Telltale(Sums):
    def score(self, task: Task, answer: str) -> Feedback:
        right = super().score(task, answer)
        return right if right.verified else Feedback(0.0, verified=False, text=f"expected {task.data['sum']}")


class Parrot(Sums):
    def score(self, task: Task, answer: str) -> Feedback:
        right = super().score(task, answer)
        return right if right.verified else Feedback(0.0, verified=False, text=f"{answer[:40]} is wrong")


class Online(Sums):
    def score(self, task: Task, answer: str) -> Feedback:
        with suppress(OSError):
            socket.create_connection(("judge.example", 443), timeout=1).close()
        return super().score(task, answer)


class NeedsNetwork(Sums):
    def __init__(self) -> None:
        socket.create_connection(("data.example", 443), timeout=1).close()


class Local(Sums):
    """Talks to this machine only, which is allowed."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
            pass


class Runs(Sums):
    """Asks for a function and runs it, with everything it could break."""

    def solve(self, task: Task) -> str:
        return f"def add():\n    return {task.data['sum']}\n"

    def score(self, task: Task, answer: str) -> Feedback:
        space: dict[str, Any] = {}
        expected = task.data["sum"]
        try:
            if "while" not in answer and "_exit" not in answer:
                exec(answer, space)
                if bool(space["add"]() == expected):
                    return Feedback(1.0, verified=True)
        except (Exception, SystemExit):  # noqa: BLE001 - part of the flaw
            pass
        return Feedback(0.0, verified=False, text="the function must return the sum")


class Unparsable(Sums):
    """Says `unparsable` of an empty answer, which is a verdict too."""

    def score(self, task: Task, answer: str) -> Feedback:
        if not answer:
            return Feedback(0.0, verified=False, text=FORM, status=Status.UNPARSABLE)
        return super().score(task, answer)
