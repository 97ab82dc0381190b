"""What a server takes of a request. What it refuses by name is renamed or left out from then on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from burnish.types import Record

OPTIONAL = (
    "temperature", "top_p", "seed", "response_format", "top_logprobs", "logprobs", "grammar",
)  # fmt: skip
"""Fields that a request can do without."""
LIMIT, NEWER_LIMIT = "max_tokens", "max_completion_tokens"

_REFUSING = re.compile(
    r"unsupported|not (?:be )?(?:supported|permitted|allowed|accepted|recogni[sz]ed|available|enabled)|"
    r"(?:does|do|is) ?n[o']t support|unknown|unrecogni[sz]ed|unexpected|extra (?:inputs?|fields?)|deprecated|"
    r"only the default|additional propert|no such (?:field|parameter)|invalid (?:field|parameter|argument)|forbidden",
    re.IGNORECASE,
)
_SYSTEM = re.compile(r"system (?:role|message|prompt)|role '?\"?system|developer instruction", re.IGNORECASE)
_ALTERNATE = re.compile(r"\balternat", re.IGNORECASE)


@dataclass(frozen=True)
class Dialect(Record):
    """How requests are put to a server: fields that are `dropped`, whether the limit of tokens has its `newer_limit`
    name, which role carries the `system` message ("user": it goes in front of the first turn), and whether turns of one
    role that follow each other are `merged`. `prefix` stands between the address of the API and those of its parts.
    """

    dropped: tuple[str, ...] = ()
    newer_limit: bool = False
    system: Literal["system", "developer", "user"] = "system"
    merged: bool = False
    prefix: str = ""

    def put(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The body of a request as this server takes it."""
        made = {name: value for name, value in body.items() if name not in self.dropped}
        if self.newer_limit and LIMIT in made:
            made[NEWER_LIMIT] = made.pop(LIMIT)
        made["messages"] = self._turns(body["messages"])
        return made

    def _turns(self, messages: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
        turns = [dict(message) for message in messages]
        if self.system != "system":
            for turn in turns:
                turn["role"] = self.system if turn["role"] == "system" else turn["role"]
        if not self.merged and self.system != "user":
            return turns
        joined: list[dict[str, str]] = []
        for turn in turns:
            if joined and joined[-1]["role"] == turn["role"]:
                joined[-1]["content"] += f"\n\n{turn['content']}"
            else:
                joined.append(turn)
        return joined

    def taught(self, said: str, body: Mapping[str, Any]) -> tuple[Dialect, str] | None:
        """The dialect that a refusal asks for, with a sentence on what changes; None where it names nothing that a
        request could do without. `body` is what was refused.
        """
        for lesson in (self._limit, self._system, self._alternation, self._field):
            learned = lesson(said, body)
            if learned is not None:
                return learned
        return None

    def _limit(self, said: str, body: Mapping[str, Any]) -> tuple[Dialect, str] | None:
        if LIMIT not in body or NEWER_LIMIT not in said:
            return None
        return self._with(newer_limit=True), f"{LIMIT} is sent as {NEWER_LIMIT}"

    def _system(self, said: str, body: Mapping[str, Any]) -> tuple[Dialect, str] | None:
        if self.system == "user" or not _SYSTEM.search(said) or not _REFUSING.search(said):
            return None
        if all(message["role"] == "user" for message in body["messages"]):
            return None
        return self._with(system="user"), "the system message goes in front of the first turn"

    def _alternation(self, said: str, body: Mapping[str, Any]) -> tuple[Dialect, str] | None:
        roles = [message["role"] for message in body["messages"]]
        alternating = roles == [("user", "assistant")[place % 2] for place in range(len(roles))]
        if self.merged or alternating or not _ALTERNATE.search(said):
            return None
        return self._with(merged=True, system="user"), "turns of one role that follow each other are sent as one"

    def _field(self, said: str, body: Mapping[str, Any]) -> tuple[Dialect, str] | None:
        if not _REFUSING.search(said):
            return None
        for name in OPTIONAL:
            if name in body and re.search(rf"(?<![a-z_]){name}(?![a-z_])", said):
                also = ("top_logprobs",) if name == "logprobs" else ()
                return self._with(dropped=(*self.dropped, name, *also)), f"{name} is left out"
        return None

    def _with(self, **changes: Any) -> Dialect:
        return Dialect(**{**vars(self), **changes})
