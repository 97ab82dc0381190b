"""What instruction and feedback show of an answer's looks: examples of one, and the choices that they name. Both become
grammars in GBNF, the notation of llama.cpp, for a model that does not answer like that by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from burnish.agent.models.grammar import MOST_UNITS, literal

MOST_READ = 1_000
"""Characters at the beginning of a text, and at its end, that are searched: on a long one the search takes minutes, and
an example or a list of choices stands at the one or the other.
"""
MOST_LONG = 60
"""Characters of an example at most."""
MOST_CHOICES = 40
MOST_WORDS = 8
"""Words of a right answer beyond which it is taken for a text, and no shape."""
MOST_KEPT = 4
"""Words of an example that may be part of every answer."""
SHORT = 4
"""Letters of a capitalised word in an example from which it is a whole word; a shorter one may be the beginning of one.
"""

_RUN = re.compile(r"[^\W\d_]+|\d+")
_SHAPED = re.compile(r"[^\W_]+(?:[-/:_.|;=+*#@][^\W_]+)+")
_NO_SHAPE = re.compile(r"[a-z]+(?:-[a-z]+)+|(?:[A-Za-z]\.)+[A-Za-z]|\d+(?:\.\d+)+", re.ASCII)
"""Hyphenated words, abbreviations and numbers."""
_SHOWN = re.compile(
    r"\b(?:as in|such as|like this|for example|for instance|e\.g\.|example(?=:))(?P<colon>,?:?)\s+", re.IGNORECASE
)
_SENTENCE_ENDS = re.compile(r"[.;!?](?=\s|$)")
_ABBREVIATED = re.compile(r"(?:[^\W\d_]\.)+(?=\s|$)")
_QUOTED = re.compile(r"`([^`\n]+)`|\"([^\"\n]+)\"|“([^”\n]+)”")
_TOKEN = re.compile(r"[^\W_]+")
_PIECE = re.compile(r"[^\W\d_]+|\d+|.", re.DOTALL)
_SEVERAL = re.compile(r"[a-z]+(?: [a-z]+)+")
"""Several words in small letters, which are taken to be copied from the task together."""

_NAME = r"[\"'`]?[^\W\d_][\w'-]*(?: [^\W\d_][\w'-]*)?[\"'`]?"
_LISTED = re.compile(
    rf"(?P<open>: )?(?P<first>{_NAME})(?P<more>(?:, {_NAME})+),? (?:and|or) (?P<last>{_NAME})(?P<end>(?=[.:;!?)\n]|$))?"
)
_AFTER_COLON = re.compile(rf": (?P<list>{_NAME}(?:, {_NAME})+)(?=[.;!?)\n]|$)")
_BARRED = re.compile(rf"{_NAME}(?:(?: [/|] |\|){_NAME})+")
_EITHER = re.compile(
    r"(?:\b(?:answer|say|reply|respond|write|with|either|whether|is|are|be|choose|it)|:) +"
    r"[\"'`]?([^\W\d_]+)[\"'`]?(?: or |/)[\"'`]?([^\W\d_]+)\b",
    re.IGNORECASE,
)
_BULLET = re.compile(r"^[ \t]*[-*•][ \t]+([^:\n]{1,40})", re.MULTILINE)


def shapes(texts: Sequence[str]) -> list[str]:
    """Examples of an answer: what follows "as in" and the like or stands in quotation marks, and words with marks
    within them, such as `mail/INFO/1207` or `YYYY-MM-DD`.

    Those with digits come first. A description with the marks of an example, such as `component/LEVEL/user`, is left
    out.
    """
    texts = [_ends_of(text) for text in texts]
    shown = [example for text in texts for example in _introduced(text)]
    within = [word for text in texts for word in _SHAPED.findall(text) if not _NO_SHAPE.fullmatch(word)]
    found = dict.fromkeys([*shown, *(word for word in within if not any(word in example for example in shown))])
    numbered = [word for word in found if any(map(str.isdigit, word))]
    marks = {_RUN.sub("", word) for word in numbered}
    return numbered + [word for word in found if word not in numbered and _RUN.sub("", word) not in marks]


def _ends_of(text: str) -> str:
    return text if len(text) <= 2 * MOST_READ else f"{text[:MOST_READ]}\n{text[-MOST_READ:]}"


def _introduced(text: str) -> Iterator[str]:
    """What a text presents as an example, where it is more than a plain word."""
    for found in _SHOWN.finditer(text):
        rest = text[found.end() :].split("\n", maxsplit=1)[0].lstrip()
        quoted = _QUOTED.match(rest)
        if quoted:
            continue
        short = _ABBREVIATED.match(rest)
        example = short.group() if short else _SENTENCE_ENDS.split(rest)[0].partition(")")[0]
        if not found["colon"].endswith(":"):
            example = example.partition(",")[0]
        if _says_a_form(example):
            yield example.strip(" (")
    for quoted in _QUOTED.finditer(text):
        if _says_a_form(example := next(filter(None, quoted.groups()), "")):
            yield example.strip()


def _says_a_form(example: str) -> bool:
    """Whether an example has a form that words of a task can be put into."""
    runs = _RUN.findall(example)
    plain = " ".join(runs).islower() and not any(map(str.isdigit, example))
    return bool(runs) and len(example) <= MOST_LONG and not (plain and re.fullmatch(r"[\w\s,']*", example))


@dataclass(frozen=True)
class Shape:
    """An example of an answer. Those of its runs of letters that are `kept`, by number, are the same in all answers;
    its numbers are `copied` from the task where that has some with as many digits.
    """

    example: str
    kept: frozenset[int] = frozenset()
    copied: bool = False


def turns(example: str) -> list[Shape]:
    """In what ways answers may be shaped like an example of which nothing else is known, one for each answer in turn.

    Every second keeps no words, the others more and more of the first ones; none keeps all, but where numbers are left
    to fill in.
    """
    words = [run for run in _RUN.findall(example) if run.isalpha()]
    most = len(words) - (not any(map(str.isdigit, example)))
    kept = [way for number in range(1, min(most, MOST_KEPT) + 1) for way in (0, number)] or [0]
    return [Shape(example, frozenset(range(number)), copied) for copied in (True, False) for number in kept]


def shape_of(answer: str, prompt: str) -> Shape | None:
    """The shape of a right answer: what its task has too is filled in anew, the rest is kept. None where it shares
    nothing with its task, and for one of many words.
    """
    said = _Text(prompt, copied=True)
    known = {word.casefold() for word in said.words}
    begun = {word[:length] for word in said.words if word[0].isupper() for length in range(1, SHORT)}
    words = [run for run in _RUN.findall(answer) if run.isalpha()]
    kept = frozenset(place for place, word in enumerate(words) if word.casefold() not in known and word not in begun)
    shared = len(kept) < len(words) or any(number in said.numbers for number in _RUN.findall(answer))
    return Shape(answer, kept, copied=True) if shared and len(words) <= MOST_WORDS else None


def shape_grammar(shape: Shape, text: str) -> str:
    """Answers of a shape: its marks as they are, for each run of letters one of `text`, and digits for a number, or for
    a letter again and again, as of years and days.

    Letters are in capitals where the example has them there; a short run with a capital may be the beginning of a word,
    several words in a row are copied together, and letters at a number are a unit and stay.
    """
    said, example = _Text(text, shape.copied), shape.example
    parts: list[str] = []
    place = words = 0
    while place < len(example):
        several = _SEVERAL.match(example, place)
        if several and said.runs and not shape.kept & set(range(words, words + len(several.group().split()))):
            parts.append("run")
            place, words = several.end(), words + len(several.group().split())
            continue
        token = _TOKEN.match(example, place)
        if token and len(_RUN.findall(token.group())) > 2:  # letters and digits by turns: a code
            parts.append(f"[0-9a-zA-Z]{{{len(token.group())}}}")
            place, words = token.end(), words + sum(run.isalpha() for run in _RUN.findall(token.group()))
            continue
        piece = _PIECE.match(example, place)
        assert piece
        unit = example[place - 1 : place].isdigit() or example[piece.end() : piece.end() + 1].isdigit()
        parts.append(said.like(piece.group(), kept=words in shape.kept or unit))
        words += piece.group().isalpha()
        place = piece.end()
    rules = [f"root ::= {' '.join(parts)}"]
    return "\n".join([*rules, *said.runs] if "run" in parts else rules)


class _Text:
    """What a text has that may stand in place of a piece of an example."""

    def __init__(self, text: str, copied: bool) -> None:
        found = list(_RUN.finditer(text))[:MOST_UNITS]
        self.words = list(dict.fromkeys(run.group() for run in found if run.group().isalpha()))
        self.numbers = list(dict.fromkeys(run.group() for run in found if run.group().isdecimal())) if copied else []
        words = [run for run in found if run.group().isalpha()]
        together = {one.start(): text[one.end() : two.start()] == " " for one, two in pairwise(words)}
        self.runs = [
            f"w{place} ::= {literal(word.group())}" + (f' (" " w{place + 1})?' if together.get(word.start()) else "")
            for place, word in enumerate(words)
        ]
        if self.runs:
            self.runs.insert(0, "run ::= " + " | ".join(f"w{place}" for place in range(len(words))))

    def like(self, piece: str, *, kept: bool) -> str:
        """What may stand for a run of letters or digits, or a mark."""
        if not _RUN.fullmatch(piece):
            return literal(piece)
        if piece.isdigit():
            if alike := [number for number in self.numbers if len(number) == len(piece)]:
                return _one_of(alike)
            return f"[0-9]{{{len(piece) if piece[0] == '0' else 1},{len(piece)}}}"
        if len(piece) > 1 and len(set(piece)) == 1:
            return f"[0-9]{{{len(piece)}}}"
        if kept:
            return literal(piece)
        if alike := self._words_like(piece):
            return _one_of(alike)
        return f"[a-zA-Z]{{1,{2 * len(piece)}}}"

    def _words_like(self, piece: str) -> list[str]:
        """Words with capitals where a piece has them, those of others where there are none; for a short piece with one
        capital, beginnings of words too.
        """
        if piece.isupper() and len(piece) > 1:
            return [word for word in self.words if word.isupper()] or [word.upper() for word in self.words]
        if piece[0].isupper():
            capital = [word for word in self.words if word[0].isupper()] or [word.capitalize() for word in self.words]
            long = [word[: len(piece)] for word in capital if len(word) >= len(piece)]
            whole = capital if len(piece) > 1 else []
            return list(dict.fromkeys([*long, *whole] if len(piece) < SHORT else capital))
        return [word for word in self.words if not word.isupper()] or [word.lower() for word in self.words]


def choices(texts: Sequence[str]) -> list[str]:
    """What instruction and feedback name to choose from: `a, b and c`, `: a, b, c`, `a | b`, `answer yes or no`, or the
    points of a list. Each has two words at most, but for the points.
    """
    found = [name.strip(" \"'`.,;") for text in texts for name in _chosen_from(_ends_of(text))]
    return list(dict.fromkeys(filter(None, found)))[:MOST_CHOICES]


def _chosen_from(text: str) -> Iterator[str]:
    points = [point for point in _BULLET.findall(text) if len(point.split()) <= 4]
    if len(points) > 1:
        yield from points
    for found in _BARRED.finditer(text):
        yield from re.split(r" ?[/|] ?", found.group())
    for found in _AFTER_COLON.finditer(text):
        yield from found["list"].split(", ")
    for found in _LISTED.finditer(text):
        yield found["first"] if found["open"] else found["first"].split(" ")[-1]
        yield from found["more"].split(", ")
        yield found["last"] if found["end"] is not None else found["last"].split(" ")[0]
    for found in _EITHER.finditer(text):
        yield from found.groups()


def choice_grammar(named: Sequence[str]) -> str:
    """Answers that are one of these, and nothing else."""
    return f"root ::= {_one_of(named)}" if named else ""


def _one_of(texts: Sequence[str]) -> str:
    return f"({' | '.join(map(literal, texts))})"
