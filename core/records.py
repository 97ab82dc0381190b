"""What a run writes down about itself: answers of models, iterations, gate decisions, the sealed test.

None but a person's decision holds a time of day or a duration, so two runs that did the same have equal records.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeAlias

from burnish.by_hand import ByHand
from burnish.types import Attempt, JsonValue, Outcome, Record, Usage, Verdict, content_hash


@dataclass(frozen=True)
class Completion(Record):
    """A model's answer to one call.

    `probabilities` are those of the first token's likeliest values, where the server returns them.
    `truncated` says that the answer ended at the token limit. `call` is the key of the call that brought it; what the
    journal keeps under that key does not repeat it.
    """

    text: str
    model: str
    usage: Usage
    truncated: bool = False
    probabilities: Mapping[str, float] | None = None
    call: str = ""


QuestionKind: TypeAlias = Literal["judge", "write", "evaluate"]
"""What a person is asked: whether an answer is right, to write one, or whether one of the sealed test is right."""


@dataclass(frozen=True)
class Question(Record):
    """Something a run asks people. `answer`, `reward` and `verified` are what is known of it already, from model and
    environment; a question to write an answer has none.
    """

    kind: QuestionKind
    iteration: int
    task_id: str
    prompt: str
    answer: str = ""
    cell: str = ""
    feedback: str = ""
    reward: float | None = None
    verified: bool | None = None
    rating: float | None = None

    @cached_property
    def id(self) -> str:
        """Hash of what is asked: what was decided once is not asked again."""
        return content_hash(self.kind, self.task_id, self.answer)

    @property
    def attempt_id(self) -> str:
        """The id of the attempt that gave the answer."""
        return Attempt(self.task_id, 0, self.answer, program_id="", model="").id


Action: TypeAlias = Literal["accept", "reject", "edit", "rate", "skip", "undo"]


@dataclass(frozen=True)
class Decision(Record):
    """What a person said to a question: `answer` of an edit, `rating` 1 to 5 of a rating. What settled it before is
    undone by "undo". `when` is UTC, ISO 8601.
    """

    question: str
    action: Action
    who: str
    when: str
    answer: str = ""
    rating: int | None = None

    @property
    def settles(self) -> bool:
        """Whether the question is answered; one that is skipped or rated only is not."""
        return self.action in {"accept", "reject", "edit"}


@dataclass(frozen=True)
class GateRecord(Record):
    """A race of a challenger against the champion, as it stood after an iteration. `number` counts the challengers of
    the run from 1. One that is `open` goes on in the next iteration; `tasks`, scores and evidence are of all iterations
    so far, in which `drawn` validation tasks were drawn for it. `cap` is how many it may have; 0 in older journals,
    where it was the policy's. A `successor_id` names the program that takes the challenger's place from the next
    iteration on, and goes on with the evidence so far; the challenger itself came in after `since` tasks. On `missing`
    of the tasks the server or the environment failed; they count in the worst case.
    """

    number: int
    challenger_id: str
    champion_id: str
    operator: str
    description: str
    outcome: Outcome
    tasks: int
    champion_score: float
    challenger_score: float
    e_value: float
    threshold: float
    level: float
    lower: float
    upper: float
    open: bool = False
    drawn: int = 0
    cap: int = 0
    successor_id: str = ""
    since: int = 0
    missing: int = 0


@dataclass(frozen=True)
class ProposalRecord(Record):
    """A challenger that an operator proposed. `sent` says whether it went to the gate at once, as one that is `urgent`
    does; `score` is what its operator found on train tasks. It was put to tasks that failed first, and did better on
    the share `mended` of them; one that is `useless` on none, and was not tried further.
    """

    operator: str
    description: str
    program_id: str
    score: float | None
    sent: bool
    urgent: bool = False
    useless: bool = False
    mended: float = 0.0


ComparisonKind: TypeAlias = Literal["proposal", "earlier memory", "race", "successor"]


@dataclass(frozen=True)
class ComparisonRecord(Record):
    """A program beside the one that made the attempts of an iteration, on some of its tasks.

    `differences` are scores of `program_id` less those of `beside_id`, a task each. The other program is a proposal,
    the champion with an `earlier` memory, or what is raced: those pairs are evidence in the race. A `successor` is a
    proposal beside what is raced.
    """

    kind: ComparisonKind
    program_id: str
    beside_id: str
    differences: tuple[float, ...]


@dataclass(frozen=True)
class RatingRecord(Record):
    """Agreement of the judge's ratings with the verdicts, over the run so far; `by` is who rated, see `judging.by`."""

    rated: int
    auc: float | None
    lower: float | None
    upper: float | None
    vote: bool
    by: str = "model"


ADMITTED = "admitted"


@dataclass(frozen=True)
class ApplicantRecord(Record):
    """A judged answer, or a `turn` of one, that could be remembered, and its `outcome`: admitted, as `exemplar_id`, or
    why not. `merit` is what decided between it and others; `neighbour_id` is the exemplar most alike, in memory or new
    with it, at the cosine `likeness`; of what was not verified none was looked for.
    """

    attempt_id: str
    outcome: str
    merit: float
    turn: int | None = None
    exemplar_id: str = ""
    neighbour_id: str = ""
    likeness: float | None = None


REPLACED = "replaced by a near-duplicate with more merit"
NOT_RIGHT = "not found right"
"""Of a served answer; how the reason begins for which an exemplar is taken back."""
EVICTED = "evicted: memory is full and it is crowded or of little use"


