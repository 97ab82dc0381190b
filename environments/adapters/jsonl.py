"""`jsonl:path/to/file.jsonl`: tasks of one's own, a line each."""

from __future__ import annotations

import dataclasses
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import cast

from burnish.environments.adapters.answers import IN_TAGS
from burnish.environments.adapters.lines import Line, read_lines
from burnish.environments.adapters.scorers import SCORERS, Contains, Exact, Number, Scorer
from burnish.environments.adapters.verdict import EXPECTED
from burnish.environments.forms import form_of
from burnish.errors import ConfigError, PluginError
from burnish.spelling import close_to, did_you_mean
from burnish.types import SPLITS, Feedback, JsonValue, Split, Task, canonical_text

INSTRUCTIONS: Mapping[str, str] = {
    "exact": f"Answer the question. {IN_TAGS}",
    "number": f"Answer with one number. {IN_TAGS}",
    "json": "Answer with one JSON object and nothing else.",
    "regex": f"Answer the question in the form that it asks for. {IN_TAGS}",
    "contains": f"Answer the question in a few words. {IN_TAGS}",
    "function": "Do what the text asks for.",
}


class Jsonl:
    """Prompts and answers in a file, a JSON object a line, judged by a named scorer.

    `prompt`, `answer`, `cell` and `level_field` name the fields of a line; the latter two may be missing. Levels are
    in the order in which they first stand in the file. `at_least` is how many tasks every split must have. Further
    options are those of the scorer, see `burnish.environments.adapters.scorers`.
    """

    # Only where the lines have levels: else there is no dial.
    levels: Sequence[str]
    at_level: Callable[[str], Jsonl]
    # Only where the train answers have one.
    form: Callable[[Task], str]

    def __init__(
        self,
        target: str,
        *,
        scorer: str = "exact",
        prompt: str = "prompt",
        answer: str = "answer",
        cell: str = "cell",
        level_field: str = "level",
        level: str = "",
        name: str = "",
        instruction: str = "",
        licence: str = "unknown",
        provenance: str = "",
        at_least: int = 1,
        **scorer_options: JsonValue,
    ) -> None:
        path = Path(target)
        if at_least < 1:
            raise ConfigError(f"at_least is {at_least}; every split needs a task, so give 1 or more")
        self.name = name or f"jsonl:{path.name}"
        self.licence = licence
        self.provenance = provenance or f"The file {path.name}."
        self._scorer = _scorer(scorer, scorer_options)
        self.instruction = instruction or INSTRUCTIONS[scorer]
        self._fields = {"prompt": prompt, "answer": answer, "cell": cell, "level": level_field}
        tasks = self._read(path)
        self._by_level = _levels(path, tasks, level)
        levels = tuple(self._by_level)
        if levels:
            self.levels, self.at_level = levels, self._at_level
        self._tasks = self._by_level[level] if level else [task for task, _ in tasks]
        _check_splits(path, self._tasks, at_least)
        form = _form(self._scorer, self._tasks)
        if form:
            self.form = lambda _task: form
        if isinstance(self._scorer, Contains):
            self._scorer = self._scorer.among([task for task, _ in tasks])

    def _at_level(self, level: str) -> Jsonl:
        """The tasks of one level only; a `ConfigError` when there is no such level."""
        if level not in self._by_level:
            raise ConfigError(f'"{self.name}" has no level "{level}"; {did_you_mean(level, self._by_level)}')
        other = copy(self)
        other._limit(level)  # noqa: SLF001 - of its own class
        return other

    def _limit(self, level: str) -> None:
        self._tasks, self.at_level = self._by_level[level], self._at_level

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        """The tasks of a split, each once, in an order of the seed."""
        own = [task for task in self._tasks if task.split == split]
        random.Random(f"jsonl {split} {seed}").shuffle(own)
        yield from own

    def score(self, task: Task, answer: str) -> Feedback:
        """The scorer's verdict."""
        return self._scorer.judge(task, answer)

    def solve(self, task: Task) -> str | None:
        """The answer in the file, where the scorer expects one answer."""
        return self._scorer.gold(task)

    def _read(self, path: Path) -> list[tuple[Task, str]]:
        """Tasks with their levels."""
        tasks: list[tuple[Task, str]] = []
        seen: dict[str, int] = {}
        for line in read_lines(path):
            task, level = self._task(line)
            same = canonical_text(task.prompt)
            if same in seen:
                raise line.broken(f"has the prompt of line {seen[same]}; leave one of them out")
            seen[same] = line.number
            tasks.append((task, level))
        if not tasks:
            raise PluginError(f"{path} is empty; write one JSON object a line")
        return tasks

    def _task(self, line: Line) -> tuple[Task, str]:
        prompt = line.text(self._fields["prompt"])
        field = self._fields["answer"]
        try:
            expected = self._scorer.read(line.value(field))
        except ValueError as error:
            raise line.broken(f'has a field "{field}" that {error}') from None
        cell, level = (_label(line, self._fields[kind]) for kind in ("cell", "level"))
        both = "/".join(part for part in (cell, level) if part)
        return Task(self.name, prompt, data={EXPECTED: expected}, cell=both), level


def _label(line: Line, field: str) -> str:
    """A field that may be missing, as text."""
    value = line.values.get(field, "")
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise line.broken(f'has a field "{field}" that is no text')
    return str(value)


def _scorer(name: str, options: Mapping[str, JsonValue]) -> Scorer:
    if name not in SCORERS:
        raise ConfigError(f'jsonl: there is no scorer "{name}"; {did_you_mean(name, SCORERS)}')
    kind = SCORERS[name]
    assert isinstance(kind, type)
    taken = {field.name: field for field in dataclasses.fields(kind) if field.name != "others"}
    for option in options:
        if option not in taken:
            near = close_to(option, taken)
            hint = f'did you mean "{near}"? ' if near else ""
            raise ConfigError(f'jsonl: the scorer "{name}" has no option "{option}"; {hint}it takes {", ".join(taken)}')
        default = taken[option].default
        if isinstance(default, (bool, str, int)) and type(options[option]) is not type(default):
            raise ConfigError(f'jsonl: the option "{option}" is {options[option]!r}; give {_SHOWN[type(default)]}')
    return cast("Scorer", kind(**options))


def _form(scorer: Scorer, tasks: Sequence[Task]) -> str:
    """What the answers to train tasks look like, where an answer is a text by itself."""
    if not isinstance(scorer, (Exact, Number, Contains)):
        return ""
    return form_of(gold for task in tasks if task.split == "train" and (gold := scorer.gold(task)) is not None)


_SHOWN = {bool: "true or false", str: "a text", int: "a whole number"}


def _levels(path: Path, tasks: Sequence[tuple[Task, str]], level: str) -> dict[str, list[Task]]:
    """Tasks by level, levels in the order of the file; empty where no line has one."""
    by_level: dict[str, list[Task]] = {}
    for task, own in tasks:
        if own:
            by_level.setdefault(own, []).append(task)
    if level and level not in by_level:
        raise ConfigError(f'{path} has no level "{level}"; {did_you_mean(level, by_level)}')
    return by_level


def _check_splits(path: Path, tasks: Sequence[Task], at_least: int) -> None:
    """Whether every split has enough tasks."""
    counts = Counter(task.split for task in tasks)
    if min(counts[split] for split in SPLITS) >= at_least:
        return
    shown = ", ".join(f"{counts[split]} for {split}" for split in SPLITS)
    raise PluginError(
        f"{path} has too few tasks: {shown}, and each split needs at least {at_least}; "
        "lines fall to a split by their prompt, about 60, 20 and 20 of a hundred, so add lines"
    )
