"""What counts as naming a licence: an SPDX expression (ISO/IEC 5962)."""

from __future__ import annotations

import re

NOT_KNOWN = "NOASSERTION"
"""The SPDX word for a licence that is not known."""

UNSAID = frozenset({"unknown", "none", "other", "na", "n-a", "tbd", "todo", "proprietary", "licence", "license"})
"""Words in the form of a licence that name none."""

_NAME = re.compile(r"[A-Za-z0-9.+-]+(:[A-Za-z0-9.-]+)?")
_JOINING = frozenset({"AND", "OR", "WITH"})


def flaw_of(licence: str) -> str:
    """What is wrong with a licence, as the end of a sentence that begins with it; empty where it names one."""
    words = [word for word in re.split(r"[\s()]+", licence) if word]
    if not words or not all(_NAME.fullmatch(word) for word in words) or not _JOINING.issuperset(words[1::2]):
        return "no SPDX expression such as Apache-2.0 or LicenseRef-Own"
    if licence.casefold() in UNSAID:
        return (
            "which names none; give that of the tasks, LicenseRef-Own for those nobody else may use, or "
            f"{NOT_KNOWN} where it is not known"
        )
    return ""
