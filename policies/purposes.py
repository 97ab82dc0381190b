"""What data may be used for: by the terms of every model that had a part in it, and the licence of its tasks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

from burnish.terms import Terms, Training

Purpose: TypeAlias = Literal["train", "evaluate", "share"]
"""`train` models on it, `evaluate` models or data of one's own with it, `share` it with others."""

STRICTEST_FIRST: tuple[Training, ...] = ("no", "unknown", "not-competing", "yes")

NO_LICENCE = frozenset({"", "NOASSERTION", "NONE"})

NO_KNOWN_LICENCE = "the tasks have no known licence"


def refusal(purpose: Purpose, terms: Terms, model: str, *, competing: bool = True) -> str:
    """Why a model's terms forbid a purpose; empty where they do not.

    What is not known is refused, but for evaluation, which shows nothing to anybody. `competing` is whether what is
    trained may compete with the model's maker.
    """
    if purpose == "evaluate":
        return ""
    said, what = (terms.sharing, "be shared") if purpose == "share" else (terms.training, "train other models")
    if said == "not-competing":
        return f"outputs of {model} may train no model that competes with its maker's" if competing else ""
    if said == "unknown":
        return f"it is not known whether outputs of {model} may {what}"
    return f"outputs of {model} may not {what}" if said == "no" else ""


def licence_refusal(purpose: Purpose, licence: str) -> str:
    """Why the licence of the tasks forbids a purpose; empty where it does not."""
    if purpose == "evaluate" or licence not in NO_LICENCE:
        return ""
    return NO_KNOWN_LICENCE


def strictest(terms: Iterable[Terms]) -> Training:
    """What all of them allow together: a data set may be used as its strictest generator allows."""
    return min((one.training for one in terms), key=STRICTEST_FIRST.index, default="yes")
