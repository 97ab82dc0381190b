"""The sealed test once more, through the endpoint's code: does the server say what was tested?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from burnish.agent.models.client import TryFailed
from burnish.agent.record.run import Run
from burnish.agent.serving.opening import ARMS, open_service, sealed_attempts
from burnish.agent.serving.programs import CHAMPION, Served
from burnish.agent.serving.service import Asked, Service
from burnish.errors import ConfigError, ModelUnavailable
from burnish.memory.journal_reader import JournalReader
from burnish.types import Attempt, Record


@dataclass(frozen=True)
class Differing(Record):
    """A text of the sealed test that is answered otherwise now. `same_request` says whether the model was asked the
    same, to the byte; None where the journal does not say.
    """

    text: str
    before: str
    now: str
    same_request: bool | None


@dataclass(frozen=True)
class CheckRecord(Record):
    """How many `answers` of an arm of the sealed test a program gives again, and to how many the model was asked the
    `same_requests`, to the byte. At a `temperature` it draws answers anew.
    """

    program: str
    arm: str
    temperature: float
    answers: int
    same_requests: int
    differing: tuple[Differing, ...]

    @property
    def agree(self) -> int:
        """How many answers are the same."""
        return self.answers - len(self.differing)


@dataclass(frozen=True)
class _Said:
    """What was asked in the sealed test and answered, with the hash of the request; empty where that is not known."""

    asked: Asked
    answer: str
    digest: str


@dataclass(frozen=True)
class _Again:
    """What is said now."""

    before: _Said
    answer: str
    same_request: bool | None


async def check(run: Run, at: int | None = None, *, at_once: int | None = None) -> CheckRecord:
    """Answer the tasks of the sealed test again, as many at a time as the run did.

    Raises:
        ConfigError: the program did not take part in the sealed test.
        ModelUnavailable: the model server did not answer.
        PluginError, ModelError, StorageError: the run cannot be served.

    """
    async with open_service(run, at, at_once=at_once) as service:
        served = service.offered.champion
        with run.journal() as journal:
            arm = _arm_of(journal, served)
            said = [one for attempt in sealed_attempts(journal, arm) for one in _said(journal, attempt)]
            fingerprint = str(journal.meta("config") or "")
        waiting, again = iter(said), list[_Again]()

        async def work() -> None:
            for one in waiting:
                again.append(await _again(service, one, fingerprint))

        try:
            await asyncio.gather(*(work() for _ in range(service.sender.at_once)))
        except TryFailed as failure:
            raise ModelUnavailable(f"{failure}; see that the server runs, then check again") from None
        return CheckRecord(
            program=served.program.id,
            arm=arm,
            temperature=served.program.decoding.temperature,
            answers=len(again),
            same_requests=sum(one.same_request is True for one in again),
            differing=tuple(
                Differing(one.before.asked.text, one.before.answer, one.answer, one.same_request)
                for one in again
                if one.answer != one.before.answer
            ),
        )


def _arm_of(journal: JournalReader, served: Served) -> str:
    """The arm of the sealed test in which a program answered."""
    for arm in ARMS:
        if any(attempt.program_id == served.program.id for attempt in sealed_attempts(journal, arm)):
            return arm
    took_part = "the champion at its end and the seed took part" if journal.sealed() else "it was not opened yet"
    raise ConfigError(
        f"there is nothing to check program {served.program.id} of iteration {served.iteration} by: in the sealed test "
        f"{took_part}"
    )


def _said(journal: JournalReader, attempt: Attempt) -> Iterator[_Said]:
    if attempt.fault:
        return
    if not attempt.turns:
        asked = Asked(CHAMPION, journal.task(attempt.task_id).prompt)
        yield _Said(asked, attempt.answer, _digest(attempt.call))
    for number, turn in enumerate(attempt.turns):
        asked = Asked(CHAMPION, turn.observation, attempt.turns[:number])
        yield _Said(asked, turn.action, _digest(turn.call))


def _digest(call: str) -> str:
    """The hash of a request, with which the key of its call ends."""
    return call.rpartition("/")[2]


async def _again(service: Service, said: _Said, fingerprint: str) -> _Again:
    now = await service.answer(said.asked)
    digests = {request.digest(service.sender.model, fingerprint) for request in now.requests}
    return _Again(said, now.text, said.digest in digests if said.digest else None)
