"""A program as a text file: to be read, compared, edited, and started from again.

TOML, because prompts have lines. The hash is over what the file says and not over how it is laid out: comments and line
ends may change. Nothing in it depends on when, where or on which machine it was written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import tomli_w

from burnish.config import Level, RunConfig, Section
from burnish.environments.episodes import as_answer
from burnish.errors import ConfigError, StorageError
from burnish.limits import Share
from burnish.policies.purposes import Purpose
from burnish.programs import Decoding, Program, Prompt, Retrieval
from burnish.tables import read_toml, validated
from burnish.types import Attempt, Exemplar, JsonValue, Played, Task, canonical_json, content_hash

EDITED = "edited by hand"
"""What stands for the hash in a file that somebody edited and wants to be used as it is."""

HEAD = f"""# A program of Burnish: what it is told, what it is shown, and how. A run starts from it with
# program = "FILE" in its configuration. To change it by hand, also write hash = "{EDITED}", so that
# whoever uses it knows.
"""


class FileExemplar(Section):
    """An exemplar with all that is needed to judge it again, and its papers.

    `data` is JSON that only the environment reads. `licence` and `training` are the terms of `model`, "" being people.
    `task`, JSON too, says of a task what the rest does not: its prompt where the exemplar is a turn of it, and how it
    was made.
    `turns` are those of the whole episode, each what was seen, what was done, and the label of it.
    `id` is what the run calls it, and `mark` a hash of what it says, which tells whether somebody edited it.
    """

    id: str = ""
    mark: str = ""
    prompt: str
    answer: str
    cell: str = ""
    reward: Share = 1.0
    rating: float | None = None
    model: str = ""
    licence: str = ""
    training: str = ""
    origin: str = "person"
    level: Level = 1
    reviewer: str = ""
    data: str = ""
    task: str = ""
    turn: int | None = None
    turns: tuple[tuple[str, str, int], ...] = ()


class ProgramFile(Section):
    """What a program file holds. `iteration` is that whose champion it was, `purpose` what it was written for, and
    `authors` are the models that wrote the prompt. `by_hand` says what people changed in its run.
    """

    format: Literal[1] = 1
    hash: str = ""
    environment: str
    iteration: int = 0
    purpose: Purpose = "evaluate"
    authors: tuple[str, ...] = ()
    by_hand: str = ""
    prompt: dict[str, str]
    retrieval: Retrieval
    decoding: Decoding
    exemplars: tuple[FileExemplar, ...] = ()

    @property
    def content_hash(self) -> str:
        """SHA-256 of everything else it says, the order of the prompt's sections included."""
        said = self.model_dump(mode="json", exclude={"hash"})
        said["prompt"] = list(self.prompt.items())
        if not self.by_hand:  # older files say nothing of it
            del said["by_hand"]
        for exemplar in said["exemplars"]:
            if not exemplar["mark"]:  # of an older file, whose hash knows of none
                del exemplar["mark"]
        return hashlib.sha256(canonical_json(said).encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def edited(self) -> bool:
        """Whether somebody changed it by hand, and says so."""
        return self.hash == EDITED

    @property
    def program(self) -> Program:
        """The program, its exemplars being all of memory at revision 0."""
        prompt = Prompt(tuple(self.prompt.items()), operator="edited" if self.edited else "compiled")
        return Program(prompt, revision=0, retrieval=self.retrieval, decoding=self.decoding)

    def lessons(self) -> Iterator[FileLesson]:
        """Its exemplars, each with what an environment needs to judge it again.

        Raises:
            ConfigError: the data or task of one is no JSON object.

        """
        for number, exemplar in enumerate(self.exemplars, 1):
            try:
                yield lesson_of(exemplar, self.environment, edited=self.edited)
            except (ValueError, TypeError):  # what json and the record say to a text that is none, or of other keys
                raise ConfigError(
                    f"exemplar {number} of the program file: its data and task must be JSON objects as they were "
                    "written; take the exemplar out, or put that right"
                ) from None

    def to_toml(self) -> str:
        """The file, with its hash; the same for the same content.

        Raises:
            ConfigError: a text has half a character (a lone surrogate) in it, which no text file can hold.

        """
        left_out = {"exemplars", *(() if self.by_hand else ("by_hand",))}
        said = self.model_dump(mode="json", exclude=left_out) | {"hash": self.hash or self.content_hash}
        shown = self.model_dump(mode="json", exclude_none=True, include={"exemplars"})["exemplars"]
        lines = not any("\r" in text for text in _texts([said, shown]))  # the ends of lines in a file are not kept
        parts = [tomli_w.dumps(said, multiline_strings=lines)]
        for exemplar in shown:
            filled = {key: value for key, value in exemplar.items() if value not in ("", [])}
            parts.append(f"[[exemplars]]\n{tomli_w.dumps(filled, multiline_strings=lines)}")
        return writable("\n".join([HEAD, *parts]))


@dataclass(frozen=True)
class FileLesson:
    """An exemplar of a file as memory holds it, and the answer to its task that has to be verified again."""

    exemplar: Exemplar
    task: Task
    attempt: Attempt


def load_program(path: Path | str) -> ProgramFile:
    """Read a program file.

    Raises:
        ConfigError: it cannot be read, is none, or was changed since it was written without saying so.

    """
    file = validated(ProgramFile, read_toml(path, "a file that `burnish program` wrote"), str(path))
    if not file.edited and file.hash != file.content_hash:
        raise ConfigError(
            f"{path} is not as it was written: its hash does not fit what it says; if you edited it, write "
            f'hash = "{EDITED}" in it, else get it again'
        )
    return file


def begun_from(config: RunConfig, file: ProgramFile, environment: str) -> RunConfig:
    """The configuration with what the program file decides.

    Raises:
        ConfigError: the file's program is of another environment.

    """
    if file.environment != environment:
        raise ConfigError(
            f"{config.program} is a program for {file.environment}, not for {environment}; give environment = "
            f'"{file.environment}", or another program'
        )
    return config.model_copy(
        update={"prompt": file.prompt, "retrieval": file.retrieval, "decoding": file.decoding},
    )


def writable(text: str) -> str:
    """The text, if a file can hold it.

    Raises:
        ConfigError: it has half a character (a lone surrogate) in it.

    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ConfigError(
            "an exemplar or the prompt holds half a character (a lone surrogate), which no text file can hold; "
            "write the program of another iteration, by --at"
        ) from None
    return text


def save_text(text: str, path: Path) -> None:
    """Write a program's text; a file that is there is replaced when all is written.

    Raises:
        ConfigError: it holds what no text file can.
        StorageError: it cannot be written.

    """
    making = path.with_name(f".{path.name}.part")
    try:
        making.write_text(writable(text), encoding="utf-8", newline="\n")
        making.replace(path)
    except OSError as error:
        making.unlink(missing_ok=True)
        raise StorageError(f"cannot write {path}: {error.strerror}; give another --out") from None


def lesson_of(said: FileExemplar, environment: str, *, edited: bool) -> FileLesson:
    """An exemplar of a file as memory holds it. Where the file may be `edited`, one that does not fit its mark is a
    person's.

    Raises:
        ValueError, TypeError: its data or task is no JSON object as it was written.

    """
    task = Task(
        **{
            "environment": environment,
            "prompt": said.prompt,
            "data": {**json.loads(said.data or "{}")},
            "cell": said.cell,
            **json.loads(said.task or "{}"),
        }
    )
    turns = tuple(Played(*turn) for turn in said.turns)
    answer = as_answer([turn.action for turn in turns]) if turns else said.answer
    attempt = Attempt(task.id, 0, answer, program_id="", model=said.model, turns=turns)
    known = said.mark or said.id  # in older files the id was the mark
    by_hand = edited and known != mark(task, said.prompt, said.answer)  # somebody wrote or changed it
    exemplar = Exemplar(
        task_id=task.id,
        prompt=said.prompt,
        answer=said.answer,
        reward=said.reward,
        cell=said.cell,
        born=0,
        model="" if by_hand else said.model,
        origin="person" if by_hand else said.origin,
        rating=said.rating,
        reason="from a program file, verified again",
        attempt_id=attempt.id if turns else "",
        turn=said.turn,
        level=1 if by_hand else said.level,
        again="" if by_hand else said.id if said.mark else "",
    )
    return FileLesson(exemplar, task, replace(attempt, model=exemplar.model, origin=exemplar.origin))


def mark(task: Task, prompt: str, answer: str) -> str:
    """The mark of an exemplar in a file: it no longer fits when any of these is edited."""
    return content_hash(task.id, prompt, answer)


def _texts(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(one)
