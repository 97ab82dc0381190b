"""Feedback on served answers without a server: the lines that it would have written."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from codes import split_of

from burnish.agent.record.feedback_file import FeedbackRecord, chain_of, feedback_file
from burnish.agent.record.run import Run
from burnish.types import Attempt, Task


def text_of(split: str, number: int = 0) -> str:
    """A text that a run in `codes` does not know, nor its environment read."""
    texts = (f"Which code has thing {n}?" for n in range(99))
    return [text for text in texts if split_of(text) == split][number]


def word(run: Run, text: str, answer: str, reward: float, /, **other: Any) -> FeedbackRecord:
    """What was said of an answer of the champion of a run."""
    task = Task(run.config.environment if "/" not in run.config.environment else name_of(run), text)
    with run.journal() as journal:
        chain = chain_of(journal)
    attempt = Attempt(task.id, 0, answer, run.program().id, "scripted", origin="feedback")
    values = {"when": "2030-01-01T00:00:00Z", "text": "", "who": "ana", "run": run.place.path.name, "chain": chain}
    known = {"answer": f"chatcmpl-{attempt.id}", "reward": reward, "task": task, "attempt": attempt}
    return FeedbackRecord(**{**values, **known, **other})


def name_of(run: Run) -> str:
    """The name of a run's environment."""
    with run.journal() as journal:
        return next(iter(journal.tasks().values())).environment


def beside(run: Run, *records: FeedbackRecord) -> Path:
    """The file beside a run, with lines appended."""
    return written(feedback_file(run.place.path), records)


def written(path: Path, records: Iterable[FeedbackRecord]) -> Path:
    """A file with lines appended."""
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(record.to_json())}\n" for record in records)
    return path
