"""The words of Burnish as frozen records. All of them survive a JSON round trip unchanged."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, TypeAlias

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
else:
    JsonValue = Any  # an alias of itself has no schema
Split: TypeAlias = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")

ALIVE = 2**31 - 1
"""`Exemplar.died` of an exemplar that is still alive: later than any revision."""


def canonical_json(value: object) -> str:
    """The one JSON text of a value: sorted keys, no spaces, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def content_hash(*parts: str) -> str:
    """First 16 hex digits of SHA-256 over the parts; lone surrogates are hashed, not refused."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()[:16]


def canonical_text(text: str) -> str:
    """Text as it counts for identity: NFC, white space folded, ends stripped."""
    return " ".join(unicodedata.normalize("NFC", text).split())


class Record:
    """JSON for frozen dataclasses of plain values, nested records, tuples and mappings."""

    __slots__ = ()

    def to_json(self) -> dict[str, JsonValue]:
        """The record as JSON-ready values, field by field, after its id where it has one; what JSON does not know is
        left as it is, to be refused.
        """
        own: Any = type(self)  # mypy takes no class of records for hashable
        return {name: _plain(getattr(self, name)) for name in _names(own)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`. Fields that are not there take their defaults, and others are left out.

        Raises:
            ValueError: the values are not of the types of the fields.

        """
        own: Any = cls
        record: Self = _adapter(own).validate_python(data)
        return record


@cache
def _names(cls: Any) -> tuple[str, ...]:
    names = tuple(field.name for field in dataclasses.fields(cls))
    return ("id", *names) if hasattr(cls, "id") and "id" not in names else names


def _plain(value: Any) -> Any:
    # By hand: pydantic would write sets, paths and keys that are no text too, and a task of them must be refused.
    if isinstance(value, Record):
        return value.to_json()
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    return value


