"""Answering texts with the programs of a run, by the code of its sealed test."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, replace

from burnish.agent.models.calls import Place
from burnish.agent.models.client import ChatRequest
from burnish.agent.rollouts.answering import Answering, Trial
from burnish.agent.serving.programs import Offered, Served
from burnish.agent.serving.recalling import Found, Recalling
from burnish.agent.serving.sending import Exchange, Sender
from burnish.records import Completion
from burnish.types import Played, Record, Task, Usage

HELD = ("form", "plan")
"""Formats of answers that the environment knows more of than the text of a task says."""


@dataclass(frozen=True)
class Asked(Record):
    """A text to be answered by the program of a name. Where it is a turn of an episode, `earlier` are those before it.
    `ignored` names the settings of the request that the program has values of its own for.
    """

    name: str
    text: str
    earlier: tuple[Played, ...] = ()
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class ShownExemplar(Record):
    """An exemplar that was shown, and its cosine to the text."""

    id: str
    cosine: float


@dataclass(frozen=True)
class Answer:
    """What a program said to a text, and how that came about.

    `nearest` is the cosine of the exemplar in memory that is most like the text, and `least` that of the sealed task
    least like memory; below that, nothing that was tested says how good the answer is. `held` is whether the answer was
    held to a grammar. `requests` are what the model was sent, several where one answer is chosen among several.
    `seconds` are those from the request to the answer; `model` is what the server calls itself.
    """

    id: str
    name: str
    program: str
    iteration: int
    text: str
    model: str
    truncated: bool
    usage: Usage
    shown: tuple[ShownExemplar, ...]
    nearest: float | None
    least: float | None
    held: bool
    requests: tuple[ChatRequest, ...]
    seconds: float
    notes: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    @property
    def unlike(self) -> bool:
        """Whether the text is less like memory than every sealed task was."""
        return self.nearest is not None and self.least is not None and self.nearest < self.least


@dataclass(frozen=True)
class Service:
    """The programs of a run at work. `answering` has the environment and its forms; whom it asks is decided anew for
    every answer.
    """

    offered: Offered
    recalling: Recalling
    answering: Answering
    sender: Sender

    @property
    def episodic(self) -> bool:
        """Whether a text is a turn of an episode."""
        return self.answering.environment.episodic

    async def answer(self, asked: Asked) -> Answer:
        """What the program of that name says.

        Raises:
            TryFailed, ModelError: the model server gave no answer.

        """
        started = time.perf_counter()
        served = self.offered.by_name[asked.name]
        task = await self._task(served, asked.text)
        found = await self.recalling.find(served.program, task)
        exchange = Exchange(self.sender)
        trial = Trial(served.program, task, found.recalled, Place("serve", task.id))
        completion = await self._completion(replace(self.answering, caller=exchange), trial, asked)
        held = all(request.grammar for request in exchange.requests)
        return Answer(
            id=f"chatcmpl-{uuid.uuid4().hex}",
            name=asked.name,
            program=served.program.id,
            iteration=served.iteration,
            text=completion.text,
            model=completion.model,
            truncated=completion.truncated,
            usage=completion.usage,
            shown=_shown(found),
            nearest=found.nearest,
            least=await self.recalling.least(served.program),
            held=held,
            requests=tuple(exchange.requests),
            seconds=time.perf_counter() - started,
            notes=_notes(served, held=held),
            ignored=asked.ignored,
        )

    async def _task(self, served: Served, text: str) -> Task:
        """The text as a task; with what the environment reads in it, where the form of the answer depends on that."""
        environment = self.answering.environment
        read = await environment.parse(text) if served.program.decoding.format in HELD else None
        return replace(read, prompt=text) if read else Task(environment.name, text)

    async def _completion(self, answering: Answering, trial: Trial, asked: Asked) -> Completion:
        if self.episodic:
            shown = trial.recalled.exemplars
            said = await answering.acted(trial, trial.task, shown, asked.earlier, trial.place)
            return replace(said, text=said.text.strip())  # as an episode takes it
        attempt = await answering.answered(trial)
        return Completion(attempt.answer, attempt.model, attempt.usage, truncated=attempt.truncated)


def _shown(found: Found) -> tuple[ShownExemplar, ...]:
    pairs = zip(found.recalled.ids, found.likeness, strict=True)
    return tuple(ShownExemplar(id_, cosine) for id_, cosine in pairs)


def _notes(served: Served, *, held: bool) -> tuple[str, ...]:
    """What whoever reads the answer should know."""
    if served.program.decoding.format in HELD and not held:
        return (
            "The program holds its answers to a form that the environment says of each task, and of this text the "
            "environment says none: the answer is free.",
        )
    return ()
