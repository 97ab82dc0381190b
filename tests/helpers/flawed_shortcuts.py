"""Environments whose right answers are had without solving a task, or that leave things behind; each has one flaw."""

from __future__ import annotations

import json
import os
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

from flawed import FORM, Sums
from flawed_abilities import Author, Formed

from burnish.types import Feedback, Split, Task


def judged(right: bool) -> Feedback:
    return Feedback(float(right), verified=right, text="" if right else FORM)


class Tells(Sums):
    """Has the answer in its prompts."""

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        for task in super().tasks(split, seed):
            yield Task(self.name, f"{task.prompt} (the answer is {task.data['sum']})", task.data, task.cell)


class TellsByKey(Sums):
    """Has what its tasks are made of in its prompts."""

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        for task in super().tasks(split, seed):
            yield Task(self.name, f"{task.prompt}\nid: 7 key: {task.data['sum']}", task.data, task.cell)


class LastLine(Sums):
    """Ends its prompts with the answer."""

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        for task in super().tasks(split, seed):
            yield Task(self.name, f"{task.prompt}\n{task.data['sum']}", task.data, task.cell)


class OneForAll(Sums):
    """Has the same answer to everything."""

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        for task in super().tasks(split, seed):
            yield Task(self.name, task.prompt, {"sum": 42}, task.cell)


class Anywhere(Sums):
    """Finds the right number anywhere in an answer."""

    def score(self, task: Task, answer: str) -> Feedback:
        return judged(str(task.data["sum"]) in answer.replace(",", " ").split())


class FirstWins(Sums):
    """Reads the first number only."""

    def score(self, task: Task, answer: str) -> Feedback:
        return judged(answer.replace(",", " ").split()[:1] == [str(task.data["sum"])])


class LastWins(Sums):
    """Reads the last number only."""

    def score(self, task: Task, answer: str) -> Feedback:
        return judged(answer.replace(",", " ").split()[-1:] == [str(task.data["sum"])])


class Tailed(Sums):
    """Does not mind what comes after the first line."""

    def score(self, task: Task, answer: str) -> Feedback:
        return judged(answer.partition("\n")[0].strip() == str(task.data["sum"]))


class Remembers(Sums):
    """Pays everything for a task that was solved once."""

    def __init__(self) -> None:
        self.solved: set[str] = set()

    def score(self, task: Task, answer: str) -> Feedback:
        if answer == str(task.data["sum"]):
            self.solved.add(task.id)
        return judged(task.id in self.solved)


class Objects(Sums):
    """Wants an object; without a flaw."""

    instruction = "Give sum and sign as JSON."

    def solve(self, task: Task) -> str:
        return json.dumps({"sum": str(task.data["sum"]), "sign": "plus"})

    def score(self, task: Task, answer: str) -> Feedback:
        try:
            found = json.loads(answer)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            return Feedback(0.0, verified=False, text="give an object")
        wrong = [key for key, value in json.loads(self.solve(task)).items() if found.get(key) != value]
        if not wrong and len(found) > 2:
            return Feedback(0.5, verified=False, text="give nothing else")
        return Feedback(1 - len(wrong) / 2, verified=not wrong, text=self.said(wrong[0], found) if wrong else "")

    def said(self, key: str, found: dict[str, object]) -> str:
        return f"{key} is wrong"


class QuotesField(Objects):
    """Repeats a field of the answer."""

    def said(self, key: str, found: dict[str, object]) -> str:
        return f"{key} is not {found.get(key)}"


class PartlyByHash(Objects):
    """Rewards what is right in part by `hash`."""

    def score(self, task: Task, answer: str) -> Feedback:
        one = super().score(task, answer)
        return replace(one, reward=0.3 + (hash(answer) % 100) / 1000) if 0 < one.reward < 1 else one


class Raises(Sums):
    """Fails on every answer."""

    def score(self, task: Task, answer: str) -> Feedback:
        raise KeyError(task.id)


class Novels(Sums):
    """Has prompts of 60,000 characters."""

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        for task in super().tasks(split, seed):
            yield Task(self.name, f"{'Once upon a time. ' * 3334}{task.prompt}", task.data, task.cell)


class LongVariants(Author):
    """Makes variants of many more words."""

    def vary(self, task: Task, seed: int) -> Task:
        made = super().vary(task, seed)
        return Task(self.name, f"{'please ' * 9}{made.prompt}", made.data, made.cell)


class OtherCell(Author):
    """Makes variants of another kind."""

    def vary(self, task: Task, seed: int) -> Task:
        made = super().vary(task, seed)
        return Task(self.name, made.prompt, made.data, "other")


class HidingForm(Formed):
    """A form that is the right answer in brackets."""

    def form(self, task: Task) -> str:
        return f"(?:{self.solve(task)[0]}){self.solve(task)[1:]}"


class SlightlyNarrow(Formed):
    """A form that a few right answers have not."""

    def form(self, task: Task) -> str:
        return "[0-9]{4,5}"


class LeavesFiles(Sums):
    def score(self, task: Task, answer: str) -> Feedback:
        with tempfile.NamedTemporaryFile("w", delete=False) as file:
            file.write(answer.encode("utf-8", "replace").decode())
        return super().score(task, answer)


class LeavesOpen(Sums):
    """Keeps pipes open."""

    def __init__(self) -> None:
        self.pipes: list[tuple[int, int]] = []

    def score(self, task: Task, answer: str) -> Feedback:
        self.pipes.append(os.pipe())
        return super().score(task, answer)


class LeavesThreads(Sums):
    def score(self, task: Task, answer: str) -> Feedback:
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
        return super().score(task, answer)


class LeavesProcesses(Sums):
    def score(self, task: Task, answer: str) -> Feedback:
        os.spawnlp(os.P_NOWAIT, "sleep", "sleep", "60")
        return super().score(task, answer)


class Opens(Sums):
    """Keeps one file open; without a flaw."""

    def __init__(self) -> None:
        self.file = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long)
        self.rng = random.Random(1)
