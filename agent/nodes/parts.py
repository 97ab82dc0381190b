"""The parts of an iteration: what each node returns. A part is frozen, and no other node writes it.

`counts` is what the graph's state says of a part: ids and counts, never texts or vectors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from burnish.agent.nodes.state import State
from burnish.agent.operators.base import Proposal
from burnish.agent.record.events import Event
from burnish.agent.rollouts.evaluate import Judged
from burnish.agent.rollouts.retriever import Recalled
from burnish.policies.acceptance import Pair
from burnish.policies.curriculum import Effort
from burnish.policies.diversity import Diversity
from burnish.policies.guard import GuardAction
from burnish.programs import Program
from burnish.records import (
    ApplicantRecord,
    ComparisonRecord,
    DeathRecord,
    GateRecord,
    IterationRecord,
    ProposalRecord,
    RatingRecord,
)
from burnish.types import Attempt, Exemplar, Task


@dataclass(frozen=True)
class Drawn:
    """Train tasks, the effort to be spent on each, and how many of those that fail are tried `again`, or with a hint.

    `evidence` are the ids of those that were drawn as the environment poses them and that no program has answered: what
    is raced is judged by them.
    """

    tasks: tuple[Task, ...]
    efforts: tuple[Effort, ...]
    hints: int = 0
    again: int = 0
    evidence: frozenset[str] = frozenset()
    events: tuple[Event, ...] = ()

    @property
    def counts(self) -> State:
        """For the graph's state."""
        return {"drawn": len(self.tasks), "hints": self.hints + self.again}


@dataclass(frozen=True)
class Expanded:
    """Tasks that the run made itself, the effort to be spent on each, and the answers that some were written for."""

    tasks: tuple[Task, ...] = ()
    efforts: tuple[Effort, ...] = ()
    outputs: tuple[Attempt, ...] = ()
    events: tuple[Event, ...] = ()

    @property
    def counts(self) -> State:
        """For the graph's state."""
        return {"expanded": len(self.tasks)}


@dataclass(frozen=True)
class Shown:
    """The program that attempts are made with, and what each task is shown, in the order of the tasks."""

    program: Program
    recalled: tuple[Recalled, ...]

    @property
    def counts(self) -> State:
        """For the graph's state."""
        return {"shown": sum(len(r.exemplars) for r in self.recalled)}


@dataclass(frozen=True)
class Attempted:
    """The answers to the tasks in hand, in slot order, and the programs that gave them."""

    attempts: tuple[Attempt, ...]
    programs: tuple[Program, ...] = ()

    @property
    def counts(self) -> State:
        """For the graph's state."""
        return {"attempts": len(self.attempts)}


@dataclass(frozen=True)
class Checked:
    """The attempts with their verdicts. Those that are `barred`, each with its reason, are never learned.

    `carried` counts the verified trials of the iteration before, which may be learned in this one.
    """

    judged: tuple[Judged, ...]
    barred: Mapping[str, str] = field(default_factory=dict)
    carried: int = 0
    events: tuple[Event, ...] = ()

    @property
    def counts(self) -> State:
        """For the graph's state."""
        verified = sum(f.verified for _, f in self.judged)
        return {"verified": verified, "failed": len(self.judged) - verified, "carried": self.carried}


@dataclass(frozen=True)
class Compared:
    """Answers of other programs to some of the tasks in hand, and how they did beside the attempts. `back_to` is
    the revision to return to, once newer exemplars are proven to do harm. `pairs` are those of champion and challenger
    in the race that goes on, None where it had no tasks here.
    """

    judged: tuple[Judged, ...] = ()
    comparisons: tuple[ComparisonRecord, ...] = ()
    programs: tuple[Program, ...] = ()
    back_to: int | None = None
    pairs: tuple[Pair, ...] | None = None

    @property
    def counts(self) -> State:
        """For the graph's state."""
        verified = sum(f.verified for _, f in self.judged)
        return {"compared": len(self.judged), "compared_verified": verified, "harmful": self.back_to is not None}


@dataclass(frozen=True)
class Taught:
    """What the teacher answered to tasks at which the model failed."""

    judged: tuple[Judged, ...] = ()

    @property
    def counts(self) -> State:
        """For the graph's state."""
        return {"taught": len(self.judged), "taught_verified": sum(f.verified for _, f in self.judged)}


