"""Word problems of one and two steps, each scene with a plan of its own."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import add, floordiv, mul, sub
from types import MappingProxyType

COMPUTE: Mapping[str, Callable[[int, int], int]] = MappingProxyType(
    {"add": add, "subtract": sub, "multiply": mul, "divide": floordiv}
)


@dataclass(frozen=True)
class Scene:
    """A text with {a}, {b} and {c}, and the calls that solve it, `tool first second` each."""

    text: str
    calls: tuple[str, ...]

    @property
    def held_out(self) -> bool:
        """Whether train tasks leave it out where they are to differ from the others; another has the same calls."""
        return self in HELD_OUT

    def numbers(self, rng: random.Random) -> dict[str, int]:
        """Different numbers with which every result is whole and above 1."""
        while True:
            groups = self.calls[0].startswith("multiply")
            drawn = (rng.randint(3, 12), rng.randint(4, 20)) if groups else (rng.randint(12, 90), rng.randint(3, 40))
            values = dict(zip("abc", (*drawn, rng.randint(2, 12)), strict=True))
            if len(set(values.values())) == len(values) and self._results(values):
                return values

    def plan(self, values: Mapping[str, int]) -> str:
        """The calls with these numbers."""
        lines = []
        for number, call in enumerate(self.calls, 1):
            tool, first, second = call.split()
            lines.append(f"y{number} = {tool}({values.get(first, first)}, {values.get(second, second)})")
        return "\n".join(lines)

    def answer(self, values: Mapping[str, int]) -> int:
        """What the calls come to."""
        return self._results(values)[-1]

    def _results(self, values: Mapping[str, int]) -> list[int]:
        """The result of every call; none when one is not whole, or not above 1."""
        known = dict(values)
        results = []
        for number, call in enumerate(self.calls, 1):
            tool, first, second = call.split()
            result = COMPUTE[tool](known[first], known[second])
            if result <= 1 or (tool == "divide" and known[first] % known[second]):
                return []
            known[f"y{number}"] = result
            results.append(result)
        return results


ONE_STEP = (
    Scene("{who} picks {a} {things} in the morning and {b} in the afternoon. How many is that in all?", ("add a b",)),
    Scene("There are {a} children in the yard. {b} more come to play. How many children are there now?", ("add a b",)),
    Scene("A shop had {a} {things} and sold {b} of them. How many are left?", ("subtract a b",)),
    Scene("{who} needs {a} {things} but has only {b}. How many are missing?", ("subtract a b",)),
    Scene("On a shelf stand {a} boxes. Each box holds {b} {things}. How many {things} are on the shelf?",
          ("multiply a b",)),
    Scene("{who} reads for {a} days, {b} pages every day. How many pages does {who} read?", ("multiply a b",)),
    Scene("{a} {things} are shared equally among {c} friends. How many does each friend get?", ("divide a c",)),
    Scene("{who} puts {a} chairs in rows of {c}. How many rows are there?", ("divide a c",)),
)  # fmt: skip
TWO_STEPS = (
    Scene("A bus carries {a} people. At the stop {b} get on and {c} get off. How many are on the bus?",
          ("add a b", "subtract y1 c")),
    Scene("{who} had {a} euros, earned {b} and spent {c} on lunch. How many euros does {who} have?",
          ("add a b", "subtract y1 c")),
    Scene("A library lent out {a} of its books this week; {b} came back, then {c} more were lent. How many are out?",
          ("subtract a b", "add y1 c")),
    Scene("From a rope of {a} metres {who} cuts off {b} and then {c} metres. How long is the rest?",
          ("subtract a b", "subtract y1 c")),
    Scene("{a} tables with {b} seats each are set, and {c} extra chairs are brought. How many can sit down?",
          ("multiply a b", "add y1 c")),
    Scene("A farmer fills {a} trays with {b} eggs each, but {c} eggs break. How many whole eggs are there?",
          ("multiply a b", "subtract y1 c")),
    Scene("A class of {a} girls and {b} boys forms {c} equal teams. How many children are in a team?",
          ("add a b", "divide y1 c")),
    Scene("Of {a} cookies {who} eats {b}; the rest goes into {c} equal bags. How many cookies are in a bag?",
          ("subtract a b", "divide y1 c")),
    Scene("{a} packs of {b} pencils are handed out evenly to {c} pupils. How many pencils does a pupil get?",
          ("multiply a b", "divide y1 c")),
    Scene("A gift holds {a} {things} and {b} sweets. How many pieces are in {c} such gifts?",
          ("add a b", "multiply y1 c")),
)  # fmt: skip
HELD_OUT = frozenset({*ONE_STEP[1::2], TWO_STEPS[1]})
