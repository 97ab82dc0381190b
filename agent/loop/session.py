"""An open run: what it is made of, its past, and the iteration in hand with the parts that its nodes have written."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from burnish.agent.expanding.base import Expander
from burnish.agent.judges.process_reward import ProcessRewardModel
from burnish.agent.judges.raters import Rater, StepRater, StudentRater
from burnish.agent.loop.policies import Policies
from burnish.agent.models.calls import Caller
from burnish.agent.nodes.iteration import Iteration, compares, forming, sketching
from burnish.agent.nodes.parts_in_hand import Parts
from burnish.agent.nodes.rewrite import Training
from burnish.agent.operators.base import Operator
from burnish.agent.record.history import History
from burnish.agent.record.run import Notify
from burnish.agent.rollouts.answer_form import AnswerForms
from burnish.agent.rollouts.episode_values import Valuer
from burnish.agent.rollouts.retriever import Retriever
from burnish.agent.training.rounds import Rounds
from burnish.config import RunConfig
from burnish.environments.boundary import LearningEnvironment
from burnish.memory.embedding import Embedder
from burnish.memory.journal import Journal
from burnish.memory.store import Memory
from burnish.policies.constitution import Principle
from burnish.policies.rewriting import YieldRewriting
from burnish.programs import Program
from burnish.records import IterationRecord
from burnish.types import Task


@dataclass
class Session:
    """An open run. The graph gets it as its runtime context; no other room knows it."""

    config: RunConfig
    environment: LearningEnvironment
    journal: Journal
    memory: Memory
    caller: Caller
    policies: Policies
    operators: Sequence[Operator]
    expanders: Sequence[Expander]
    principles: Sequence[Principle]
    champion: Program
    meaning: Embedder
    rounds: Rounds | None = None
    reflector_able: bool = False
    notify: Notify = lambda _kind, _facts: None
    past: History = field(init=False)

    def __post_init__(self) -> None:
        self.past = History(sampled=self.config.sampling.tasks)
        self.retriever = Retriever(self.memory, Valuer(self.journal).at)
        self.forms = AnswerForms(self.memory)
        self.process_reward = ProcessRewardModel(self.journal, self.meaning)
        self.rater = self._rater()
        self._validation: list[Task] = []
        self._validation_ends = False
        self.begin(0)

    def _rater(self) -> Rater | None:
        """Who rates instead of the model."""
        match self.config.judging.by:
            case "steps":
                return StepRater(self.process_reward)
            case "student":
                return StudentRater(self.journal, self.meaning)
            case _:
                return None

    @property
    def sketching(self) -> bool:
        """Whether plans are searched under sketches."""
        return sketching(self.config, self.champion)

    @property
    def forming(self) -> bool:
        """Whether answers are searched under their form."""
        return forming(self.config, self.champion, self.environment)

    @property
    def rewriting(self) -> YieldRewriting:
        """The policy of proposals. What people judge no other program answers, so that proposals are raced untried."""
        policy = self.policies.rewriting
        return policy if compares(self.config) else replace(policy, trial_tasks=0)

    def begin(self, number: int, *, affordable: float = math.inf, race_tasks: float = math.inf) -> None:
        """Begin an iteration: what the nodes may look at, and no part of it yet."""
        self.parts = Parts()
        self.iteration = Iteration(
            number=number,
            config=self.config,
            environment=self.environment,
            journal=self.journal,
            memory=self.memory,
            caller=self.caller,
            past=self.past,
            champion=self.champion,
            retriever=self.retriever,
            forms=self.forms,
            process_reward=self.process_reward,
            meaning=self.meaning,
            affordable=affordable,
            race_tasks=race_tasks,
            notify=self.notify,
        )
        self.caller.begin(number)

    def commit(self, record: IterationRecord) -> None:
        """Take in a committed iteration: what it decided is in force, and it is past."""
        if record.by_hand:
            self.past.change(record)
        else:
            self.past.absorb(record, self.journal)
        self.champion = self.journal.program(record.champion_id)

    async def validation(self, count: int) -> list[Task]:
        """The first `count` validation tasks of the run, fewer when the environment has no more."""
        if len(self._validation) < count and not self._validation_ends:
            wanted = max(count, 2 * len(self._validation))
            seed = int(np.random.default_rng([self.config.seed, zlib.crc32(b"validation")]).integers(2**31 - 1))
            self._validation = await self.environment.draw("validation", seed, wanted)
            self._validation_ends = len(self._validation) < wanted
        return self._validation

    def training(self) -> Training | None:
        """How the iteration in hand trains an adapter; None where it does not."""
        number = self.iteration.number
        if self.rounds is None or not self.rounds.due(number):
            return None
        return partial(self.rounds.adapter, number)
