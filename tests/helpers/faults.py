"""What servers do wrong: spells of faults between right answers, drawn from a number."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass

from laboratory import Answer, Body

from burnish.agent.models.scripted import ScriptedReply

SCALE = 1000
"""By how much the clock of waits is faster here: an outage of ten minutes takes 0.6 s."""
TIMEOUT = 0.4
"""Seconds that a server has for an answer."""
LONGEST_OUTAGE = 600 / SCALE

BUSY = tuple(ScriptedReply(status=429, text="slow down", headers=h) for h in ({}, {"Retry-After": "0"}))
BROKEN = tuple(ScriptedReply(status=status, text="out of order") for status in (500, 502, 503, 504, 529))
CUT = (ScriptedReply(hang_up=True), ScriptedReply("a half", cut=True))
STALLED = (ScriptedReply("too late", late=2 * TIMEOUT),)
MALFORMED = tuple(
    ScriptedReply(raw=raw)
    for raw in (
        b"",
        b"<html>Bad gateway</html>",
        b"{}",
        b'{"choices": []}',
        b'{"error": {"message": "overloaded", "code": 503}}',
        b'{"choices": [{"message": {"role": "assistant"',
    )
)
REFUSED = tuple(ScriptedReply(status=status, text="not now") for status in (401, 402, 403, 404))
KINDS = (BUSY, BROKEN, CUT, STALLED, MALFORMED, REFUSED)

FIRST = 12
"""Requests that are answered: what is refused at the start is a reason to stop."""
LAST = 120
"""The last request at which a spell begins; a run without faults makes about 150."""


@dataclass(frozen=True)
class Spell:
    """From request `begins` on, for so many requests or seconds, some of these replies come instead of answers."""

    begins: int
    requests: int
    seconds: float
    replies: tuple[ScriptedReply, ...]
    share: float


def schedule(number: int) -> list[Spell]:
    rng = random.Random(f"faults {number}")
    spells = []
    for place in range(rng.randint(1, 4)):
        kind = rng.choice(KINDS)
        outage = rng.random() < 0.3 and kind is not STALLED
        spells.append(
            Spell(
                begins=rng.randint(FIRST, LAST),
                requests=0 if outage else rng.randint(1, 4 if kind is STALLED else 24),
                seconds=rng.uniform(0, LONGEST_OUTAGE) if outage else 0.0,
                replies=tuple(rng.sample(kind, rng.randint(1, len(kind)))),
                share=rng.choice((1.0, 0.5)) if place else 1.0,
            )
        )
    return spells


class Faulty:
    """Answers as `answer` does, but for the spells of a schedule."""

    def __init__(self, answer: Answer, spells: list[Spell], number: int) -> None:
        self.faults = 0
        self.answers = 0
        self._answer = answer
        self._spells = spells
        self._rng = random.Random(number)
        self._lock = threading.Lock()
        self._requests = 0
        self._ends: dict[int, float] = {}

    def __call__(self, body: Body) -> str | ScriptedReply:
        with self._lock:
            self._requests += 1
            for place, spell in enumerate(self._spells):
                if self._holds(place, spell) and self._rng.random() < spell.share:
                    self.faults += 1
                    return self._rng.choice(spell.replies)
            self.answers += 1
        return self._answer(body)

    def _holds(self, place: int, spell: Spell) -> bool:
        if self._requests < spell.begins:
            return False
        if spell.requests:
            return self._requests < spell.begins + spell.requests
        return time.monotonic() < self._ends.setdefault(place, time.monotonic() + spell.seconds)
