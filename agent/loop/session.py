"""What the nodes share: an open run (`Session`), its policies, its past and the iteration in hand (`Scratch`)."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from burnish.agent.expanding.base import Expander
from burnish.agent.judges.process_reward import Supervisor
from burnish.agent.judges.raters import Rater, StepRater, StudentRater
from burnish.agent.loop.policies import Policies
from burnish.agent.models.calls import Caller, Place
from burnish.agent.models.client import ChatRequest
from burnish.agent.operators.base import Operator, Proposal, Train
from burnish.agent.record.history import History
from burnish.agent.record.run import Notify
from burnish.agent.rollouts.episode_values import Valuer
from burnish.agent.rollouts.evaluate import Evaluator, Judged
from burnish.agent.rollouts.retriever import Recalled, Retriever
from burnish.agent.training.rounds import Rounds
from burnish.config import RunConfig
from burnish.environments.boundary import LearningEnvironment
from burnish.memory.embedding import Embedder
from burnish.memory.journal import Journal
from burnish.memory.store import Memory
from burnish.policies.constitution import Principle
from burnish.policies.curriculum import Effort
from burnish.policies.diversity import Cells, Diversity
from burnish.policies.guard import GuardAction
from burnish.programs import Program
from burnish.records import Completion, GateRecord, IterationRecord, ProposalRecord, RatingRecord
from burnish.types import Attempt, Exemplar, JsonValue, Task


@dataclass
class Scratch:
    """The iteration in hand: filled by the nodes, in their order, and forgotten after the commit."""

    number: int
    last_race: bool = False
    validation_used: int = 0
    tasks: list[Task] = field(default_factory=list)
    efforts: list[Effort] = field(default_factory=list)
    """What is spent on each task."""
    outputs: list[Attempt] = field(default_factory=list)
    """Answers for which tasks in hand were written."""
    barred: dict[str, str] = field(default_factory=dict)
    """Attempts that are not to be learned whatever their verdict, and why."""
    program: Program | None = None
    recalled: list[Recalled] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    judged: list[Judged] = field(default_factory=list)
    ratings: dict[str, float] = field(default_factory=dict)
    rating: RatingRecord | None = None
    born: list[Exemplar] = field(default_factory=list)
    died: dict[str, str] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    proposals: list[ProposalRecord] = field(default_factory=list)
    challengers: list[Proposal] = field(default_factory=list)
    gates: list[GateRecord] = field(default_factory=list)
    champion: Program | None = None
    diversity: Diversity | None = None
    remembered: Diversity | None = None
    cells: Cells | None = None
    alarms: tuple[str, ...] = ()
    action: GuardAction = "none"
    events: list[tuple[str, JsonValue]] = field(default_factory=list)


@dataclass
class Session:
    """An open run. The graph gets it as its runtime context."""

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
    scratch: Scratch = field(default_factory=lambda: Scratch(0))
    past: History = field(default_factory=History)

    def __post_init__(self) -> None:
        self.retriever = Retriever(self.memory, Valuer(self.journal).at)
        self.supervisor = Supervisor(self.journal, self.meaning)
        self.rater = self._rater()
        self._validation: list[Task] = []
        self._validation_ends = False

    def _rater(self) -> Rater | None:
        """Who rates instead of the model."""
        match self.config.judging.by:
            case "steps":
                return StepRater(self.supervisor)
            case "student":
                return StudentRater(self.journal, self.meaning)
            case _:
                return None

    @property
    def revision(self) -> int:
        """The revision that the iteration in hand will write."""
        return self.scratch.number

    @property
    def sketching(self) -> bool:
        """Whether plans are searched under sketches."""
        return self.config.sampling.sketches > 0 and self.champion.decoding.format == "plan"

    @property
    def forming(self) -> bool:
        """Whether answers are searched under their form, which takes a server that knows grammars."""
        return (
            self.config.sampling.forms
            and self.environment.has_forms
            and self.config.models.task.takes_grammars
            and self.champion.decoding.format == "text"
        )

    @property
    def sampling_temperature(self) -> float:
        """The configured one, raised as long as the guard asks for more diversity."""
        return min(2.0, self.config.sampling.temperature + self.past.raised_temperature)

    @property
    def validation_used(self) -> int:
        """Validation tasks the gate has drawn in this run, those of the iteration in hand included."""
        return self.past.validation_used + self.scratch.validation_used

    def with_memory_of(self, revision: int) -> Program:
        """The champion with memory as it stands now, which `revision` names; itself where memory is the same still."""
        same = self.memory.unchanged_since(self.champion.revision)
        return self.champion if same else self.champion.at(revision)

    def commit(self, record: IterationRecord) -> None:
        """Take in a committed iteration: what it decided is in force, and it is past."""
        self.past.absorb(record, self.journal)
        self.champion = self.journal.program(record.champion_id)

    def rng(self, purpose: str) -> np.random.Generator:
        """The random numbers of one purpose in the iteration in hand, the same at every replay."""
        return np.random.default_rng([self.config.seed, self.scratch.number, zlib.crc32(purpose.encode())])

    def seed_for(self, purpose: str) -> int:
        """One such number, for an environment or a model."""
        return int(self.rng(purpose).integers(2**31 - 1))

    async def validation(self, count: int) -> list[Task]:
        """The first `count` validation tasks of the run, fewer when the environment has no more."""
        if len(self._validation) < count and not self._validation_ends:
            wanted = max(count, 2 * len(self._validation))
            seed = int(np.random.default_rng([self.config.seed, zlib.crc32(b"validation")]).integers(2**31 - 1))
            self._validation = await self.environment.draw("validation", seed, wanted)
            self._validation_ends = len(self._validation) < wanted
        return self._validation

    def evaluator(self, node: str) -> Evaluator:
        """For trying programs in a node of the iteration in hand."""
        return Evaluator(
            self.caller,
            self.journal,
            self.environment,
            self.retriever.recall,
            self.scratch.number,
            node,
            self.supervisor.pick,
        )

    def training(self) -> Train | None:
        """How the iteration in hand trains an adapter; None where it does not."""
        if self.rounds is None or not self.rounds.due(self.scratch.number):
            return None
        events = self.scratch.events
        return partial(
            self.rounds.adapter, self.scratch.number, lambda reason: events.append(("refused training", reason))
        )

    async def ask_reflector(self, request: ChatRequest) -> Completion:
        """One answer of the reflector in the iteration in hand."""
        return await self.caller.ask("reflector", request, Place("rewrite", "reflection"))
