"""Numbers with their limits, as types: what a setting may be stands where the setting is declared.

The configuration enforces them by pydantic, and the page of all keys prints them.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

from annotated_types import Ge, Gt, Le, Lt

Positive: TypeAlias = Annotated[int, Ge(1)]
"""A whole number of 1 or more."""

Count: TypeAlias = Annotated[int, Ge(0)]
"""A whole number of 0 or more."""

NonNegative: TypeAlias = Annotated[float, Ge(0)]
"""A number of 0 or more."""

AboveZero: TypeAlias = Annotated[float, Gt(0)]
"""A number above 0."""

Share: TypeAlias = Annotated[float, Ge(0), Le(1)]
"""A number from 0 to 1."""

Nucleus: TypeAlias = Annotated[float, Gt(0), Le(1)]
"""A number above 0, at most 1."""

Probability: TypeAlias = Annotated[float, Gt(0), Lt(1)]
"""A number between 0 and 1, neither of them."""

Temperature: TypeAlias = Annotated[float, Ge(0), Le(2)]
"""A sampling temperature, 0 to 2."""
