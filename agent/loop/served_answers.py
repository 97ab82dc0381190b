"""Served answers that clients judged, as candidates for memory: whose word counts for each, and which are barred."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from burnish.agent.loop.admission_by_hand import Candidate
from burnish.agent.loop.hand_effects import Hand
from burnish.agent.record.by_hand import forgotten, said_by
from burnish.agent.record.feedback_file import FeedbackRecord
from burnish.environments.boundary import GuardedEnvironment
from burnish.policies.involvement import JUDGED
from burnish.records import NOT_RIGHT
from burnish.types import ASKED, Attempt, Exemplar, Feedback, Task

LATER = "a later word on it counts"
REMEMBERED = "remembered already"
TURN = "a turn of an episode, which is judged as a whole"
EMPTY = "an empty answer"
TOO_LONG = "too long to be shown"
MOST_SHOWN = 20_000
"""Characters that text and answer of an exemplar of this kind may have together."""


@dataclass(frozen=True)
class Heard:
    """What was said of an answer, and the answer as a candidate. It is judged `by_person` where the environment cannot
    read what was asked. Then, and where that failed to, the `verdict` is known without asking it.
    """

    said: FeedbackRecord
    candidate: Candidate
    by_person: bool
    verdict: Feedback | None


@dataclass(frozen=True)
class _Text:
    """A text that was asked, as a task; what the environment `read` in it, or how it failed to."""

    task: Task
    read: Task | None
    failure: Feedback | None = None

    @property
    def split(self) -> str:
        """Of the text and of the task that it states: one that is not for learning, if there is any."""
        splits = [self.task.split, *([self.read.split] if self.read else [])]
        return next((split for split in splits if split != "train"), "train")


async def heard(hand: Hand, words: Sequence[FeedbackRecord], *, number: int, because: str) -> list[Heard]:
    """Every answer with the verdict that counts; those that the run may not learn from are put to nobody."""
    environment = hand.environment
    assert environment is not None
    asked = {word.task.id: Task(environment.name, word.task.prompt) for word in reversed(words)}
    texts = dict(
        zip(asked, await asyncio.gather(*(_text(hand, environment, one) for one in asked.values())), strict=True)
    )
    found = [_candidate(hand, word, texts[word.task.id], number=number, because=because) for word in words]
    reasons = _barred(hand, environment, found, [texts[word.task.id].split for word in words])
    return await _judged(environment, [_with(one, barred=why) for one, why in zip(found, reasons, strict=True)])


async def _text(hand: Hand, environment: GuardedEnvironment, asked: Task) -> _Text:
    """A text as a task. Nothing but the text is taken from the file; what the run knows of it comes first."""
    known = hand.journal.task(asked.id) if hand.journal.has_task(asked.id) else None
    if known and known.origin != ASKED:
        return _Text(known, known)
    read = await environment.read(asked.prompt)
    if isinstance(read, Task):
        prompt = read.prompt if read.id == asked.id else asked.prompt
        return _Text(known or replace(read, prompt=prompt, origin=ASKED), read)
    return _Text(known or replace(asked, origin=ASKED), None, read)


def _candidate(hand: Hand, word: FeedbackRecord, text: _Text, *, number: int, because: str) -> Heard:
    """An answer before anything is judged."""
    by_person = text.read is None and text.failure is None
    attempt = _attempt(hand, word, text.task, reviewer=word.by if by_person else "")
    of = "" if attempt.program_id else f" by run {word.run or '?'}"
    how = "its environment cannot read what was asked" if by_person else "verified by the environment"
    exemplar = Exemplar(
        task_id=text.task.id,
        prompt=text.task.prompt,
        answer=attempt.answer,
        reward=word.reward,
        cell=text.task.cell,
        born=number,
        model=attempt.model,
        origin=attempt.origin,
        reason=f"served{of}, and found right by {word.by}; {how}{f' ({because})' if because else ''}",
        attempt_id=attempt.id,
        level=JUDGED if by_person else hand.config.level,
        reviewer=attempt.reviewer,
    )
    own = Feedback(word.reward, verified=word.right, text=word.text) if by_person else None
    return Heard(word, Candidate(text.task, attempt, exemplar, None, ""), by_person, text.failure or own)


def _attempt(hand: Hand, word: FeedbackRecord, task: Task, *, reviewer: str) -> Attempt:
    """The answer; of what it was served with, as much as this run knows."""
    served, journal = word.attempt, hand.journal
    known = bool(journal.rows("SELECT 1 FROM programs WHERE id = ?", (served.program_id,)))
    shown = [id_ for id_ in served.exemplar_ids if journal.rows("SELECT 1 FROM exemplars WHERE id = ?", (id_,))]
    return Attempt(
        task_id=task.id,
        slot=0,
        answer=served.answer,
        program_id=served.program_id if known else "",
        model=served.model,
        exemplar_ids=tuple(shown) if known else (),
        truncated=served.truncated,
        usage=served.usage,
        origin="feedback",
        reviewer=reviewer,
    )


def _barred(hand: Hand, environment: GuardedEnvironment, found: Sequence[Heard], splits: Sequence[str]) -> list[str]:
    """Of each why it may not be learned, whatever its verdict; empty where it may."""
    gone = forgotten(hand.journal, hand.journal.iterations())
    alive = {said_by(exemplar) for exemplar in hand.memory.alive()}
    last = {one.candidate.attempt.id: place for place, one in enumerate(found)}
    reasons = []
    for place, (one, split) in enumerate(zip(found, splits, strict=True)):
        exemplar = one.candidate.exemplar
        said = said_by(exemplar)
        checks = [
            (f"of the environment {one.said.task.environment}", one.said.task.environment != environment.name),
            (f"its task is of the {split} split", split != "train"),
            (TURN, environment.episodic),
            (gone[said].reason if said in gone else "", said in gone),
            (LATER, last[one.candidate.attempt.id] != place),
            (EMPTY, not exemplar.answer.strip()),
            (TOO_LONG, len(exemplar.prompt) + len(exemplar.answer) > MOST_SHOWN),
            (REMEMBERED, one.said.right and said in alive),
        ]
        reasons.append(next((why for why, holds in checks if holds), ""))
    return reasons


async def _judged(environment: GuardedEnvironment, found: Sequence[Heard]) -> list[Heard]:
    """Each with its verdict. What was not found right is not learned, whatever the environment says of it."""
    put = [place for place, one in enumerate(found) if not one.candidate.barred and one.verdict is None]
    pairs = [(found[place].candidate.task, found[place].candidate.attempt.answer) for place in put]
    verdicts = dict(zip(put, await environment.judge_all(pairs), strict=True))
    judged = []
    for place, one in enumerate(found):
        feedback = None if one.candidate.barred else verdicts.get(place, one.verdict)
        if feedback:
            exemplar = replace(one.candidate.exemplar, reward=feedback.reward)
            candidate = replace(one.candidate, feedback=feedback, exemplar=exemplar)
            judged.append(_with(replace(one, candidate=candidate), barred="" if one.said.right else NOT_RIGHT))
        else:
            judged.append(one)
    return judged


def _with(one: Heard, *, barred: str) -> Heard:
    return replace(one, candidate=replace(one.candidate, barred=barred))
