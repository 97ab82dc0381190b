"""What people say of answers, kept beside the run for its next sitting. Nothing is learned of it here."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from burnish.agent.record.feedback_file import FeedbackRecord, chain_of, feedback_file, name_of
from burnish.agent.record.run import Run
from burnish.agent.serving.private_file import PrivateFile
from burnish.agent.serving.refusals import SERVER, Refused
from burnish.agent.serving.service import Answer, Asked
from burnish.types import Attempt, Task

KEPT = 10_000
"""Answers that may still be judged, the newest."""
MOST_CHARACTERS = 2**24
"""Characters of those answers and of what was asked, at most."""
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
        self._characters = 0
        self._file = PrivateFile(path, f"--learn keeps feedback in {path}, which", "serve without it")

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
        self._file.close()

    def remember(self, asked: Asked, answer: Answer) -> None:
        """Take note of an answer, so that it can be judged."""
        self._answers[answer.id] = (asked, replace(answer, requests=()))  # which hold every text once more
        self._characters += _characters(asked, answer)
        while len(self._answers) > KEPT or self._characters > MOST_CHARACTERS:
            self._characters -= _characters(*self._answers.pop(next(iter(self._answers))))

    def take(self, body: object, environment: str) -> FeedbackRecord:
        """Keep what was said; of an answer that is judged again, the last counts.

        Raises:
            Refused: the body is no feedback, the answer is none of the last ones, or the file cannot be written.

        """
        if not isinstance(body, dict):
            raise Refused("The body must be a JSON object with `id`, `reward` and, if you like, `text`.")
        known = self._answers.get(body["id"]) if isinstance(body.get("id"), str) else None
        if known is None:
            raise Refused(
                f"`id` must be that of one of the last answers since the server began, at most {KEPT}.",
                status=404,
                param="id",
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
        try:
            self._file.append(json.dumps(record.to_json()))
        except OSError as error:
            raise Refused(
                f"The feedback could not be kept ({error.strerror}); make room where the server runs, then send it "
                "again.",
                status=507,
                kind=SERVER,
            ) from None
        return record


def _characters(asked: Asked, answer: Answer) -> int:
    earlier = sum(len(turn.observation) + len(turn.action) for turn in asked.earlier)
    return len(asked.text) + earlier + len(answer.text)


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
    if isinstance(reward, bool) or not isinstance(reward, (int, float)):
        raise Refused("`reward` must be a number from 0 (wrong) to 1 (right).", param="reward")
    if not 0 <= reward <= 1:
        raise Refused("`reward` must be from 0 (wrong) to 1 (right).", param="reward")  # NaN too
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
