"""What an iteration notes in its journal beside its attempts and decisions: each kind of event is a type.

`kind` and `body` are how an event stands in the journal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from burnish.agent.record.feedback_file import FeedbackRecord
from burnish.agent.record.ratings import Rated, as_rows
from burnish.policies.diversity import Cells
from burnish.types import JsonValue, canonical_json, content_hash

EVOL = "evol"
"""The expander whose tasks are kept or eliminated once they were attempted."""


class Event(Protocol):
    """Anything that is noted with an iteration."""

    @property
    def kind(self) -> str:
        """The name of its kind in the journal."""
        ...

    @property
    def body(self) -> JsonValue:
        """What is noted."""
        ...


@dataclass(frozen=True)
class Noted:
    """Something of any kind, such as why an operator refused a proposal."""

    kind: str
    body: JsonValue


@dataclass(frozen=True)
class Drafted:
    """A text that an expander wrote by one of its operators; `refused` says why it is no task."""

    kind = "draft"
    expander: str
    operator: str
    refused: str = ""

    @property
    def name(self) -> str:
        """Expander and operator."""
        return f"{self.expander} {self.operator}"

    @property
    def body(self) -> JsonValue:
        """See `Event.body`."""
        return {"operator": self.name, "refused": self.refused}

    @classmethod
    def read(cls, body: Mapping[str, JsonValue]) -> Self:
        """From the journal."""
        expander, _, operator = str(body["operator"]).partition(" ")
        return cls(expander, operator, str(body["refused"]))


@dataclass(frozen=True)
class Evolved:
    """An evolved task that was attempted, by expander and operator; `eliminated` says why it is not kept."""

    kind = "evolved"
    task: str
    expander: str
    operator: str
    eliminated: str = ""

    @property
    def body(self) -> JsonValue:
        """See `Event.body`."""
        return {"task": self.task, "operator": f"{self.expander} {self.operator}", "eliminated": self.eliminated}

    @classmethod
    def read(cls, body: Mapping[str, JsonValue]) -> Self:
        """From the journal."""
        expander, _, operator = str(body["operator"]).partition(" ")
        return cls(str(body["task"]), expander, operator, str(body["eliminated"]))


@dataclass(frozen=True)
class Barred:
    """Attempts that are not learned whatever their verdict, and why."""

    kind = "barred"
    reasons: Mapping[str, str]

    @property
    def body(self) -> JsonValue:
        """See `Event.body`."""
        return {**self.reasons}


@dataclass(frozen=True)
class SaidOfServed:
    """What clients said of served answers, each with the digest of the whole line, which a change by hand holds."""

    kind = "feedback"
    said: tuple[tuple[str, str, float, str], ...]
    """The id of the answer, who said it, the reward, and the digest."""

    @classmethod
    def of(cls, said: Sequence[tuple[str, FeedbackRecord]], lines: Sequence[Mapping[str, JsonValue]]) -> Self:
        """Of feedback on answers of some ids, and the lines that it stood in."""
        pairs = zip(said, lines, strict=True)
        return cls(tuple((id_, one.by, one.reward, content_hash(canonical_json(line))) for (id_, one), line in pairs))

    @property
    def body(self) -> JsonValue:
        """See `Event.body`."""
        return [{"answer": id_, "who": who, "reward": reward, "line": line} for id_, who, reward, line in self.said]


@dataclass(frozen=True)
class Preferred:
    """A revised answer that is better than another by a principle; `preferred` is the judge's word in both orders."""

    kind = "pair"
    better: str
    worse: str
    principle: str
    reason: str
    preferred: bool | None

    @property
    def body(self) -> JsonValue:
        """See `Event.body`."""
        return {
            "better": self.better,
            "worse": self.worse,
            "principle": self.principle,
            "reason": self.reason,
            "preferred": self.preferred,
        }


@dataclass(frozen=True)
class RatingsKept:
    """Ratings of the iteration; `kind` says whose."""

    kind: str
    rated: Sequence[Rated]

    @property
    def body(self) -> JsonValue:
        """See `Event.body`."""
        return as_rows(self.rated)


@dataclass(frozen=True)
class CellsFrozen:
    """The cells that samples of a size are counted in from now on; `of` is the kind of what is sampled, and `texts` are
    the answers of the first sample, with which later ones are compared.
    """

    kind = "cells"
    of: str
    size: int
    cells: Cells
    texts: tuple[str, ...] = ()

    @property
    def body(self) -> JsonValue:
        """See `Event.body`."""
        return {"of": self.of, "size": self.size, "texts": list(self.texts), **self.cells.to_json()}

    @classmethod
    def read(cls, body: Mapping[str, JsonValue]) -> Self:
        """From the journal; `of` and `texts` are empty in those of older versions."""
        texts = body.get("texts")
        cells = Cells.from_json({"centres": body["centres"]})
        known = tuple(map(str, texts)) if isinstance(texts, list) else ()
        return cls(str(body.get("of", "")), int(str(body["size"])), cells, known)


@dataclass(frozen=True)
class GuardAlarmed:
    """What fell, and what the guard did."""

    kind = "guard"
    alarms: tuple[str, ...]
    action: str

    @property
    def body(self) -> JsonValue:
        """See `Event.body`."""
        return {"alarms": list(self.alarms), "action": self.action}
