"""Word problems told again: with other numbers, or made harder by what else happens in them."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from burnish.environments.built_in.scenes import COMPUTE
from burnish.environments.built_in.stories import ENDINGS, EVENTS, PEOPLE, Story, tell

TRIES = 400
MOST_STEPS = 8

_NUMBER = re.compile(r"(?<!\w)[0-9]+")
_CALL = re.compile(r"(\w+) = (\w+)\((\w+), (\w+)\)")
_QUESTION = re.compile(r"(?P<told>.*[.!]) (?P<question>[^.!?]*\?)", re.DOTALL)
_OF_THE_WHOLE = re.compile(r"are (?:there now|left)|in all|does that make")
"""Questions about all that is there at the end, before which something more may happen."""

DETAILS = (
    "They are kept in a blue tin by the window.",
    "All of them were made by hand in a small village.",
    "Every one has a thin red stripe.",
    "It is a cold morning in the last week of March.",
)


def with_other_numbers(rng: random.Random, story: Story, *, factor: int = 2) -> Story | None:
    """The same story with another number in place of each, up to `factor` times as large; every result stays whole and
    above 1. None where no such numbers are found.
    """
    numbers = list(dict.fromkeys(_NUMBER.findall(story.text)))
    for _ in range(TRIES):
        drawn = [str(rng.randint(max(2, int(n) // 2), factor * int(n) + 3)) for n in numbers]
        changed = dict(zip(numbers, drawn, strict=True))
        if len(set(drawn)) < len(drawn) or drawn == numbers:
            continue
        plan = _renumbered(story.plan, changed)
        results = _results(plan)
        if results:
            return Story(_renumbered(story.text, changed), plan, results[-1])
    return None


def evolved(rng: random.Random, story: Story, operator: str) -> Story | None:
    """The story rewritten by an operator of Evol-Instruct (Xu et al. 2023); None where it does not fit.

    "reasoning", "deepen" and "constraint" add a step to the plan, "complicate" takes larger numbers, "concretise" tells
    more that does not matter, "widen" tells another story of as many steps.
    """
    return OPERATORS[operator](rng, story)


def _reasoning(rng: random.Random, story: Story) -> Story | None:
    return _one_more(rng, story, rng.choice(("add", "subtract")), 2, 40)


def _deepen(rng: random.Random, story: Story) -> Story | None:
    return _one_more(rng, story, "multiply", 2, 6)


def _one_more(rng: random.Random, story: Story, tool: str, low: int, high: int) -> Story | None:
    """One more event before the question."""
    parts = _whole(story)
    if parts is None:
        return None
    who, other = _people(rng, story.text)
    n = _fresh(rng, story, range(low, high + 1))
    event = rng.choice(EVENTS[tool]).format(who=who, other=other, n=n)
    return _with(story, f"{parts['told']} {event} {parts['question']}", tool, n)


def _constraint(rng: random.Random, story: Story) -> Story | None:
    """What there is has to be shared out."""
    parts = _whole(story)
    ways = [n for n in range(2, 13) if story.answer % n == 0 and story.answer > n and str(n) not in story.text]
    if parts is None or not ways:
        return None
    n = rng.choice(ways)
    ending = rng.choice(ENDINGS["divide"][:1]).format(who=_people(rng, story.text)[0], n=n)
    return _with(story, f"{parts['told']} {ending}", "divide", n)


def _complicate(rng: random.Random, story: Story) -> Story | None:
    return with_other_numbers(rng, story, factor=12)


def _concretise(rng: random.Random, story: Story) -> Story | None:
    parts = _QUESTION.fullmatch(story.text)
    free = [detail for detail in DETAILS if detail not in story.text]
    if parts is None or not free:
        return None
    return Story(f"{parts['told']} {rng.choice(free)} {parts['question']}", story.plan, story.answer)


def _widen(rng: random.Random, story: Story) -> Story | None:
    return tell(rng, min(4, len(story.plan.splitlines())))


OPERATORS: Mapping[str, Callable[[random.Random, Story], Story | None]] = MappingProxyType(
    {
        "constraint": _constraint,
        "deepen": _deepen,
        "concretise": _concretise,
        "reasoning": _reasoning,
        "complicate": _complicate,
        "widen": _widen,
    }
)


def _whole(story: Story) -> re.Match[str] | None:
    """The story and its question, where that asks for all there is and one more step can be taken."""
    parts = _QUESTION.fullmatch(story.text)
    if parts is None or not _OF_THE_WHOLE.search(parts["question"]):
        return None
    return parts if len(story.plan.splitlines()) < MOST_STEPS else None


def _with(story: Story, text: str, tool: str, n: int) -> Story | None:
    """The story with one more call on what the last one came to."""
    lines = story.plan.splitlines()
    plan = "\n".join([*lines, f"y{len(lines) + 1} = {tool}({lines[-1].partition(' ')[0]}, {n})"])
    results = _results(plan)
    return Story(text, plan, results[-1]) if results else None


def _results(plan: str) -> list[int]:
    """What every line comes to; none where a result is not whole, or not above 1."""
    values: dict[str, int] = {}
    for name, tool, first, second in _CALL.findall(plan):
        a, b = (values[x] if x in values else int(x) for x in (first, second))
        if tool == "divide" and a % b:
            return []
        values[name] = COMPUTE[tool](a, b)
    results = list(values.values())
    return results if all(result > 1 for result in results) else []


def _renumbered(text: str, numbers: Mapping[str, str]) -> str:
    return _NUMBER.sub(lambda match: numbers.get(match[0], match[0]), text)


def _people(rng: random.Random, text: str) -> tuple[str, str]:
    """Who the story is about, and someone else."""
    known = [name for name in PEOPLE if name in text]
    who = known[0] if known else rng.choice(PEOPLE)
    return who, rng.choice([name for name in PEOPLE if name != who])


def _fresh(rng: random.Random, story: Story, among: Sequence[int]) -> int:
    """A number that the story does not hold, so that each stands for one thing."""
    held = set(_NUMBER.findall(story.text))
    return rng.choice([n for n in among if str(n) not in held])
