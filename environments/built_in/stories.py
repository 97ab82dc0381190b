"""Word problems told from templates: what happens to a number of things, each event one step of arithmetic."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from burnish.environments.built_in.scenes import ONE_STEP, TWO_STEPS, Scene

PEOPLE = ("Mia", "Noah", "Aino", "Omar", "Lucia", "Kofi", "Ines", "Ravi", "Yuki", "Emil", "Zara", "Tomas")
THINGS = (
    "apples",
    "marbles",
    "stamps",
    "pencils",
    "shells",
    "cards",
    "buttons",
    "coins",
    "candles",
    "eggs",
    "beads",
    "tiles",
)
HOLDERS = ("boxes", "bags", "baskets", "jars", "crates", "trays")

# {n} is the number of the step, {who} and {other} people, {things} what is counted.
HOLDS = (
    "{who} has {a} {things}.",
    "There are {a} {things} on {who}'s table.",
    "{who} starts the day with {a} {things}.",
    "In {who}'s shop there are {a} {things}.",
)
HOLDS_IN_GROUPS = (
    "{who} has {a} {holders} with {n} {things} in each.",
    "{who} fills {a} {holders} with {n} {things} each.",
    "On {who}'s shelf stand {a} {holders}, and each of them holds {n} {things}.",
)
MORE_GROUPS = (
    "{other} brings {c} {holders} with {n} {things} in each.",
    "{c} more {holders} with {n} {things} each are delivered.",
)
EVENTS = MappingProxyType(
    {
        "add": (
            "{who} buys {n} more.",
            "{other} gives {who} {n} more.",
            "After lunch {n} more are found.",
            "A parcel brings {n} more.",
        ),
        "subtract": (
            "{who} loses {n} of them.",
            "Then {who} gives {n} of them to {other}.",
            "{who} sells {n} of them.",
            "On the way home {n} of them break.",
        ),
        "multiply": (
            "A machine makes them {n} times as many.",
            "By the end of the year there are {n} times as many.",
        ),
    }
)
ENDINGS = MappingProxyType(
    {
        "": ("How many are there now?", "How many {things} does that make?"),
        "divide": (
            "{who} shares them equally among {n} children. How many does each child get?",
            "They are packed into {n} equal {holders}. How many are in each?",
            "{who} puts them into rows of {n}. How many rows are there?",
        ),
    }
)


@dataclass(frozen=True)
class Story:
    """A problem in words, the plan that solves it and the number it comes to."""

    text: str
    plan: str
    answer: int


class _Teller:
    """Tells one story; keeps the running total, the calls so far and the numbers used."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._used: set[int] = set()
        self._calls: list[str] = []
        self._total = 0
        who, other = rng.sample(PEOPLE, 2)
        self._words = {"who": who, "other": other, "things": rng.choice(THINGS), "holders": rng.choice(HOLDERS)}
        self._sentences: list[str] = []

    def begin(self, *, groups: int) -> None:
        """Say what there is: a number of things (0 steps), groups of them (1), or groups of two sizes (3)."""
        if groups == 0:
            self._total = self._number(11, 90)
            self._say(HOLDS, a=self._total)
            self._last = str(self._total)
            return
        a, n = self._number(3, 12), self._number(4, 20)
        self._say(HOLDS_IN_GROUPS, a=a, n=n)
        self._call("multiply", f"{a}", f"{n}", a * n)
        if groups == 2:
            first, total = self._last, self._total
            c, m = self._number(3, 12), self._number(4, 20)
            self._say(MORE_GROUPS, c=c, n=m)
            self._call("multiply", f"{c}", f"{m}", c * m)
            self._call("add", first, self._last, total + c * m)

    def happen(self) -> None:
        """One event that changes the total."""
        kinds = ["add", "subtract", *(["multiply"] if self._total <= 60 else [])]
        if self._total <= 12:
            kinds.remove("subtract")
        kind = self._rng.choice(kinds)
        if kind == "add":
            n = self._number(2, 60)
            result = self._total + n
        elif kind == "subtract":
            n = self._number(2, min(60, self._total - 1))
            result = self._total - n
        else:
            n = self._number(2, 6)
            result = self._total * n
        self._say(EVENTS[kind], n=n)
        self._call(kind, self._last, str(n), result)

    def divide(self) -> bool:
        """Share what there is; False when no number does so evenly."""
        ways = [n for n in range(2, 13) if self._total % n == 0 and self._total > n and n not in self._used]
        if not ways:
            return False
        n = self._rng.choice(ways)
        self._used.add(n)
        self._say(ENDINGS["divide"], n=n)
        self._call("divide", self._last, str(n), self._total // n)
        return True

    def ask(self) -> None:
        """Ask for the total."""
        self._say(ENDINGS[""])

    def story(self) -> Story:
        """The whole of it."""
        return Story(" ".join(self._sentences), "\n".join(self._calls), self._total)

    def _say(self, ways: tuple[str, ...], **numbers: int) -> None:
        self._sentences.append(self._rng.choice(ways).format(**self._words, **numbers))

    def _call(self, tool: str, a: str, b: str, result: int) -> None:
        self._last = f"y{len(self._calls) + 1}"
        self._calls.append(f"{self._last} = {tool}({a}, {b})")
        self._total = result

    def _number(self, low: int, high: int) -> int:
        """A number that the story does not hold yet, so that each stands for one thing."""
        free = [n for n in range(low, high + 1) if n not in self._used] or [high + 1]
        number = self._rng.choice(free)
        self._used.add(number)
        return number


def tell(
    rng: random.Random, steps: int, allowed: Callable[[Sequence[Scene]], Sequence[Scene]] = lambda scenes: scenes
) -> Story:
    """A problem of that many steps: 1 and 2 are scenes, of those `allowed`; 3 and 4 are told event by event."""
    if steps <= 2:
        return _scene(rng, allowed(ONE_STEP if steps == 1 else TWO_STEPS))
    teller = _Teller(rng)
    groups = rng.choice((0, 1, 2))
    teller.begin(groups=groups)
    left = steps - (0, 1, 3)[groups]
    for _ in range(left - 1):
        teller.happen()
    if left and not (rng.random() < 0.3 and teller.divide()):
        teller.happen()
        teller.ask()
    elif not left:
        teller.ask()
    return teller.story()


def _scene(rng: random.Random, scenes: Sequence[Scene]) -> Story:
    scene = rng.choice(scenes)
    numbers = scene.numbers(rng)
    text = scene.text.format(who=rng.choice(PEOPLE), things=rng.choice(THINGS), **numbers)
    return Story(text, scene.plan(numbers), scene.answer(numbers))


SEEDS = (
    Story(
        "There are 46 children in the yard. 17 more come to play. How many children are there now?",
        "y1 = add(46, 17)",
        63,
    ),
    Story("A shop had 35 shells and sold 8 of them. How many are left?", "y1 = subtract(35, 8)", 27),
    Story(
        "A farmer fills 7 trays with 9 eggs each, but 6 eggs break. How many whole eggs are there?",
        "y1 = multiply(7, 9)\ny2 = subtract(y1, 6)",
        57,
    ),
    Story(
        "A class of 13 girls and 11 boys forms 4 equal teams. How many children are in a team?",
        "y1 = add(13, 11)\ny2 = divide(y1, 4)",
        6,
    ),
)
"""Problems written by hand, for those who begin with exemplars."""
