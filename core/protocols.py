"""What an environment is, and what it may be able to do besides.

`Environment` is all that is asked of one. Each further Protocol is an ability of its own: an environment has it when
it has the members, and Burnish finds out by `isinstance`. Every method may be plain or `async`; a plain one runs in
a thread and never blocks the loop.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self, runtime_checkable

from burnish.types import Feedback, JsonValue, Record, Split, Task


@runtime_checkable
class Environment(Protocol):
    """Poses tasks and judges answers.

    The class is called with the options of the configuration as keyword arguments.
    """

    name: str
    instruction: str
    """The plain seed prompt: what a person would write first. Never contains an expected answer."""

    def tasks(self, split: Split, seed: int) -> Iterable[Task] | AsyncIterable[Task]:
        """Tasks of one split, lazily; the same arguments give the same sequence in every process.

        A task whose `Task.split` is another one is passed over by the caller, so an environment that
        cannot choose by split may simply yield all it has.
        """
        ...

    def score(self, task: Task, answer: str) -> Feedback | Awaitable[Feedback]:
        """Judge one answer: pure, never raising on any string; the expected answer scores 1."""
        ...


@runtime_checkable
class Licensed(Protocol):
    """Says where its tasks come from and on what terms they may be used."""

    licence: str
    """SPDX expression of the tasks' licence, such as "Apache-2.0"."""
    provenance: str
    """Where the tasks come from, in a sentence: who made them, how, from what data."""


class Closing(Protocol):
    """Holds something that is to be given back: a process, a connection, a folder for the time being."""

    def close(self) -> Awaitable[None] | None:
        """Give it back. Called once, when a command or function is done with an environment that it loaded by name."""
        ...


@runtime_checkable
class FromFiles(Protocol):
    """Reads its tasks from files of the user's, beside the one that its name or its options give."""

    files: Sequence[str]
    """Their paths. A run keeps their digests, and goes on with the same files only."""


@runtime_checkable
class Solvable(Protocol):
    """Knows an answer to each of its tasks."""

    def solve(self, task: Task) -> str | Awaitable[str | None] | None:
        """An expected answer, which scores 1 and is verified; None where none is known.

        Of an episodic environment it is the actions, as `burnish.environments.episodes.as_answer` writes them.
        """
        ...


@runtime_checkable
class Varying(Protocol):
    """Poses a task again with other constants, by which it shows whether a plan was right or right by chance."""

    def vary(self, task: Task, seed: int) -> Task | Awaitable[Task]:
        """A task like this one with other constants; the same arguments give the same task."""
        ...


@runtime_checkable
class Authoring(Solvable, Varying, Protocol):
    """Reads, solves and varies tasks, so that tasks a model wrote can be checked."""

    def parse(self, text: str) -> Task | Awaitable[Task | None] | None:
        """The task that a text states, with all that is needed to judge answers to it; None when it states none."""
        ...


EVOL_OPERATORS = ("constraint", "deepen", "concretise", "reasoning", "complicate", "widen")
"""How Evol-Instruct (Xu et al. 2023) rewrites tasks: the first five make them harder, "widen" gives others."""


@runtime_checkable
class Evolving(Solvable, Protocol):
    """Makes tasks harder by their specification, so that no model has to rewrite their text (Evol-Instruct)."""

    def evolve(self, task: Task, operator: str, seed: int) -> Task | Awaitable[Task | None] | None:
        """The task after one of `EVOL_OPERATORS`; None where it does not fit. The same arguments give the same task."""
        ...


@dataclass(frozen=True)
class Step(Record):
    """One step of an answer. `label`: -1 wrong, 0 right but no progress, +1 right and progress."""

    text: str
    label: int
    reason: str = ""


@runtime_checkable
class StepLabels(Protocol):
    """Judges each step of an answer (process supervision; Lightman et al. 2023)."""

    def label_steps(self, task: Task, answer: str) -> Sequence[Step] | Awaitable[Sequence[Step]]:
        """The steps of an answer in order, up to the first wrong one; `score` gives their labels as `steps`."""
        ...


@dataclass(frozen=True)
class Tool(Record):
    """A tool that plans may call. `parameters` is the JSON Schema of its arguments, an object in whose order of
    `properties` positional arguments are taken.
    """

    name: str
    description: str
    parameters: Mapping[str, JsonValue]


