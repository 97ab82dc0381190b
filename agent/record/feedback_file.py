"""What clients said of served answers, as a file of JSON Lines beside the run: its lines, and reading them."""

from __future__ import annotations

import math
from codecs import BOM_UTF8
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO

from burnish.errors import ConfigError
from burnish.files import Unreadable, decoded, parsed_json, read_bytes
from burnish.memory.journal_reader import JournalReader
from burnish.memory.links import links
from burnish.types import Attempt, Record, Task, canonical_json

CLIENT = "a client of `burnish serve`"
"""Stands for whoever gave no name."""
SUFFIX = ".feedback.jsonl"
LONGEST_LINE = 16 * 2**20
"""Bytes; a served text and its answer are far shorter."""
MOST_NAME = 100
"""Characters of a name."""


@dataclass(frozen=True)
class FeedbackRecord(Record):
    """What somebody said of an answer: a `reward` from 0 to 1, and a text. `attempt` is the answer as a run would have
    it, to a `task` of which only the text is known. `when` is UTC, ISO 8601. `who` is the name that the client gave,
    `run` the folder of the run that was served, and `chain` the first digest of its chain of hashes.
    """

    answer: str
    when: str
    reward: float
    text: str
    task: Task
    attempt: Attempt
    who: str = ""
    run: str = ""
    chain: str = ""

    @property
    def by(self) -> str:
        """Who said it, in words."""
        return self.who or CLIENT

    @property
    def right(self) -> bool:
        """Whether the answer was found right, and not only in part."""
        return self.reward >= 1


@dataclass(frozen=True)
class FeedbackFile:
    """The last word on each answer of a file, in the order of the answers. The last line may be `unfinished`: a server
    is writing it.
    """

    records: tuple[FeedbackRecord, ...]
    unfinished: bool = False


def feedback_file(run: Path) -> Path:
    """Where feedback on the answers of a run is kept: beside its folder."""
    folder = run.resolve()
    return folder.with_name(f"{folder.name}{SUFFIX}")


def chain_of(journal: JournalReader) -> str:
    """What tells a run from others of its name: the first digest of its chain of hashes; empty before there is one."""
    return next((one.digest for one in links(journal)), "")


def name_of(text: str) -> str:
    """A client's name on one line.

    Raises:
        ValueError: it is too long, or holds what cannot be printed.

    """
    name = " ".join(text.split())
    if len(name) > MOST_NAME or not name.isprintable():
        raise ValueError(f"must be a name of at most {MOST_NAME} characters that can be printed")
    return name


def is_feedback(path: Path) -> bool:
    """Whether a file is of this kind, by its name or its first line; what cannot be read is not."""
    if path.name.endswith(SUFFIX):
        return True
    try:
        first = parsed_json(decoded(read_bytes(path).partition(b"\n")[0], str(path)), str(path))
    except Unreadable:
        return False
    return isinstance(first, dict) and {"attempt", "reward"} <= first.keys()


def read_feedback(path: Path) -> FeedbackFile:
    """The feedback in a file, also while a server appends to it.

    Raises:
        ConfigError: the file cannot be read, or a finished line is no feedback.

    """
    found: dict[str, FeedbackRecord] = {}
    unfinished = False
    try:
        content = read_bytes(path)
    except Unreadable as error:
        raise ConfigError(f"{error}; give a file that `--learn` wrote") from None
    for number, line in _lines(BytesIO(content.removeprefix(BOM_UTF8))):
        try:
            record = _read(line)
        except ValueError as error:
            if line.endswith(b"\n") or len(line) > LONGEST_LINE:
                raise ConfigError(
                    f"{path}, line {number} is no feedback: {error}; put that right or take the line out, then "
                    "nothing else is lost"
                ) from None
            unfinished = True
            break
        found[record.answer] = record
    return FeedbackFile(tuple(found.values()), unfinished)


def _lines(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if line.strip():
            yield number, line


def _read(line: bytes) -> FeedbackRecord:
    """The feedback that a line holds.

    Raises:
        ValueError: it holds none; the message says what is wrong.

    """
    from pydantic import ValidationError

    if len(line) > LONGEST_LINE:
        raise ValueError(f"it is longer than {LONGEST_LINE} bytes")
    try:
        said = parsed_json(decoded(line, "it"), "it")
    except Unreadable as error:
        raise ValueError(str(error)) from None
    if not isinstance(said, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 (of what a line says, not of a type in the program)
    reward = said.get("reward")
    if isinstance(reward, bool) or not isinstance(reward, int | float) or not math.isfinite(reward):
        raise ValueError("its `reward` is no number")
    if not 0 <= reward <= 1:
        raise ValueError("its `reward` is not from 0 to 1")
    try:
        record = FeedbackRecord.from_json(said)
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"]))
        raise ValueError(f"its `{place}` is missing or of another kind") from None
    try:
        canonical_json(record.to_json())
    except ValueError:
        raise ValueError("it holds a number that is none") from None
    if record.attempt.task_id != record.task.id:
        raise ValueError("its `attempt` is not one at its `task`")
    if record.who != name_of(record.who):
        raise ValueError("its `who` is no name on one line")
    return record