@dataclass(frozen=True)
class Retried:
    """What came of failed tasks with a hint."""

    judged: tuple[Judged, ...] = ()

    @property
    def counts(self) -> State:
        """For the graph's state."""
        return {"hinted": len(self.judged), "hinted_verified": sum(f.verified for _, f in self.judged)}


@dataclass(frozen=True)
class Revised:
    """Answers that are better by a principle than those they were made from."""

    judged: tuple[Judged, ...] = ()
    events: tuple[Event, ...] = ()

    @property
    def counts(self) -> State:
        """For the graph's state."""
        return {"revised": len(self.judged)}


@dataclass(frozen=True)
class Rated:
    """Ratings by attempt, and how far ratings agree with verdicts so far."""

    ratings: Mapping[str, float]
    record: RatingRecord
    events: tuple[Event, ...] = ()

    @property
    def counts(self) -> State:
        """For the graph's state."""
        return {"rated": len(self.ratings)}


@dataclass(frozen=True)
class Reviewed:
    """The answers as people left them, with their verdicts; all that are in hand, in order."""

    judged: tuple[Judged, ...]
    asked: int

    @property
    def counts(self) -> State:
        """For the graph's state."""
        return {"asked": self.asked, "verified": sum(f.verified for _, f in self.judged)}


@dataclass(frozen=True)
class Curated:
    """Exemplars that are born, deaths with their reasons, all that could be remembered, and refusals by reason."""

    born: tuple[Exemplar, ...] = ()
    deaths: tuple[DeathRecord, ...] = ()
    applicants: tuple[ApplicantRecord, ...] = ()
    refused: Mapping[str, int] = field(default_factory=dict)
    memory: int = 0

    @property
    def counts(self) -> State:
        """For the graph's state."""
        return {"admitted": len(self.born), "died": len(self.deaths), "memory": self.memory}


@dataclass(frozen=True)
class Rewritten:
    """What was proposed, as records and as programs, the challenger that goes to the gate, whether there is any race,
    and what tells those apart that are no longer tried.
    """

    proposals: tuple[ProposalRecord, ...] = ()
    programs: tuple[Program, ...] = ()
    challenger: Proposal | None = None
    racing: bool = False
    retired: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()

    @property
    def counts(self) -> State:
        """For the graph's state."""
        return {"proposed": len(self.proposals), "challengers": int(self.racing)}


@dataclass(frozen=True)
class Raced:
    """The races, the champion after them, and the validation tasks that they used."""

    champion: Program
    programs: tuple[Program, ...] = ()
    gates: tuple[GateRecord, ...] = ()
    validation_used: int = 0

    @property
    def counts(self) -> State:
        """For the graph's state."""
        return {"accepted": sum(g.outcome == "accept" for g in self.gates), "champion": self.champion.id}


@dataclass(frozen=True)
class Guarded:
    """How varied answers and memory are, and what is to be done about it."""

    diversity: Diversity
    remembered: Diversity | None
    alarms: tuple[str, ...]
    action: GuardAction
    events: tuple[Event, ...] = ()

    @property
    def counts(self) -> State:
        """For the graph's state."""
        return {"alarms": len(self.alarms), "action": self.action}


@dataclass(frozen=True)
class RolledBack:
    """Memory and champion of the last iteration without an alarm: what is born again and what dies for it."""

    champion: Program
    born: tuple[Exemplar, ...]
    deaths: tuple[DeathRecord, ...]
    memory: int

    @property
    def counts(self) -> State:
        """For the graph's state."""
        return {"champion": self.champion.id, "memory": self.memory}


@dataclass(frozen=True)
class Committed:
    """The iteration as it stands in the journal."""

    record: IterationRecord

    @property
    def counts(self) -> State:
        """For the graph's state."""
        return {"champion": self.record.champion_id, "memory": self.record.memory}


Part = (
    Drawn
    | Expanded
    | Shown
    | Attempted
    | Checked
    | Compared
    | Taught
    | Retried
    | Revised
    | Rated
    | Reviewed
    | Curated
    | Rewritten
    | Raced
    | Guarded
    | RolledBack
    | Committed
)
