"""An environment like `codes` that reads what it is asked, however politely; and fails to read what is broken."""

from __future__ import annotations

import re
from dataclasses import replace

from codes import THINGS, Codes, code_of

from burnish.types import Task

QUESTION = re.compile(r"What is the code of the (\w+) (\w+) in room (\d{4})\?")


class ReadingCodes(Codes):
    """Codes that parse."""

    def parse(self, text: str) -> Task | None:
        """The question in a text."""
        if "broken" in text:
            raise ValueError(text)
        found = QUESTION.search(text)
        if found is None or found[2] not in THINGS:
            return None
        return Task(self.name, found[0], {"code": code_of(found[0])}, found[2])

    def solve(self, task: Task) -> str:
        """Its code."""
        return str(task.data["code"])

    def vary(self, task: Task, seed: int) -> Task:
        """The same."""
        return replace(task, generation=task.generation + 0 * seed)
