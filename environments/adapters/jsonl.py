"""`jsonl:path/to/file.jsonl`: tasks of one's own, a line each, or as rows of a table."""

from __future__ import annotations

import dataclasses
import inspect
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from pathlib import Path

from burnish.environments.adapters.answers import IN_TAGS
from burnish.environments.adapters.conversations import answered, asked, messages_in
from burnish.environments.adapters.levels import no_level
from burnish.environments.adapters.lines import Line
from burnish.environments.adapters.scorers import NO_OPTION, SCORERS, Contains, Exact, Number, Scorer
from burnish.environments.adapters.tables import files_of, is_folder
from burnish.environments.adapters.task_files import check_splits, read_tasks
from burnish.environments.adapters.verdict import EXPECTED
from burnish.environments.forms import form_of
from burnish.environments.licences import NOT_KNOWN
from burnish.errors import ConfigError
from burnish.spelling import close_to, did_you_mean
from burnish.types import Feedback, JsonValue, Split, Task

INSTRUCTIONS: Mapping[str, str] = {
    "exact": f"Answer the question. {IN_TAGS}",
    "number": f"Answer with one number. {IN_TAGS}",
    "json": "Answer with one JSON object and nothing else.",
    "regex": f"Answer the question in the form that it asks for. {IN_TAGS}",
    "contains": f"Answer the question in a few words. {IN_TAGS}",
    "function": "Do what the text asks for.",
}


class Jsonl:
    """Prompts and answers in a file or folder, judged by a named scorer.

    A file has a JSON object a line, or is a table (.csv, .tsv, .parquet); a folder is one that `datasets` saved, or
    holds such files. A prompt may be a conversation, a list of messages; the answer is then its last message, unless a
    field of its own has it.

    `prompt`, `answer`, `cell` and `level_field` name the fields of a line; the latter two may be missing. Levels are
    in the order in which they first stand in the file. `at_least` is how many tasks every split must have. Further
    options are those of the scorer, see `burnish.environments.adapters.scorers`.
    """

    # Only where the lines have levels: else there is no dial.
    levels: Sequence[str]
    at_level: Callable[[str], Jsonl]
    # Only where the train answers have one.
    form: Callable[[Task], str]
    # Only where they are read from a folder.
    files: Sequence[str]

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
        licence: str = NOT_KNOWN,
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
        tasks = [(task, _label(line, level_field)) for task, line in read_tasks(path, self._task)]
        self._by_level = _levels(path, tasks, level)
        levels = tuple(self._by_level)
        if levels:
            self.levels, self.at_level = levels, self._at_level
        self._tasks = self._by_level[level] if level else [task for task, _ in tasks]
        check_splits(path, self._tasks, at_least)
        if is_folder(path):
            self.files = [str(file) for file in files_of(path)]
        form = _form(self._scorer, self._tasks)
        if form:
            self.form = lambda _task: form
        if isinstance(self._scorer, (Exact, Contains)):
            self._scorer = self._scorer.among([task for task, _ in tasks])

    def _at_level(self, level: str) -> Jsonl:
        """The tasks of one level only; a `ConfigError` when there is no such level."""
        if level not in self._by_level:
            raise no_level(self.name, level, tuple(self._by_level))
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

    def _task(self, line: Line) -> Task:
        field, answer = self._fields["prompt"], self._fields["answer"]
        messages = messages_in(line.value(field))
        prompt = asked(messages) if messages else line.text(field)
        if not prompt.strip():
            raise line.broken(f'has a conversation "{field}" in which nobody asks anything')
        field = answer
        try:
            told = answered(messages) if messages and answer not in line.values else None
            expected = self._scorer.read(line.value(answer) if told is None else told)
        except ValueError as error:
            raise line.broken(f'has a field "{field}" that {error}') from None
        cell, level = (_label(line, self._fields[kind]) for kind in ("cell", "level"))
        both = "/".join(part for part in (cell, level) if part)
        return Task(self.name, prompt, data={EXPECTED: expected}, cell=both)


def _label(line: Line, field: str) -> str:
    """A field that may be missing, as text."""
    value = line.values.get(field, "")
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise line.broken(f'has a field "{field}" that is no text')
    return str(value)


def _scorer(name: str, options: Mapping[str, JsonValue]) -> Scorer:
    if name not in SCORERS:
        raise ConfigError(f'jsonl: there is no scorer "{name}"; {did_you_mean(name, SCORERS)}')
    taken = _options_of(name)
    strange = [option for option in options if option not in taken]
    if strange:
        raise _no_option(min(strange, key=lambda option: len(_takers(option))), name)  # what no scorer takes first
    for option, value in options.items():
        if isinstance(taken[option], (bool, str, int)) and type(value) is not type(taken[option]):
            raise ConfigError(f'jsonl: the option "{option}" is {value!r}; give {_SHOWN[type(taken[option])]}')
    return SCORERS[name](**options)


def _options_of(scorer: str) -> dict[str, object]:
    """Defaults of a scorer's options."""
    kind = SCORERS[scorer]
    assert isinstance(kind, type)
    return {field.name: field.default for field in dataclasses.fields(kind) if field.metadata != NO_OPTION}


def _takers(option: str) -> list[str]:
    return [scorer for scorer in SCORERS if option in _options_of(scorer)]


def _no_option(option: str, scorer: str) -> ConfigError:
    own = [p.name for p in inspect.signature(Jsonl).parameters.values() if p.kind is p.KEYWORD_ONLY]
    known = [*own, *_options_of(scorer)]
    meant = close_to(option, {*known, *(other for name in SCORERS for other in _options_of(name))})
    if not meant or meant in known:
        return ConfigError(f'jsonl: there is no option "{option}"; {did_you_mean(option, known)}')
    takers = " or ".join(f"scorer={other}" for other in _takers(meant))
    hint = f"; it is for {takers}" if meant == option else f'; did you mean "{meant}"? it is for {takers}'
    return ConfigError(
        f'jsonl: the scorer "{scorer}" has no option "{option}"{hint}; leave it out, or give that scorer'
    )


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
        raise no_level(str(path), level, tuple(by_level))
    return by_level
