"""A call to a model, as it was made: what was sent and where each part of it comes from, every try, what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from burnish.agent.inspecting.answers import Answer, answers
from burnish.agent.models.client import digest_of
from burnish.agent.models.rendering import defuse
from burnish.errors import ConfigError
from burnish.memory.connection import stored
from burnish.memory.journal_reader import CallKey, JournalReader
from burnish.types import JsonValue, Record

RULES = "rules"
"""The section of a prompt that rules are in, one a line."""
Source: TypeAlias = Literal["section", "rule", "exemplar", "task", "other"]


@dataclass(frozen=True)
class Part(Record):
    """A piece of a message, and where it comes from: a section by `name`, a rule, an exemplar by its id, the task."""

    text: str
    source: Source
    name: str = ""


@dataclass(frozen=True)
class SentMessage(Record):
    """A message as the server got it, in parts whose texts together are its content."""

    role: str
    parts: tuple[Part, ...]

    @property
    def content(self) -> str:
        """All of it."""
        return "".join(part.text for part in self.parts)


@dataclass(frozen=True)
class Try(Record):
    """One time that a call was sent. `said` are the server's words where it gave no answer; then it was `waited` for so
    many seconds.
    """

    number: int
    state: str
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    usd: float
    seconds: float
    said: str
    waited: float


@dataclass(frozen=True)
class CallStory(Record):
    """A call: where it stands, what was sent (`messages` and other `settings`), its tries, the answer, and the judged
    answers that it led to. `digest_agrees` says whether what is kept of the request is what its key names; None where a
    run kept no requests.
    """

    key: str
    iteration: int
    node: str
    role: str
    item: str
    slot: int
    model: str
    messages: tuple[SentMessage, ...]
    settings: dict[str, JsonValue]
    digest_agrees: bool | None
    tries: tuple[Try, ...]
    answer: str
    truncated: bool
    led_to: tuple[Answer, ...]


def parsed(key: str) -> CallKey:
    """A key from its text."""
    iteration, node, role, rest = key.split("/", 3)
    item, slot, request = rest.rsplit("/", 2)
    return CallKey(int(iteration), node, role, item, int(slot), request)


def call_story(journal: JournalReader, key: str, fingerprint: str) -> CallStory:
    """All that is known of a call, by its key; `fingerprint` is that of the run's configuration.

    Raises:
        ConfigError: there is no such call.

    """
    rows = journal.named_rows("SELECT * FROM calls WHERE key = ? ORDER BY try", (key,))
    if not rows:
        raise ConfigError(f"this run made no call {key}; `burnish show` lists those that are near")
    at = parsed(key)
    done: dict[str, JsonValue] = next((stored(row["body"]) for row in rows if row["state"] == "done"), {})
    written = journal.request(at.request)
    body = json.loads(written) if written is not None else {}
    led_to = answers(
        journal,
        "a.iteration = ? AND a.node = ? AND json_extract(a.body, '$.call') = ?",
        (at.iteration, at.node, key),
    )
    known = list(_known(journal, led_to))
    return CallStory(
        key=key,
        iteration=at.iteration,
        node=at.node,
        role=at.role,
        item=at.item,
        slot=at.slot,
        model=str(done.get("model") or body.get("model") or ""),
        messages=tuple(SentMessage(m["role"], cut(m["content"], known)) for m in body.pop("messages", [])),
        settings=body,
        digest_agrees=None if written is None else digest_of(written, fingerprint) == at.request,
        tries=tuple(_try(row) for row in rows),
        answer=str(done.get("text", "")),
        truncated=bool(done.get("truncated", False)),
        led_to=tuple(led_to),
    )


def _try(row: object) -> Try:
    one: dict[str, JsonValue] = dict(row)  # type: ignore[call-overload]
    return Try(
        number=int(str(one["try"])),
        state=str(one["state"]),
        prompt_tokens=int(str(one["prompt_tokens"])),
        completion_tokens=int(str(one["completion_tokens"])),
        cached_tokens=int(str(one["cached_tokens"])),
        usd=float(str(one["usd"])),
        seconds=float(str(one["seconds"])),
        said="" if one["state"] == "done" else str(one["body"]),
        waited=float(str(one["waited"])),
    )


def _known(journal: JournalReader, led_to: Sequence[Answer]) -> Iterator[Part]:
    """The texts that a request may be made of: those of the program, the exemplars and the task of what it led to."""
    for answer in led_to[:1]:
        for name, text in journal.program(answer.program).prompt.sections if answer.program else ():
            yield from (
                [Part(line, "rule", name) for line in text.splitlines() if line.strip()]
                if name == RULES
                else [Part(text, "section", name)]
            )
        for exemplar in journal.exemplars_named(answer.exemplars):
            yield Part(exemplar.prompt, "exemplar", exemplar.id)
            yield Part(exemplar.answer, "exemplar", exemplar.id)
        if journal.has_task(answer.task):
            yield Part(journal.task(answer.task).prompt, "task", answer.task)


def cut(content: str, known: Sequence[Part]) -> tuple[Part, ...]:
    """A message in parts: the longest texts that are known are looked for first, what is left is of no known source."""
    pieces = [Part(content, "other")]
    for part in sorted(known, key=lambda part: -len(part.text)):
        text = defuse(part.text)
        if text.strip():
            pieces = [piece for whole in pieces for piece in _cut_out(whole, text, part)]
    return tuple(pieces)


def _cut_out(whole: Part, text: str, part: Part) -> Iterator[Part]:
    """A part of no known source without the first place at which a text stands, and that place."""
    if whole.source != "other" or text not in whole.text:
        yield whole
        return
    before, _, after = whole.text.partition(text)
    if before:
        yield Part(before, "other")
    yield Part(text, part.source, part.name)
    if after:
        yield Part(after, "other")
