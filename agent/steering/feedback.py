"""Feedback on served answers, taken into a run by hand."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from burnish.agent.record.feedback_file import read_feedback
from burnish.agent.record.feedback_taken import as_lessons, change_of, not_taken_yet
from burnish.agent.record.run import Run
from burnish.agent.steering.ordering import Steered, order
from burnish.agent.steering.person import in_words, now, user
from burnish.errors import ConfigError
from burnish.protocols import Environment
from burnish.records import ADMITTED
from burnish.types import Record


@dataclass(frozen=True)
class FedBack(Record):
    """What came of feedback on so many `answers`: the change, None where all of it was taken in `before`; and of each
    answer that was not learned its id and why, nothing as long as the change waits. The last line of the file may be
    `unfinished`, and is left for the next time.
    """

    steered: Steered | None
    answers: int
    before: int
    unfinished: bool = False
    refused: tuple[tuple[str, str], ...] = ()


def take_feedback(
    run: Run,
    file: str | os.PathLike[str],
    *,
    because: str = "",
    who: str | None = None,
    environment: Environment | None = None,
) -> FedBack:
    """Have a run take in what is new to it of a file that `burnish serve --learn` wrote, of whichever run. `who` brings
    it; whose word counts, the file says. `environment` is needed for runs made with a live object.

    Raises:
        ConfigError: the file cannot be read, holds none, or a line of it is no feedback; nothing is taken in then.
        StorageError: the run cannot be written.

    """
    path, by = Path(file), user() if who is None else in_words(who, "who")
    read = read_feedback(path)
    if not read.records:
        raise ConfigError(f"{path} holds no feedback; give a file that `burnish serve --learn` wrote")
    with run.journal() as journal:
        new = not_taken_yet(journal, read.records)
        lessons = as_lessons(journal, new)
    before = len(read.records) - len(new)
    if not new:
        return FedBack(None, len(read.records), before, read.unfinished)
    why = in_words(because, "because") if because else ""
    change = change_of(new, path, when=now(), because=why, by=by)
    steered = order(run, change, lessons=lessons, environment=environment)
    return FedBack(steered, len(read.records), before, read.unfinished, _refused(run, steered, [o.answer for o in new]))


def _refused(run: Run, steered: Steered, names: list[str]) -> tuple[tuple[str, str], ...]:
    if steered.record is None:
        return ()
    with run.journal() as journal:
        became = [one for _, one in journal.applicants(steered.record.number)]
    return tuple((name, one.outcome) for name, one in zip(names, became, strict=True) if one.outcome != ADMITTED)
