"""Scripted models and people of known skill, for claims that the embedded model cannot test; not run by themselves."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from burnish.environments.built_in.algebra import NotAnEquation, read_equation
from burnish.environments.built_in.arithmetic import Arithmetic
from burnish.environments.built_in.equations import ASK
from burnish.environments.built_in.labels import Labels
from burnish.environments.built_in.solutions import worked
from burnish.memory.journal import Journal
from burnish.records import Decision, Question

LABELS = Labels()
_NUMBER = re.compile(r"[0-9]+")


class SlippingSolver:
    """Solves equations line by line and slips: it takes the inverse of the operation it should, and goes on from there.

    It slips more often than not where something is subtracted before the step, and seldom elsewhere, so that most of
    several answers to a task may share an error, as those of a real model do.
    """

    def __init__(self, *, often: float = 0.7, seldom: float = 0.15) -> None:
        self._often, self._seldom = often, seldom

    def __call__(self, body: Mapping[str, Any]) -> str:
        """The answer to a request, decided by its last message and its seed."""
        asked = str(body["messages"][-1]["content"])
        if not asked.startswith(ASK):
            return "5"  # as judge: always content
        rng = random.Random(f"{asked} {body.get('seed')}")
        lines: list[str] = []
        before = asked.removeprefix(ASK)
        while len(lines) < 12:
            try:
                following = worked(read_equation(before))
            except (NotAnEquation, ZeroDivisionError):
                break
            if not following:
                break
            step = following[0]
            if rng.random() < (self._often if re.search(r"\w - ", before) else self._seldom):
                step = slipped(before, step, rng)
            lines.append(step)
            if re.fullmatch(r"x = -?[0-9/]+", step):
                break
            before = step
        return "\n".join(lines)


def mislabelling(body: Mapping[str, Any]) -> str:
    """Labels texts of `labels` right about every other time; as a judge it is right three times of four."""
    asked = str(body["messages"][-1]["content"])
    rng = random.Random(f"{asked} {body.get('seed')}")
    if asked.startswith("Task: "):
        task = LABELS.parse(asked.removeprefix("Task: ").split("\n\nAnswer: ")[0])
        right = task is not None and f"Answer: {task.data['label']}\n" in asked
        return "5" if right == (rng.random() < 0.75) else "1"
    task = LABELS.parse(asked)
    if task is None:
        return "none"
    return str(task.data["label"]) if rng.random() < 0.15 else rng.choice(LABELS.form(task).split("|"))


def following(body: Mapping[str, Any]) -> str:
    """Labels texts of `labels` right the oftener, the more of the exemplars that it is shown are right, and nearly by
    chance without; as a judge it is right three times of four.
    """
    *shown, asked = [str(message["content"]) for message in body["messages"] if message["role"] != "system"]
    task = LABELS.parse(asked)
    if task is None or not shown:
        return mislabelling(body)
    known = [LABELS.parse(text) for text in shown[::2]]
    right = [one is not None and one.data["label"] == label for one, label in zip(known, shown[1::2], strict=True)]
    rng = random.Random(f"{asked} {body.get('seed')}")
    is_right = rng.random() < 0.8 * sum(right) / len(right)
    return str(task.data["label"]) if is_right else rng.choice(LABELS.form(task).split("|"))


def slipped(before: str, step: str, rng: random.Random) -> str:
    """The step with one of its numbers made by the inverse operation; as it is where none is made by one."""
    known = [int(n) for n in _NUMBER.findall(before)]
    places = list(_NUMBER.finditer(step))
    rng.shuffle(places)
    for place in places:
        number = int(place[0])
        for a in known:
            for b in known:
                inverse = {a + b: abs(a - b), abs(a - b): a + b}.get(number)
                if a != b and inverse not in {None, number, 0}:
                    return f"{step[: place.start()]}{inverse}{step[place.end() :]}"
                if b > 1 and a % b == 0 and Fraction(a, b) == number:
                    return f"{step[: place.start()]}{a * b}{step[place.end() :]}"
    return step


def guessing(body: Mapping[str, Any]) -> str:
    """Answers a one-step problem by a plan with a tool drawn by chance; told to clean an answer, gives it back."""
    asked = str(body["messages"][-1]["content"])
    if "\n\nAnswer: " in asked:
        return asked.rpartition("Answer: ")[2].strip()
    rng = random.Random(f"{asked} {body.get('seed')}")
    numbers = re.findall(r"(?<!\w)[0-9]+", asked)
    if len(numbers) < 2:
        return "3"
    return f"y1 = {rng.choice(('add', 'subtract', 'multiply', 'divide'))}({numbers[0]}, {numbers[1]})"


def knowing_arithmetic(journal: Journal, question: Question) -> Decision:
    """What somebody who knows arithmetic says to a question."""
    when, plan = "2026-01-01T00:00:00+00:00", Arithmetic().solve(journal.task(question.task_id))
    if question.kind == "write":
        return Decision(question.id, "edit", "script", when, answer=plan)
    return Decision(question.id, "accept" if question.answer == plan else "reject", "script", when)