@dataclass(frozen=True)
class DeathRecord(Record):
    """Why an exemplar died. `other_id` is the one that took its place, or of one that was evicted the one most alike of
    those that stayed, at the cosine `likeness`; `usefulness` is what showing it was seen to bring in reward.
    """

    exemplar_id: str
    reason: str
    other_id: str = ""
    likeness: float | None = None
    usefulness: float | None = None


@dataclass(frozen=True)
class IterationRecord(Record):
    """One committed iteration. Number 0 is the seed program, before anything was learned. One `by_hand` is a change
    that a person made, and nothing was attempted in it.
    """

    number: int
    revision: int
    champion_id: str
    attempts: int = 0
    verified: int = 0
    mean_reward: float = 0.0
    statuses: Mapping[str, int] = field(default_factory=dict)
    admitted: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    died: Mapping[str, int] = field(default_factory=dict)
    memory: int = 0
    proposals: tuple[ProposalRecord, ...] = ()
    comparisons: tuple[ComparisonRecord, ...] = ()
    retired: tuple[str, ...] = ()
    gates: tuple[GateRecord, ...] = ()
    rating: RatingRecord | None = None
    diversity: Mapping[str, JsonValue] = field(default_factory=dict)
    remembered: Mapping[str, JsonValue] = field(default_factory=dict)
    alarms: tuple[str, ...] = ()
    action: str = "none"
    temperature: float = 0.0
    validation_used: int = 0
    harmful: bool = False
    by_hand: ByHand | None = None

    def to_json(self) -> dict[str, JsonValue]:
        """See `Record.to_json`; what is not by hand does not mention it, as in older versions."""
        said = super().to_json()
        return said if self.by_hand else {name: value for name, value in said.items() if name != "by_hand"}


@dataclass(frozen=True)
class ArmRecord(Record):
    """One program on the sealed tasks; the interval is of the pass rate. Beside the `tasks` that it was judged on there
    are those that the server did not answer, and those that the environment failed to judge.
    """

    program_id: str
    passes: int
    tasks: int
    reward: float
    lower: float
    upper: float
    unanswered: int = 0
    unjudged: int = 0

    @property
    def rate(self) -> float:
        """The share of the tasks that it passed."""
        return self.passes / self.tasks if self.tasks else 0.0


SEALED = -1
"""The iteration number under which the journal keeps the sealed test."""

FEW_SHOT, IN_FORM, DRAWN, NEAREST = "few-shot seed", "seed in form", "drawn exemplars", "nearest answer"
SHUFFLED, WITHOUT_ADAPTER = "shuffled memory", "without adapter"

BASELINES = (FEW_SHOT, IN_FORM, DRAWN, NEAREST)
"""Arms of the sealed test that no learned program is needed for: the seed with the exemplars that people made, the seed
with its answers in the champion's format or held to their form, the seed with some exemplars of memory, drawn once, and
the answer of the exemplar most alike, with no model at all."""

CONTROLS = (*BASELINES, SHUFFLED, WITHOUT_ADAPTER)
"""The arms that the champion is compared with beside the seed: the baselines, the champion with every exemplar's answer
taken from another, and, where the run trained it an adapter, the champion without. Those that a model answers have half
of the tasks."""


@dataclass(frozen=True)
class ControlRecord(Record):
    """Champion minus a control in pass rate, on the tasks that both answered; `p_value` is McNemar's."""

    difference: float
    p_value: float


@dataclass(frozen=True)
class Proof(Record):
    """What was measured of a method's claim: `figure` with its 95 % interval, where it has one, and in words.

    A claim of statistics has the p-value `p`. It is `passed` where that, corrected for the number of such claims in the
    run, is at most 0.05. Other claims have their cases counted. `passed` is None where the run had too little of the
    method to tell.
    """

    method: str
    claim: str
    figure: float | None
    lower: float | None
    upper: float | None
    passed: bool | None
    detail: str
    p: float | None = None


@dataclass(frozen=True)
class TwinRecord(Record):
    """Of so many sealed `tasks` those that have a near-twin in memory, by id, and of so many `validation` tasks that
    were raced on how many have one; and the sealed test again without them: `left` tasks, on which seed and champion
    passed so many, and the p-value of McNemar's test.
    """

    tasks: int
    sealed: tuple[str, ...] = ()
    validation: int = 0
    validation_twins: int = 0
    left: int = 0
    seed: int = 0
    champion: int = 0
    p_value: float = 1.0

    @property
    def share(self) -> float:
        """The share of sealed tasks that have one."""
        return len(self.sealed) / self.tasks if self.tasks else 0.0


@dataclass(frozen=True)
class SealedRecord(Record):
    """The sealed test: arms "seed", "champion" and, where there are exemplars to show, those of `CONTROLS`.

    `difference` is champion minus seed in pass rate, with the interval of Bonett and Price (2012); `p_value` is
    McNemar's.
    """

    verdict: Verdict
    reason: str
    arms: Mapping[str, ArmRecord]
    difference: float
    lower: float
    upper: float
    p_value: float
    controls: Mapping[str, ControlRecord] = field(default_factory=dict)
    twins: TwinRecord | None = None

    @property
    def in_order(self) -> list[tuple[str, ArmRecord]]:
        """The arms as people read them: before, after, controls."""
        return [(name, self.arms[name]) for name in ("seed", "champion", *CONTROLS) if name in self.arms]
