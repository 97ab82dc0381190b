"""What counts as naming a licence: an SPDX expression (ISO/IEC 5962)."""

from __future__ import annotations

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

NOT_KNOWN = "NOASSERTION"
"""The SPDX word for a licence that is not known."""

UNSAID = frozenset({"unknown", "none", "other", "na", "n-a", "tbd", "todo", "proprietary", "licence", "license"})
"""Words in the form of a licence that name none."""


def flaw_of(licence: str) -> str:
    """What is wrong with a licence, as the end of a sentence that begins with it; empty where it names one."""
    if licence.casefold() in UNSAID:
        return (
            "which names none; give that of the tasks, LicenseRef-Own for those nobody else may use, or "
            f"{NOT_KNOWN} where it is not known"
        )
    try:
        if licence != NOT_KNOWN:
            canonicalize_license_expression(licence)
    except InvalidLicenseExpression:
        return "no SPDX expression such as Apache-2.0 or LicenseRef-Own"
    return ""
