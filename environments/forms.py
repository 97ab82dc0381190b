"""Forms of answers: regular expressions that a well-formed answer matches as a whole.

A search for the first right answers is held to them by a grammar in GBNF, the notation of llama.cpp.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib import import_module
from itertools import groupby
from typing import Any

_PARSER: Any = import_module("re._parser")  # what `re` itself reads with; it has no public one

MOST_LISTED = 8
"""Different words up to which a form lists them, where each came four times on average."""

EACH_SHAPE = 3
"""Different answers of a shape, on average, from which a form lists the shapes."""

SURE = 8
"""Different answers from which a length that they share counts as fixed."""

LONGEST = 200
"""Characters of the longest answer whose form is guessed."""

_CATEGORIES = {
    "CATEGORY_DIGIT": "0-9",
    "CATEGORY_SPACE": " \\t\\n\\r",
    "CATEGORY_WORD": "a-zA-Z0-9_",
}
_UNHELD = {
    "ASSERT": "look-around",
    "ASSERT_NOT": "look-around",
    "AT": "a boundary of words",
    "GROUPREF": "a back reference",
    "GROUPREF_EXISTS": "a condition",
}
_KINDS = {"A": "A-Z", "a": "a-z", "0": "0-9"}


def form_grammar(form: str) -> str:
    """The grammar of what matches a form as a whole, GBNF; empty for the empty form.

    Raises:
        ValueError: it is no regular expression, or one of what no grammar holds to: look-around and back references.

    """
    try:
        parsed = _PARSER.parse(form, re.ASCII)
    except (re.error, ValueError) as error:
        raise ValueError(f"is no regular expression ({error})") from error
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error
    if not form:
        return ""
    return "root ::= " + _Translator(parsed.state.flags).sequence(parsed)


def has_form(answer: str, form: str) -> bool:
    r"""Whether an answer matches a form as a whole; \d, \s and \w stand for ASCII, as in the grammar."""
    return re.fullmatch(form, answer, re.ASCII) is not None


def form_of(answers: Iterable[str]) -> str:
    """A form that all these answers have, guessed from how they are built; empty where nothing can be said.

    A few words that come again and again are listed. Otherwise runs of capitals, small letters and digits stand for
    any like them, half as long as the shortest to twice as long as the longest unless all are as long, and other
    characters for themselves; where the answers are of many shapes, for texts of these characters.
    """
    counts = Counter[str]()
    for answer in answers:
        if not answer.strip() or len(answer) > LONGEST:
            return ""
        counts[answer] += 1
    if not counts:
        return ""
    distinct = sorted(counts)
    words = not any(character.isdigit() for answer in distinct for character in answer)
    if words and len(distinct) <= MOST_LISTED and counts.total() >= 4 * len(distinct):
        return "|".join(map(re.escape, distinct))
    shapes: dict[tuple[str, ...], list[list[int]]] = {}
    for answer in distinct:
        runs = [(kind, len(list(run))) for kind, run in groupby(answer, key=_kind)]
        shapes.setdefault(tuple(kind for kind, _ in runs), []).append([length for _, length in runs])
    if len(shapes) * EACH_SHAPE <= len(distinct):
        return "|".join(
            "".join(_run(kind, lengths) for kind, lengths in zip(kinds, zip(*found, strict=True), strict=True))
            for kinds, found in sorted(shapes.items())
        )
    kinds = sorted({kind for shape in shapes for kind in shape})
    return _run("".join(kinds), [len(answer) for answer in distinct])


def listed(form: str, most: int = 16) -> tuple[str, ...]:
    """The answers of a form that lists at most so many; empty for a form that allows others.

    Raises:
        ValueError: it is no regular expression.

    """
    form_grammar(form)
    parsed = _PARSER.parse(form, re.ASCII)
    answers = _listed(parsed, most) if form and not parsed.state.flags & re.IGNORECASE else None
    return tuple(dict.fromkeys(answers)) if answers and len(answers) <= most else ()


def _listed(items: Any, most: int) -> list[str] | None:
    """All texts that a sequence stands for; None where it is more than a list of texts, or where they are too many."""
    texts = [""]
    for name, value in items:
        match str(name):
            case "LITERAL":
                found: list[str] | None = [chr(value)]
            case "IN" if all(str(kind) == "LITERAL" for kind, _ in value):
                found = [chr(code) for _, code in value]
            case "BRANCH":
                ways = [_listed(way, most) for way in value[1]]
                found = None if None in ways else [text for way in ways for text in way or ()]
            case "SUBPATTERN" if not value[1]:
                found = _listed(value[3], most)
            case _:
                found = None
        if found is None or len(texts) * len(found) > most:
            return None
        texts = [text + more for text in texts for more in found]
    return texts


def speak_of_json(texts: Iterable[str]) -> bool:
    """Whether an instruction, feedback or an answer among these texts suggests that answers are JSON."""
    return any("json" in text.casefold() or text.lstrip().startswith(("{", "[")) for text in texts)


def _kind(character: str) -> str:
    if character.isascii() and character.isalnum():
        return "0" if character.isdigit() else "A" if character.isupper() else "a"
    return character


def _run(kinds: str, lengths: Sequence[int]) -> str:
    low, high = min(lengths), max(lengths)
    if low < high or (kinds in _KINDS and len(lengths) < SURE):
        low, high = (low + 1) // 2, 2 * high
    characters = "".join(_KINDS.get(kind) or re.escape(kind) for kind in kinds)
    one = f"[{characters}]" if len(kinds) > 1 or kinds in _KINDS else characters
    return one if low == high == 1 else f"{one}{{{low}}}" if low == high else f"{one}{{{low},{high}}}"


class _Translator:
    """From what `re` parsed to GBNF."""

    def __init__(self, flags: int) -> None:
        self._flags = flags

    def sequence(self, items: Any) -> str:
        parts: list[str] = []
        for literal, run in groupby(items, key=lambda item: str(item[0]) == "LITERAL" and not self._folds(item[1])):
            if literal:
                parts.append(_quoted("".join(chr(code) for _, code in run)))
            else:
                parts += [part for name, value in run if (part := self._item(str(name), value))]
        return " ".join(parts) or '""'

    def _item(self, name: str, value: Any) -> str:
        match name:
            case "LITERAL":
                return f"[{self._members(chr(value))}]"
            case "NOT_LITERAL":
                return f"[^{self._members(chr(value))}]"
            case "ANY":
                return "[\\U00000001-\\U0010FFFF]" if self._flags & re.DOTALL else "[^\\n]"
            case "IN":
                return self._class(value)
            case "BRANCH":
                return "(" + " | ".join(map(self.sequence, value[1])) + ")"
            case "SUBPATTERN":
                _, added, removed, items = value
                return f"({_Translator((self._flags | added) & ~removed).sequence(items)})"
            case "ATOMIC_GROUP":
                return f"({self.sequence(value)})"
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                low, high, items = value
                upper = "" if high == _PARSER.MAXREPEAT else high
                return f"({self.sequence(items)}){{{low},{upper}}}"
            case "AT" if str(value).startswith(("AT_BEGINNING", "AT_END")):  # the whole is matched anyway
                return ""
        raise ValueError(f"uses {_UNHELD.get(name, name)}, which no grammar can hold an answer to")

    def _folds(self, code: int) -> bool:
        """Whether a character stands for its other case too."""
        return self._flags & re.IGNORECASE != 0 and len(other := chr(code).swapcase()) == 1 and other != chr(code)

    def _class(self, items: Any) -> str:
        negated, parts = "", []
        for kind, value in items:
            match str(kind):
                case "NEGATE":
                    negated = "^"
                case "LITERAL":
                    parts.append(self._members(chr(value)))
                case "RANGE":
                    parts += self._ranges(chr(value[0]), chr(value[1]))
                case "CATEGORY" if str(value) in _CATEGORIES:
                    parts.append(_CATEGORIES[str(value)])
                case "CATEGORY" if len(items) == 1:
                    return f"[^{_CATEGORIES[str(value).replace('CATEGORY_NOT_', 'CATEGORY_')]}]"
                case _:
                    raise ValueError("mixes a class such as \\S with other characters, which no grammar can hold to")
        return f"[{negated}{''.join(parts)}]"

    def _ranges(self, low: str, high: str) -> list[str]:
        """A range as it stands in a class, with the other case of its ASCII letters where case does not count."""
        found = [(low, high)]
        if self._flags & re.IGNORECASE:
            for letters in (string.ascii_lowercase, string.ascii_uppercase):
                held = [letter for letter in letters if low <= letter <= high]
                found += [(held[0].swapcase(), held[-1].swapcase())] if held else []
        return [f"{_escaped(a)}-{_escaped(b)}" for a, b in found]

    def _members(self, character: str) -> str:
        """A character as members of a class, in both cases where case does not count."""
        both = character + character.swapcase() if self._folds(ord(character)) else character
        return "".join(map(_escaped, both))


def _escaped(character: str) -> str:
    """A character as it stands in a class."""
    plain = character.isprintable() and character not in "]\\^-["
    return character if plain else f"\\U{ord(character):08X}"


def _quoted(text: str) -> str:
    """A text as it stands in a rule."""
    plain = (one if one.isprintable() and one not in '"\\' else f"\\U{ord(one):08X}" for one in text)
    return f'"{"".join(plain)}"'
