"""The scripted model of golden runs: it knows the answers of the tasks that an environment poses."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import codes

from burnish.agent.models.scripted import ScriptedReply
from burnish.types import Task

MOVES = ("left", "down", "right", "up", "north", "south", "east", "west", "take", "open")


def chance(*parts: object) -> float:
    """A number in [0, 1) that depends on the parts alone."""
    return int(hashlib.sha256(repr(parts).encode()).hexdigest()[:12], 16) / 16**12


@dataclass
class Knowing:
    """A scripted model that knows the answers of the tasks an environment posed, and gives them the oftener the more
    exemplars it is shown.
    """

    environment: Any
    tasks: dict[str, Task] = field(default_factory=dict)
    asked: int = 0
    watch: Callable[[int], None] = lambda _number: None

    def __post_init__(self) -> None:
        """Listen to what the environment poses."""
        for name in ("tasks", "evolve", "parse"):
            if hasattr(self.environment, name):
                object.__setattr__(self.environment, name, self._heard(getattr(self.environment, name)))

    def _heard(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def heard(*arguments: Any) -> Any:
            made = method(*arguments)
            return self._listened(made) if isinstance(made, Iterator) else self._known(made)

        return heard

    def _known(self, task: Task | None) -> Task | None:
        if task is not None:
            self.tasks[task.prompt] = task
        return task

    def _listened(self, tasks: Iterator[Task]) -> Iterator[Task]:
        for task in tasks:
            self._known(task)
            yield task

    def __call__(self, body: Mapping[str, Any]) -> ScriptedReply:
        self.asked += 1
        self.watch(self.asked)
        text = self.answer(body)
        logprobs = {text: -0.1, "4": -2.5} if text in {"1", "2", "3", "5"} else None
        return ScriptedReply(text, finish="length" if chance("cut", text) < 0.02 else "stop", top_logprobs=logprobs)

    def answer(self, body: Mapping[str, Any]) -> str:
        """The text of the answer."""
        messages = body["messages"]
        system, asked = messages[0]["content"], messages[-1]["content"]
        drawn = chance(asked, system, body.get("seed"))
        if system.startswith("You rate answers."):
            right = self.right(asked)
            good = right is not None and right in asked.rpartition("Answer:")[2]
            return str((4 + (drawn < 0.7)) if good and drawn < 0.9 else 1 + int(drawn * 5))
        if system.startswith("You improve the instruction"):
            return f"<instruction>One word in lower case, or a number. Way {int(drawn * 1000)}.</instruction>"
        if "Reply with A or B" in system:
            return "A" if drawn < 0.6 else "B"
        if system.startswith("Here are a task, an answer to it and what is wrong"):
            return self.right(asked) or "no idea"
        shown = sum(a["role"] == "user" and b["role"] == "assistant" for a, b in pairwise(messages))
        right = self.right(asked)
        if right is not None and drawn < 0.2 + 0.2 * shown:
            return right
        return self.wrong(f"{system} {asked}", drawn)

    def right(self, asked: str) -> str | None:
        """The answer to the task that is asked, if it is known."""
        task = self.tasks.get(asked) or next((t for p, t in self.tasks.items() if p in asked), None)
        if task is None or not hasattr(self.environment, "solve"):
            return codes.code_of(asked) if isinstance(self.environment, codes.Codes) else None
        answer = self.environment.solve(task)
        return answer if isinstance(answer, str) else None

    def wrong(self, asked: str, drawn: float) -> str:
        """A move where moves are spoken of, else the answer to another task or none."""
        moves = [m for m in MOVES if re.search(rf"\b{m}\b", asked)]
        if len(moves) > 1:
            return moves[int(chance("move", drawn) * len(moves))]
        known = sorted(self.tasks)
        if known and drawn < 0.8:
            task = self.tasks[known[int(chance("other", drawn) * len(known))]]
            if hasattr(self.environment, "solve"):
                return str(self.environment.solve(task))
            return f"no code {int(chance('wrong', drawn) * 50)}"
        return f"no idea {int(drawn * 100)}"
