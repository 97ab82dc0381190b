"""When a value that a candidate returned is the right one."""

from __future__ import annotations

import math
from dataclasses import dataclass

from burnish.types import Record


@dataclass(frozen=True)
class Equality(Record):
    """Strict unless told otherwise: True is not 1, 1 is not 1.0, a tuple is no list; NaN is NaN.

    `numbers` lets 1 be 1.0 (True stays another thing); `sequences` lets a tuple be a list, as where the right values
    come from JSON; `tolerance` is how far apart floats may be, absolutely or relative to the larger.
    Elements of sets and keys are compared without tolerance.
    """

    numbers: bool = False
    sequences: bool = False
    tolerance: float = 0.0

    def same(self, value: object, right: object) -> bool:
        """Whether they are equal, all the way down. Both are of plain builtin classes."""
        if isinstance(value, (list, tuple)) and isinstance(right, (list, tuple)):
            alike = self.sequences or type(value) is type(right)
            return alike and len(value) == len(right) and all(map(self.same, value, right))
        if isinstance(value, float) and isinstance(right, float):
            return self._close(value, right)
        if type(value) is not type(right):
            return self.numbers and _is_number(value) and _is_number(right) and self._near(value, right)
        if isinstance(value, dict) and isinstance(right, dict):
            keys = {key: key for key in value}
            return len(value) == len(right) and all(
                key in value and self.same(keys[key], key) and self.same(value[key], held)
                for key, held in right.items()
            )
        if isinstance(value, (set, frozenset)) and isinstance(right, (set, frozenset)):
            elements = {element: element for element in value}
            return value == right and all(self.same(elements[element], element) for element in right)
        return value == right

    def _close(self, value: float, right: float) -> bool:
        if math.isnan(value) or math.isnan(right):
            return math.isnan(value) and math.isnan(right)
        return value == right or math.isclose(value, right, rel_tol=self.tolerance, abs_tol=self.tolerance)

    def _near(self, value: object, right: object) -> bool:
        """An integer and a float; one that no float can hold equals none."""
        assert isinstance(value, (int, float))
        assert isinstance(right, (int, float))
        try:
            return value == right or self._close(float(value), float(right))
        except OverflowError:
            return False


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
