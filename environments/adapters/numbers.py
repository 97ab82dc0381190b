"""Numbers as people and models write them, read as written or not at all.

The decimal sign is a point or a comma, and the other one may part groups of three digits, all of them or none: "3,5" is
three and a half, "1,2,3" is no number. "1,234" could be either: as an answer it is read as a thousand and more, and as
an expectation it is refused. The minus sign of typography (U+2212) is a minus.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

LONGEST_NUMBER = 60
"""Characters of the longest number that is read."""

AMBIGUOUS = "is ambiguous: its comma may part thousands or decimals; write it without a comma, such as 1234 or 1.234"
NOT_READ = "with one point for decimals, and commas between groups of three digits only"

_NUMBER = re.compile(r"[+-]?(?:[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?|\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_WITH_COMMA = re.compile(r"[+-]?(?:\d+,\d+|\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,})", re.ASCII)
_ONE_GROUP = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}", re.ASCII)
_AROUND = ".,;:!?()[]{}$€£%*`'\"="
_MINUS = "\N{MINUS SIGN}"
_DIGIT = re.compile(r"\d")
_NUMERIC = re.compile(r"[-+]?[.,'’]?\d[\d.,'’_]*")


def number_of(text: str) -> Decimal | None:
    """The number a text is; None where it is none, or too long or too far from 1 to reckon with."""
    plain = text.strip().replace(_MINUS, "-")
    if len(plain) > LONGEST_NUMBER:
        return None
    if _NUMBER.fullmatch(plain):
        plain = plain.replace(",", "")
    elif _WITH_COMMA.fullmatch(plain):
        plain = plain.replace(".", "").replace(",", ".")
    else:
        return None
    try:
        number = Decimal(plain)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) <= LONGEST_NUMBER else None


def numbers_in(text: str) -> list[Decimal | None]:
    """The numbers among the words of a text; None stands for what looks like one and cannot be read."""
    return list(_found(text))


def _found(text: str) -> Iterator[Decimal | None]:
    for word in text.replace(_MINUS, "-").split():
        bare = _bare(word)
        number = number_of(bare)
        if number is not None or (_NUMERIC.fullmatch(bare) and _DIGIT.search(bare)):
            yield number


def _bare(word: str) -> str:
    """The word without what stands around it; a point before a digit belongs to the number."""
    bare = word.strip(_AROUND)
    before = word[: word.find(bare)] if bare else ""
    return f".{bare}" if before.endswith(".") and bare[:1].isdigit() else bare


def expected_number(text: str) -> str:
    """The number that a file expects, as it is written there.

    Raises:
        ValueError: it is none, or could be read in two ways; the message says what it must be.

    """
    plain = text.strip()
    if _ONE_GROUP.fullmatch(plain.replace(_MINUS, "-")):
        raise ValueError(AMBIGUOUS)
    if number_of(plain) is None:
        raise ValueError(f"must be a number, {NOT_READ}" if _NUMERIC.fullmatch(plain) else "must be a number")
    return plain
