"""Which evolved texts are no tasks: the eliminations of Evol-Instruct (Xu et al. 2023), each a rule of its own.

The last two need the environment and the champion: that it can solve the task, and that the task is neither trivial nor
out of reach.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

LEAKS = (
    "given prompt",
    "rewritten prompt",
    "new prompt",
    "given task",
    "rewritten task",
    "new task",
    "#rewritten",
    "#given",
    "#new",
)
"""Words of the templates, by which a text speaks of the rewriting and not of the matter."""

REFUSALS = (
    "i'm sorry",
    "i am sorry",
    "sorry,",
    "i cannot",
    "i can't",
    "i can not",
    "as an ai",
    "as a language model",
    "i am unable",
    "i'm unable",
)

_STOP_WORDS = (
    "a about after all also an and any are as at be been before but by can could did do does for from had has have he "
    "her his how i if in into is it its just like may me more most my no nor not now of on one only or other our out "
    "over she should so some such than that the their them then there these they this those to too up was we were what "
    "when where which who why will with would you your"
)
STOP_WORDS = frozenset(_STOP_WORDS.split())

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


def elimination(text: str, parent: str, known: Sequence[str] = ()) -> str:
    """Why an evolved text is eliminated; empty where it stays. `known` are all texts that are tasks already."""
    plain = unicodedata.normalize("NFKC", text).strip()
    words = [word.casefold() for word in _WORD.findall(plain)]
    lower = plain.casefold().replace("\u2019", "'")
    if any(lower.startswith(start) for start in REFUSALS):
        return "a refusal"
    if any(leak in lower for leak in LEAKS):
        return "words of the template"
    if all(word in STOP_WORDS for word in words):
        return "nothing but punctuation and stop words"
    if _same(plain, parent):
        return "no information gained"
    return "equal to a task that is known" if any(_same(plain, other) for other in known) else ""


def by_pass_rate(passed: int, tried: int) -> str:
    """Why a task is eliminated by how the champion did on it: only what lies between always and never teaches."""
    if passed == tried:
        return "trivial: the champion always solves it"
    return "out of reach: the champion never solves it" if passed == 0 else ""


def _same(a: str, b: str) -> bool:
    """Whether two texts say the same in the same words, whatever their case, spaces and marks."""
    return [w.casefold() for w in _WORD.findall(a)] == [w.casefold() for w in _WORD.findall(b)]
