"""The codes, on terms."""

from __future__ import annotations

from codes import Codes


class LicensedCodes(Codes):
    """Codes that anybody may use."""

    name = "licensed codes"
    licence = "CC0-1.0"
    provenance = "Made up for the tests."