@dataclass(frozen=True)
class ToolResult(Record):
    """What a tool gave back: a value, or an `error` in a sentence that says what was wrong with the arguments."""

    value: JsonValue = None
    error: str = ""


@runtime_checkable
class Tools(Protocol):
    """Has tools, so that an answer may be a plan: one call a line, `y2 = add(y1, 35)`.

    The loop resolves a plan with the tools and has its last value judged, as text, by `score`
    (chain of abstraction; Gao et al. 2024).
    """

    tools: Sequence[Tool]

    def call(self, tool: str, arguments: Mapping[str, JsonValue]) -> ToolResult | Awaitable[ToolResult]:
        """Use a tool: pure, and whatever the arguments are, an error is a `ToolResult` too."""
        ...

    def constants(self, task: Task) -> Sequence[JsonValue]:
        """The numbers and texts a plan for this task may name: those of the task, none that it leads to."""
        ...


@runtime_checkable
class PlansOnly(Protocol):
    """Has tools that no answer may do without: no number of the model's own is trusted."""

    plans_only: bool
    """Whether an answer that is no plan is wrong, whatever it says."""


@runtime_checkable
class Forms(Protocol):
    """Knows what an answer looks like, so that a search for the first right one does not fail by its form."""

    def form(self, task: Task) -> str:
        """A regular expression that right answers to the task match as a whole, without look-around and back
        references; empty where any text may be right. Of an episode it is that of a single action.

        It says no more than the task does: which of the answers of this form is right stays open.
        """
        ...


@dataclass(frozen=True)
class Turn(Record):
    """What an episode shows at one point.

    `observation` is all that the model sees of the situation. `label` judges the action that led here: -1 it was
    wrong, 0 it did neither good nor harm, +1 it was progress.
    """

    observation: str
    done: bool = False
    label: int = 0


@runtime_checkable
class Episode(Protocol):
    """One play of a task."""

    turn: Turn
    """What it shows now; at first, before any action."""

    def step(self, action: str) -> Turn | Awaitable[Turn]:
        """Act. Any string is legal: what makes no sense is answered by an observation that says so."""
        ...

    def feedback(self) -> Feedback | Awaitable[Feedback]:
        """The verdict on the actions so far, `steps` holding a label for each."""
        ...


@runtime_checkable
class Episodes(Protocol):
    """Poses tasks of several turns.

    The answer to such a task is its actions, and `score` judges them by playing them again:
    `burnish.environments.episodes.replayed` does that for any environment of this kind.
    """

    max_turns: int
    """Actions after which an episode is ended, whatever it shows."""

    def start(self, task: Task) -> Episode | Awaitable[Episode]:
        """A new play of the task: the same actions always lead to the same turns."""
        ...


@runtime_checkable
class Isolated(Protocol):
    """Runs code that models write, in a sandbox."""

    sandbox: str
    """Which sandbox keeps that code in, and what it held, in words for doctor and report."""


@dataclass(frozen=True)
class Seed(Record):
    """An exemplar that people made: a train task and a right answer to it."""

    task: Task
    answer: str


@runtime_checkable
class Seeds(Protocol):
    """Brings a handful of exemplars made by people; they enter memory (origin `seed`) when `score` verifies them."""

    def seeds(self) -> Sequence[Seed]:
        """The exemplars; their tasks belong to the train split."""
        ...


@runtime_checkable
class Shifted(Protocol):
    """Says whether validation and test tasks are of another kind than train tasks.

    Then what helps on train tasks proves nothing, and programs are raced on validation tasks from the first one on.
    """

    shifted: bool


@runtime_checkable
class Levels(Protocol):
    """Has a dial of difficulty."""

    levels: Sequence[str]
    """Names of the levels, from easy to hard."""

    def at_level(self, level: str) -> Self:
        """An environment like this one that poses tasks of this level only."""
        ...


ABILITIES: Mapping[str, type] = {
    "episodes": Episodes,
    "step labels": StepLabels,
    "tools": Tools,
    "forms": Forms,
    "authoring": Authoring,
    "variants": Varying,
    "evolving": Evolving,
    "answers": Solvable,
    "seeds": Seeds,
    "levels": Levels,
    "sandbox": Isolated,
    "licence": Licensed,
}
"""Every optional ability by the name that people read."""


def abilities(environment: object) -> tuple[str, ...]:
    """Names of the optional abilities an environment has."""
    return tuple(name for name, protocol in ABILITIES.items() if isinstance(environment, protocol))