@cache
def _adapter(cls: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter  # heavy, and the command line starts without it

    return TypeAdapter(cls)


class Status(StrEnum):
    """What became of judging one answer. `error` and `timeout` are faults of the environment; what is `unanswered`, a
    fault of the server, was never judged.
    """

    OK = "ok"
    UNPARSABLE = "unparsable"
    ERROR = "error"
    TIMEOUT = "timeout"
    UNANSWERED = "unanswered"

    @property
    def judged(self) -> bool:
        """Whether the environment did give a verdict."""
        return self in (Status.OK, Status.UNPARSABLE)


ASKED = "asked"
"""`Task.origin` of a text that a client asked the served run."""


@dataclass(frozen=True)
class Task(Record):
    """One problem an environment poses.

    `prompt` is all the model sees. `data` is what the environment needs to judge (the expected answer,
    say); it is never rendered into a prompt. `cell` names the kind of task, for coverage and balance.

    A task that a run made itself says so: `origin` "evolved" from the task `parent`, or "augmented", written for an
    answer; what a client asked the served run is "asked". `author` is the model that wrote it, empty where a program
    did; `generation` counts how often it was made harder.
    """

    __pydantic_config__: ClassVar[Any] = {"coerce_numbers_to_str": True}  # cells in journals of older versions

    environment: str
    prompt: str
    data: Mapping[str, JsonValue] = field(default_factory=dict)
    cell: str = ""
    origin: str = ""
    parent: str = ""
    author: str = ""
    operator: str = ""
    generation: int = 0

    @cached_property
    def id(self) -> str:
        """Hash of the environment's name and the canonical prompt: equal prompts are one task."""
        return content_hash(self.environment, canonical_text(self.prompt))

    @property
    def split(self) -> Split:
        """60 % train, 20 % validation, 20 % test, by the id alone."""
        return split_of(self.id)


def split_of(task_id: str) -> Split:
    """The split of a task, by its id."""
    bucket = int(task_id[:8], 16) % 10
    return "train" if bucket < 6 else "validation" if bucket < 8 else "test"


@dataclass(frozen=True)
class Feedback(Record):
    """What the environment said of one answer.

    `reward` is in [0, 1]. `verified` is the verdict: only a verified answer may be remembered. It is
    stricter than a high reward: an answer that holds everything right and something more is not verified.
    `text` says what is wrong, a sentence a line, without giving the right answer away; the lines that
    recur most are made into rules. `steps` are labels -1, 0 or +1, one for each step of the answer.
    """

    reward: float
    verified: bool
    text: str = ""
    parts: Mapping[str, float] = field(default_factory=dict)
    steps: tuple[int, ...] = ()
    status: Status = Status.OK


@dataclass(frozen=True)
class Usage(Record):
    """What one model call, or a sum of calls, used. `cached_tokens` are those of `prompt_tokens` that the
    server took from its prefix cache.
    """

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    usd: float = 0.0
    seconds: float = 0.0

    @property
    def tokens(self) -> int:
        """Prompt and completion tokens together."""
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(*(a + b for a, b in zip(dataclasses.astuple(self), dataclasses.astuple(other), strict=True)))


@dataclass(frozen=True)
class Message(Record):
    """One chat message."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class Played(Record):
    """One turn of an episode: what was seen, what was done, and the label -1, 0 or +1 of that. `call` is the key of the
    call that brought it.
    """

    observation: str
    action: str
    label: int = 0
    call: str = ""


@dataclass(frozen=True)
class Attempt(Record):
    """What the model answered to a task. `slot` is the sample's number within the task.

    The answer to a task of several `turns` is its actions, see `burnish.environments.episodes`. `origin` says how it
    came about: an "attempt" of a model, "person" where a person wrote or edited it, "cleaned" where a model cleaned
    what a person wrote, "teacher" where the teacher gave it. `reviewer` is who judged it, where that was a person.
    `rung` is how a search asked for it, see `burnish.policies.cold_start`; empty where it was none. `fault` is what the
    server said in place of an answer; it is never judged as one. `call` is the key of the call that brought it, in the
    journal; that of an episode is in its turns.
    """

    task_id: str
    slot: int
    answer: str
    program_id: str
    model: str
    exemplar_ids: tuple[str, ...] = ()
    truncated: bool = False
    usage: Usage = Usage()
    turns: tuple[Played, ...] = ()
    origin: str = "attempt"
    reviewer: str = ""
    rung: str = ""
    fault: str = ""
    call: str = ""

    @cached_property
    def id(self) -> str:
        """Hash of task and answer, and of the fault where there is one."""
        return content_hash(self.task_id, self.answer, *filter(None, [self.fault]))


@dataclass(frozen=True)
class Exemplar(Record):
    """A verified attempt kept in memory, or one turn of it. Immutable but for its death.

    Alive at revision r when `born <= r < died`. `reason` says why it was admitted, `death` why it died. `attempt_id`
    names the answer that it was; of an episode's `turn`, where `prompt` is the observation and `answer` the action, the
    whole episode. `level` is that of human involvement, 1 to 6; `reviewer` the person who judged it, if one did. `call`
    is the key of the call that brought it, which begins with iteration and node. `again` is the id of the exemplar that
    it is once more, in this run or in the one that its program file is from.
    """

    __pydantic_config__: ClassVar[Any] = {"coerce_numbers_to_str": True}  # cells in journals of older versions

    task_id: str
    prompt: str
    answer: str
    reward: float
    cell: str
    born: int
    model: str
    origin: str = "attempt"
    rating: float | None = None
    reason: str = ""
    died: int = ALIVE
    death: str = ""
    attempt_id: str = ""
    turn: int | None = None
    level: int = 6
    reviewer: str = ""
    call: str = ""
    again: str = ""

    @cached_property
    def id(self) -> str:
        """Hash of task, turn, answer and the revision it was born at (an exemplar may be born again)."""
        return content_hash(self.lesson, self.answer, str(self.born))

    @property
    def lesson(self) -> str:
        """What it answers: its task, or a turn of that."""
        return self.task_id if self.turn is None else f"{self.task_id}#{self.turn}"

    def to_json(self) -> dict[str, JsonValue]:
        """See `Record.to_json`; `died` is null as long as it is alive."""
        return {**super().to_json(), "died": None if self.died == ALIVE else self.died}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """See `Record.from_json`."""
        died = data.get("died")
        return super().from_json({**data, "died": ALIVE if died is None else died})

    def alive(self, revision: int) -> bool:
        """Whether it is part of memory as of `revision`."""
        return self.born <= revision < self.died


Outcome: TypeAlias = Literal["accept", "reject", "undecided"]
Verdict: TypeAlias = Literal["improved", "no improvement", "undecided", "worse", "collapsed"]
