"""What people say of answers, kept beside the run for its next sitting. Nothing is learned of it here."""

from __future__ import annotations

import json
import math
import os
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from burnish.agent.record.feedback_file import FeedbackRecord, chain_of, feedback_file, name_of
from burnish.agent.record.run import Run
from burnish.agent.serving.refusals import SERVER, Refused
from burnish.agent.serving.service import Answer, Asked
from burnish.errors import ConfigError
from burnish.types import Attempt, Task

KEPT = 10_000
"""Answers that may still be judged, the newest."""
MOST_TEXT = 10_000
"""Characters of a comment."""


class Feedback:
    """Keeps feedback on the answers of this server in a file, a line each, that only its owner may read. Each says the
    `run` that is served, and its `chain`.

    Raises:
        ConfigError: the file cannot be written.

    """

    def __init__(self, path: Path, *, run: str = "", chain: str = "") -> None:
        self.path = path
        self._run, self._chain = run, chain
        self._answers: dict[str, tuple[Asked, Answer]] = {}
        try:
            self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            size = os.fstat(self._file).st_size
            if size and os.pread(self._file, 1, size - 1) != b"\n":  # a server was killed as it wrote
                os.write(self._file, b"\n")
        except OSError as error:
            raise ConfigError(
                f"--learn keeps feedback in {path}, which cannot be written ({error.strerror}); serve without it"
            ) from None

    @classmethod
    def of(cls, run: Run) -> Self:
        """That of a run, beside its folder.

        Raises:
            ConfigError: the file cannot be written.

        """
        folder = run.place.path.resolve()
        with run.journal() as journal:
            chain = chain_of(journal)
        return cls(feedback_file(folder), run=folder.name, chain=chain)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)

    def remember(self, asked: Asked, answer: Answer) -> None:
        """Take note of an answer, so that it can be judged."""
        self._answers[answer.id] = (asked, answer)
        while len(self._answers) > KEPT:
            del self._answers[next(iter(self._answers))]

    def take(self, body: object, environment: str) -> FeedbackRecord:
        """Keep what was said; of an answer that is judged again, the last counts.

        Raises:
            Refused: the body is no feedback, or the answer is none of the last ones.

        """
        if not isinstance(body, dict):
            raise Refused("The body must be a JSON object with `id`, `reward` and, if you like, `text`.")
        known = self._answers.get(body["id"]) if isinstance(body.get("id"), str) else None
        if known is None:
            raise Refused(
                f"`id` must be that of one of the last {KEPT} answers since the server began.", status=404, param="id"
            )
        asked, answer = known
        record = FeedbackRecord(
            answer=answer.id,
            when=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            reward=_reward(body),
            text=_text(body),
            task=Task(environment, asked.text),
            attempt=_attempt(environment, asked, answer),
            who=_who(body),
            run=self._run,
            chain=self._chain,
        )
        self._write(json.dumps(record.to_json()).encode() + b"\n")
        return record

    def _write(self, line: bytes) -> None:
        """Append a line in one piece, so that a reader, or another server, finds whole ones."""
        try:
            written = os.write(self._file, line)
        except OSError as error:
            raise _unkept(self.path, error.strerror) from None
        if written < len(line):
            with suppress(OSError):
                os.write(self._file, b"\n")
            raise _unkept(self.path, "no space left")


def _unkept(path: Path, why: str | None) -> Refused:
    return Refused(f"What you said could not be kept in {path.name}: {why}.", status=500, kind=SERVER)


def _attempt(environment: str, asked: Asked, answer: Answer) -> Attempt:
    return Attempt(
        task_id=Task(environment, asked.text).id,
        slot=0,
        answer=answer.text,
        program_id=answer.program,
        model=answer.model,
        exemplar_ids=tuple(one.id for one in answer.shown),
        truncated=answer.truncated,
        usage=answer.usage,
        origin="feedback",
    )


def _reward(body: dict[str, Any]) -> float:
    reward = body.get("reward")
    if isinstance(reward, bool) or not isinstance(reward, (int, float)) or not math.isfinite(reward):
        raise Refused("`reward` must be a number from 0 (wrong) to 1 (right).", param="reward")
    if not 0 <= reward <= 1:
        raise Refused("`reward` must be from 0 (wrong) to 1 (right).", param="reward")
    return float(reward)


def _text(body: dict[str, Any]) -> str:
    text = body.get("text", "")
    if not isinstance(text, str) or len(text) > MOST_TEXT:
        raise Refused(f"`text` must be a text of at most {MOST_TEXT} characters.", param="text")
    return text


def _who(body: dict[str, Any]) -> str:
    who = body.get("who", "")
    try:
        return name_of(who if isinstance(who, str) else "\0")
    except ValueError as error:
        raise Refused(f"`who` {error}.", param="who") from None
