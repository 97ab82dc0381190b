"""One iteration of a run, as its nodes see it: what the run is set to, what it knows, and whom it may ask."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from burnish.agent.judges.process_reward import ProcessRewardModel
from burnish.agent.models.answer_shapes import Shape, choices, shape_of, shapes
from burnish.agent.models.calls import Caller, Place
from burnish.agent.models.client import ChatRequest
from burnish.agent.models.grammar import edit_grammar
from burnish.agent.operators.rules import frequent
from burnish.agent.record.history import History
from burnish.agent.rollouts.answer_form import AnswerForms
from burnish.agent.rollouts.retriever import Retriever
from burnish.agent.rollouts.rollout import Rollout
from burnish.config import RunConfig
from burnish.environments.boundary import LearningEnvironment
from burnish.environments.forms import speak_of_json
from burnish.memory.embedding import Embedder
from burnish.memory.journal import Journal
from burnish.memory.store import Memory
from burnish.policies.acceptance import BettingGate
from burnish.policies.cold_start import LADDER, Rung
from burnish.programs import Program
from burnish.records import Completion
from burnish.types import Feedback, Task

LISTENED = 48
"""Failures of which it matters what the environment said."""


def failed(feedback: Feedback) -> bool:
    """Whether an answer was judged and is wrong. What an environment says when it fails is for nobody to learn from."""
    return feedback.status.judged and not feedback.verified


@dataclass(frozen=True)
class Iteration:
    """Iteration `number`, which writes the revision of that number.

    `champion` is the program in force as it begins, and `past` what was committed before it; neither changes within it.
    `affordable` is how many iterations the budget affords from this one on; of less than one, it affords only a part.
    `race_tasks` is how many validation tasks a race could have that took all of it.
    `notify` tells whoever watches the run.
    """

    number: int
    config: RunConfig
    environment: LearningEnvironment
    journal: Journal
    memory: Memory
    caller: Caller
    past: History
    champion: Program
    retriever: Retriever
    forms: AnswerForms
    process_reward: ProcessRewardModel
    meaning: Embedder
    affordable: float
    race_tasks: float
    notify: Callable[[str, Mapping[str, Any]], None]

    @property
    def is_last(self) -> bool:
        """Whether no further iteration is likely to fit into the budget; most take about half of what they may take."""
        return self.affordable < 1.25

    @property
    def before(self) -> int:
        """The iteration of learning before this one; between them people may have made changes by hand."""
        return self.past.records[-1].number

    def scaled(self, count: int) -> int:
        """As many of `count` as the budget affords."""
        return count if self.affordable >= 1 else max(1, int(count * self.affordable))

    def rng(self, purpose: str) -> np.random.Generator:
        """The random numbers of one purpose in this iteration, the same at every replay."""
        return np.random.default_rng([self.config.seed, self.number, zlib.crc32(purpose.encode())])

    def seed_for(self, purpose: str) -> int:
        """One such number, for an environment or a model."""
        return int(self.rng(purpose).integers(2**31 - 1))

    @property
    def sketching(self) -> bool:
        """Whether plans are searched under sketches."""
        return sketching(self.config, self.champion)

    @property
    def forming(self) -> bool:
        """Whether answers are searched under their form."""
        return forming(self.config, self.champion, self.environment)

    @property
    def sampling_temperature(self) -> float:
        """The configured one, raised as long as the guard asks for more diversity."""
        return min(2.0, self.config.sampling.temperature + self.past.raised_temperature)

    def told(self) -> tuple[str, ...]:
        """What the environment said most often of the newest failures, as far as it says anything."""
        said: list[str] = []
        for record in reversed(self.past.records):
            said += [f.text for _, _, f in self.journal.judged("attempt", record.number) if failed(f)]
            if len(said) >= LISTENED:
                break
        return tuple(frequent(said[:LISTENED]))

    def rungs(self, told: Sequence[str], tasks: Sequence[Task] = ()) -> list[Rung]:
        """The rungs of a cold start that there are here, for tasks like these."""
        plain = self.champion.decoding.format == "text"
        texts = [*(text for _, text in self.champion.prompt.sections), *told]
        json = speak_of_json(texts)
        holds = self.config.models.task.takes_grammars and plain and not json and not self.forming
        able: dict[Rung, bool] = {
            "form": self.forming,
            "choice": holds and bool(choices(texts) or (tasks and all(choices([task.prompt]) for task in tasks))),
            "shape": holds and bool(shapes(texts) or self.known_shapes()),
            "extract": self.config.models.task.takes_grammars and json and plain,
            "json": plain and json,
            "words": holds,
            "edit": holds and all(edit_grammar(task.prompt) for task in tasks),
            "rules": bool(told),
            "beside": bool(self.champion.prompt.sections),
            "hot": True,
        }
        return [rung for step in LADDER for rung in step if able[rung]]

    def known_shapes(self) -> tuple[Shape, ...]:
        """The shapes of the right answers in memory; each once."""
        found = (shape_of(exemplar.answer, exemplar.prompt) for exemplar in self.memory.alive())
        return tuple(dict.fromkeys(shape for shape in found if shape))

    def with_memory_of(self, revision: int) -> Program:
        """The champion with memory as it stands now, which `revision` names; itself where memory is the same still."""
        return self._newest(self.champion, revision)

    def followed(self, program: Program) -> Program:
        """A program as it is in force at the end of the iteration: where memory follows, it shows what the iteration
        learned, unless it was made to show chosen exemplars only.
        """
        return self._newest(program, self.number) if self.following and not program.only else program

    @property
    def raced_champion(self) -> Program:
        """The champion as it answers in a race on the tasks of the iteration, before anything is learned from them."""
        follows = self.following and not self.champion.only
        return self.with_memory_of(self.number - 1) if follows else self.champion

    @property
    def following(self) -> bool:
        """Whether the champion's memory grows by itself: it does until it was seen to do harm."""
        return self.config.memory.follows and not self.past.harmed

    def temperature_of(self, program: Program, task: Task) -> float:
        """The temperature of a program's first answer to a task: its own, unless the task was tried before, in vain,
        or the guard asks for more diversity.
        """
        own, raised = program.decoding.temperature, self.past.raised_temperature
        if task.id in self.past.tasks or not self.config.sampling.own_first:
            return self.sampling_temperature
        return min(2.0, own + raised)

    def _newest(self, program: Program, revision: int) -> Program:
        return program if self.memory.unchanged_since(program.revision) else program.at(revision)

    def rollout(self) -> Rollout:
        """Has programs answer tasks in this iteration."""
        return Rollout(
            self.caller,
            self.journal,
            self.environment,
            self.retriever.recall,
            self.number,
            self.process_reward.pick,
            self.forms,
        )

    async def ask_reflector(self, request: ChatRequest) -> Completion:
        """One answer of the reflector."""
        return await self.caller.ask("reflector", request, Place("rewrite", "reflection"))


def races_on_train(config: RunConfig, policy: BettingGate, environment: LearningEnvironment) -> bool:
    """Whether pairs of answers to train tasks are evidence in a race, as far as those are fresh."""
    return policy.on_train and compares(config) and not environment.shifted


def compares(config: RunConfig) -> bool:
    """Whether other programs answer some of the tasks too; what people judge, they do not."""
    return config.level >= 4 and (proposes(config) or config.memory.follows)


def proposes(config: RunConfig) -> bool:
    """Whether anything proposes challengers."""
    return bool(config.operators) or config.train.every > 0


def sketching(config: RunConfig, champion: Program) -> bool:
    """Whether plans are searched under sketches."""
    return config.sampling.sketches > 0 and champion.decoding.format == "plan"


def forming(config: RunConfig, champion: Program, environment: LearningEnvironment) -> bool:
    """Whether answers are searched under their form, which takes a server that knows grammars."""
    return (
        config.sampling.forms
        and environment.has_forms
        and config.models.task.takes_grammars
        and champion.decoding.format == "text"
    )
