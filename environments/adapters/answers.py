"""Finding the final answer in what a model wrote."""

from __future__ import annotations

OPEN = "<answer>"
CLOSE = "</answer>"

LONGEST = 20_000
"""Characters of the longest final answer that is looked at: what is longer is no answer, and costs scorers minutes."""

IN_TAGS = f"Put the final answer alone between {OPEN} and {CLOSE}."


def final_answer(text: str) -> str:
    """What stands between the last pair of answer tags, or else the whole text; stripped, empty when too long."""
    end = text.rfind(CLOSE)
    start = text.rfind(OPEN, 0, end) if end >= 0 else -1
    found = (text[start + len(OPEN) : end] if start >= 0 else text).strip()
    return found if len(found) <= LONGEST else ""


def tagged(answer: str) -> str:
    """An answer as `final_answer` finds it."""
    return f"{OPEN}{answer}{CLOSE}"
