"""How much tests try: a part in `make test`, everything in `make test-all`."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from typing import TypeVar

import pytest

T = TypeVar("T")

FULL = os.environ.get("BURNISH_TESTS") == "thorough"


def thorough_but(quick: Collection[T], values: Iterable[T]) -> list[object]:
    """Values of a parameter, of which `make test` tries those in `quick`."""
    return [value if value in quick else pytest.param(value, marks=pytest.mark.thorough) for value in values]
