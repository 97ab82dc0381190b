"""The tasks of `peers.py`: the same for everybody, and no reference answers for anybody who learns."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from burnish.environments.boundary import GuardedEnvironment
from burnish.environments.registry import load
from burnish.protocols import Forms, Shifted, Solvable
from burnish.types import Feedback, Split, Task


@dataclass(frozen=True)
class Problem:
    """An environment, with a word for the table. `cells` begin the kinds of tasks that are kept; all if none are.

    `able` is a good instruction, which a scripted reflector knows.
    """

    name: str
    spec: str
    options: Mapping[str, Any] = field(default_factory=dict)
    cells: tuple[str, ...] = ()
    able: str = ""


BY_TEMPLATE = MappingProxyType({"splits": "by template"})
FRESH = Path(__file__).parent / "peers_fresh.py"
RG = "Reply with <answer>, the final answer and </answer>, and nothing else."
PROBLEMS: Mapping[str, Problem] = MappingProxyType(
    {
        one.name: one
        for one in (
            Problem(
                "contacts, sentences",
                "contacts",
                {"level": "sentences", **BY_TEMPLATE},
                able="Reply with one JSON object on one line, in double quotes, with the keys and the order that the "
                "task names, each value copied letter by letter from the text, and nothing else.",
            ),
            Problem(
                "contacts, strangers",
                "contacts",
                {"level": "strangers", **BY_TEMPLATE},
                able="Reply with one JSON object on one line, in double quotes, with the keys and the order that the "
                "task names, each value copied letter by letter from the text. Take the person that the text wants "
                "you to reach, no other.",
            ),
            Problem(
                "dates, numbers",
                "dates",
                {"level": "numbers", **BY_TEMPLATE},
                able="Write the date as four digits of the year, a dash, two digits of the month, a dash and two "
                "digits of the day, such as 1999-01-31 for 31.1.1999, and nothing else.",
            ),
            Problem(
                "dates, ordinals",
                "dates",
                {"level": "ordinals", **BY_TEMPLATE},
                able="Write the date as four digits of the year, a dash, two digits of the month, a dash and two "
                "digits of the day, such as 1999-01-31 for January 31st, 1999, and nothing else.",
            ),
            Problem(
                "topic",
                "labels",
                BY_TEMPLATE,
                cells=("topic",),
                able="Reply with one of the labels that the task lists, in lower case, and nothing else: the one "
                "that the text is mostly about.",
            ),
            Problem(
                "intent",
                "labels",
                BY_TEMPLATE,
                cells=("intent",),
                able="Reply with one of the labels that the task lists, in lower case, and nothing else: what the "
                "writer wants.",
            ),
            Problem(
                "code, easy",
                "code",
                {"level": "easy", **BY_TEMPLATE},
                able="Reply with the Python function in one code block, named as the task says. Write "
                "no explanation, no example and no text around it. Return the result; do not print it.",
            ),
            *(
                Problem(name, f"rg:{name.replace(' ', '_')}", able=f"{RG} {able}")
                for name, able in (
                    ("letter counting", "The answer is a number: say the letter each time it comes, and count."),
                    ("calendar arithmetic", "The answer is a number, a weekday or a date, as the question asks."),
                    ("number format", "The answer is the number that is asked for, with digits and a point alone."),
                    ("self reference", "The answer is one number: of how many ways the statements can be true."),
                    ("family relationships", "The answer is one word of kinship in lower case, such as mother."),
                )
            ),
            *(
                Problem(name, f"{FRESH}:{made}", able=able)
                for name, made, able in (
                    (
                        "log lines",
                        "LogLines",
                        "Reply with the component, the level in capitals and the number of the user, with a slash "
                        "between them and nothing else, such as mail/INFO/1207.",
                    ),
                    (
                        "reminders",
                        "Reminders",
                        "Reply with the first three letters of the day, the hour of 24 with an h, a dash between "
                        "spaces and the thing to do, word by word, such as Mon 15h - call the bank.",
                    ),
                    (
                        "past tense",
                        "PastTense",
                        "Reply with the same sentence, its verb in the simple past, every other word unchanged, and "
                        "nothing else.",
                    ),
                    (
                        "initials",
                        "Initials",
                        "Reply with the first letter of the first name, a full stop, the first letter of the last name "
                        "and a full stop, and nothing else, such as A.K.",
                    ),
                    (
                        "opposites",
                        "Opposites",
                        "Reply with the same sentence, its adjective replaced by the opposite one, every other word "
                        "unchanged, and nothing else.",
                    ),
                    (
                        "rooms",
                        "Rooms",
                        "Reply with kitchen, garage, bathroom or study: the room where the thing is used.",
                    ),
                    (
                        "cheapest",
                        "Cheapest",
                        "Compare the three prices. Reply with the name of the cheapest thing, a space and its price "
                        "in digits, and nothing else, such as lamp 19.",
                    ),
                    ("sizes", "Sizes", "Reply with small, medium or large: the size of box that the thing needs."),
                    (
                        "greetings",
                        "Greetings",
                        "Reply with Dear, Mr for a man or Ms for a woman, the last name and a comma, and nothing else.",
                    ),
                    ("weekdays", "Weekdays", "Reply with the one day of the week that comes after the one named."),
                )
            ),
        )
    }
)


class Posed:
    """Fixed tasks of an environment, in an order that depends on a seed. It judges, and knows no answers."""

    def __init__(self, problem: Problem, *, seed: int, sizes: Mapping[Split, int]) -> None:
        self._base = load(problem.spec, dict(problem.options))
        self.name, self.instruction, self.able = self._base.name, self._base.instruction, problem.able
        self.posed = {split: self._drawn(problem, split, seed, size) for split, size in sizes.items()}
        self.shifted = isinstance(self._base, Shifted) and bool(self._base.shifted)
        if isinstance(self._base, Forms):
            self.form = self._base.form

    def _drawn(self, problem: Problem, split: Split, seed: int, size: int) -> list[Task]:
        guarded = GuardedEnvironment(self._base, timeout=120)
        wide = size * (8 if problem.cells else 1)
        drawn = asyncio.run(guarded.draw(split, 1000 + seed, wide))
        kept = [task for task in drawn if not problem.cells or task.cell.startswith(problem.cells)]
        return kept[:size]

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        """All tasks of a split."""
        yield from random.Random(f"{split} {seed}").sample(self.posed[split], len(self.posed[split]))

    def score(self, task: Task, answer: str) -> Feedback:
        """The environment's verdict."""
        judged = self._base.score(task, answer)
        assert isinstance(judged, Feedback)
        return judged

    def answers(self, tasks: Sequence[Task]) -> dict[str, str]:
        """Reference answers by task, for the ceiling and the baseline without a model alone."""
        if not isinstance(self._base, Solvable):
            return {}
        solved = {task.id: self._base.solve(task) for task in tasks}
        return {id_: answer for id_, answer in solved.items() if isinstance(answer, str)}
