"""Cue words by label, and how a text is read by them: negation and contrast included.

No two labels share a cue, and no cue is a label's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType


def _listed(text: str) -> tuple[str, ...]:
    return tuple(" ".join(entry.split()) for entry in text.split(","))


CUES: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "sentiment": {
            "negative": _listed("""
                dreadful, awful, disappointing, filthy, terrible, horrible, tedious, shabby, rude, unbearable,
                miserable, appalling, overpriced, sloppy, dismal, unpleasant, disgusting, boring, useless, hopeless,
                ghastly, atrocious, lousy, infuriating
            """),
            "positive": _listed("""
                wonderful, delightful, excellent, superb, charming, splendid, marvellous, lovely, brilliant, fantastic,
                outstanding, magnificent, impressive, flawless, amazing, enjoyable, exquisite, gorgeous, terrific,
                fabulous, heavenly, pleasant, admirable, first-rate
            """),
        },
        "topic": {
            "cooking": _listed("""
                recipe, oven, dough, saucepan, whisk, garlic, casserole, frying pan, stew, gravy, pastry, marinade,
                rolling pin, omelette, dumplings, broth, chopping board, ladle
            """),
            "music": _listed("""
                violin, orchestra, melody, choir, concerto, drummer, guitarist, symphony, trumpet, sonata, cello,
                chorus, string quartet, conductor's baton, soprano, clarinet, ballad, piano
            """),
            "sport": _listed("""
                striker, goalkeeper, referee, penalty kick, marathon, relay race, semi-final, midfielder, goalpost,
                scoreboard, javelin, hurdles, batsman, sprint, long jump, tennis court, kick-off, gymnast
            """),
            "weather": _listed("""
                thunderstorm, drizzle, frost, heatwave, gale, snowfall, barometer, hailstones, fog, cold front,
                rainfall, blizzard, downpour, sleet, monsoon, cloud cover, hurricane, humidity
            """),
        },
        "intent": {
            "booking": _listed("reserve, reservation, book, sign up for, appointment"),
            "cancellation": _listed("call off, withdraw, terminate, back out of, opt out of, pull out of"),
            "delivery": _listed("parcel, package, courier, shipment, driver's van, consignment"),
            "payment": _listed("invoice, bill, receipt, instalments, bank transfer, direct debit"),
        },
    }
)
"""By kind of task and label. A cue is a word or a few, in lower case."""

NEGATIONS = frozenset({"not", "never", "no", "hardly", "nothing", "neither", "cannot"})
UNNEGATING = frozenset({"only", "just", "doubt"})
"""Words that undo a negation they follow, as in "not only"."""
REACH = 6
"""Words behind a negation that it reaches, within its clause."""
CONCEDING = frozenset({"although", "though", "while", "whereas"})
"""Words that open a clause which the rest of its sentence outweighs."""
LONGEST_TEXT = 600
FEWEST_WORDS = 4

_TOKEN = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*|[.!?,;:]")
_STOPS = frozenset(".!?")
_BREAKS = frozenset(",;:")

_BY_FIRST: Mapping[str, Sequence[tuple[tuple[str, ...], str, str]]] = MappingProxyType(
    {
        first: [
            (tuple(cue.split()), kind, label)
            for kind, labels in CUES.items()
            for label, cues in labels.items()
            for cue in cues
            if cue.split()[0] == first
        ]
        for labels in CUES.values()
        for cues in labels.values()
        for first in (cue.split()[0] for cue in cues)
    }
)


@dataclass(frozen=True)
class Reading:
    """What a text expresses: one label of one kind.

    `turned` says that a cue was negated or outweighed, `sentences` counts them.
    """

    kind: str
    label: str
    turned: bool
    sentences: int


@dataclass(frozen=True)
class _Cue:
    kind: str
    label: str
    negated: bool
    sentence: int
    clause: int


def read(text: str) -> Reading | None:
    """The one label that a text expresses, None when it expresses none or several or names a label.

    A cue counts for its label unless it is negated (then it counts for the other sentiment, or not at all) or
    outweighed: by what follows "but", by what follows a sentence that opens with "however", or by the rest of its
    sentence when its clause opens with "although", "though", "while" or "whereas".
    """
    if len(text) > LONGEST_TEXT or not text.isprintable():
        return None
    tokens = _TOKEN.findall(text.lower().replace("’", "'"))
    words = [token for token in tokens if token not in _STOPS | _BREAKS]
    if len(words) < FEWEST_WORDS or any(word.startswith(LABELS) for word in words):
        return None
    cues, outweighed = _cues(tokens)
    counting = [cue for cue in cues if not outweighed(cue)]
    expressed = {meaning for cue in counting if (meaning := _meaning(cue))}
    if len(expressed) != 1:
        return None
    ((kind, label),) = expressed
    turned = len(counting) < len(cues) or any(cue.negated for cue in cues)
    sentences = sum(token in _STOPS for token in tokens) + (tokens[-1] not in _STOPS)
    return Reading(kind, label, turned, sentences)


LABELS = tuple(label for labels in CUES.values() for label in labels)


def _meaning(cue: _Cue) -> tuple[str, str] | None:
    if not cue.negated:
        return cue.kind, cue.label
    if cue.kind != "sentiment":
        return None
    return cue.kind, "negative" if cue.label == "positive" else "positive"


class _Outweighed:
    """Which cues something else outweighs, by where they stand."""

    def __init__(self) -> None:
        self.before_sentence = 0
        self.before_clause: dict[int, int] = {}
        self.conceded: set[tuple[int, int]] = set()

    def __call__(self, cue: _Cue) -> bool:
        return (
            cue.sentence < self.before_sentence
            or cue.clause < self.before_clause.get(cue.sentence, 0)
            or (cue.sentence, cue.clause) in self.conceded
        )


def _cues(tokens: Sequence[str]) -> tuple[list[_Cue], _Outweighed]:
    found: list[_Cue] = []
    outweighed = _Outweighed()
    for sentence, words in enumerate(_cut(tokens, _STOPS)):
        if words and words[0] == "however":
            outweighed.before_sentence = sentence
        for clause, part in enumerate(_clauses(words)):
            if part and part[0] == "but":
                outweighed.before_clause[sentence] = clause
            if part and part[0] in CONCEDING:
                outweighed.conceded.add((sentence, clause))
            found += (_Cue(kind, label, neg, sentence, clause) for kind, label, neg in _in_clause(part))
    return found, outweighed


def _cut(tokens: Sequence[str], marks: frozenset[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for token in tokens:
        if token in marks:
            yield part
            part = []
        else:
            part.append(token)
    if part:
        yield part


def _clauses(words: Sequence[str]) -> Iterator[list[str]]:
    """The clauses of a sentence: parted by marks, and before every "but"."""
    for part in _cut(words, _BREAKS):
        start = 0
        for i, word in enumerate(part):
            if word == "but" and i > start:
                yield part[start:i]
                start = i
        yield part[start:]


def _in_clause(words: Sequence[str]) -> Iterator[tuple[str, str, bool]]:
    for i, word in enumerate(words):
        for cue, kind, label in _BY_FIRST.get(word, ()):
            if tuple(words[i : i + len(cue)]) == cue:
                yield kind, label, _negated(words, i)


def _negated(words: Sequence[str], place: int) -> bool:
    """Whether an odd number of negations reaches a place."""
    count = 0
    for i in range(max(0, place - REACH), place):
        negation = words[i] in NEGATIONS or words[i].endswith("n't")
        count += negation and words[i + 1] not in UNNEGATING
    return count % 2 == 1
