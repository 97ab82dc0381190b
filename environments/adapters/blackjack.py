"""Blackjack as text: judged by the decisions, not by the luck of the cards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import combinations_with_replacement
from random import Random
from typing import Any, cast

from burnish.environments.adapters.games import Play, Start, named_action
from burnish.environments.adapters.verdict import RIGHT, wrong
from burnish.types import Feedback, JsonValue, content_hash

NOT_BEST = "a decision was not the one that wins most on average"
UNFINISHED = "the hand was not played to its end"

CHANCES = {card: 4 / 13 if card == 10 else 1 / 13 for card in range(1, 11)}
"""Of a deck without end, as the library's is."""

STICK, HIT = 0, 1
NEAR = 1e-9


class Blackjack:
    """A hand against the dealer; a task is what lies open at first.

    An answer is verified when every decision is one of those that win most on average, whatever the cards that
    follow; the reward is the share of such decisions.
    """

    actions: Mapping[str, int] = {"stick": STICK, "stand": STICK, "hit": HIT}
    levels: Sequence[str] = ()
    max_turns = 22
    instruction = (
        "You play blackjack against the dealer, who draws until 17: come as near to 21 as you can, but not above. "
        "Give one action: hit or stick."
    )

    def __init__(self, gymnasium: Any, spec: str, arguments: Mapping[str, JsonValue]) -> None:
        self._gymnasium = gymnasium
        self._spec = spec
        self._arguments = dict(arguments)

    def starts(self, level: str, rng: Random) -> Iterator[tuple[Start, str]]:
        del level
        hands = [(hand, dealer) for hand in combinations_with_replacement(range(1, 11), 2) for dealer in range(1, 11)]
        rng.shuffle(hands)
        for hand, dealer in hands:
            seed = int(content_hash(*map(str, (*hand, dealer)))[:8], 16)
            yield {"hand": list(hand), "dealer": dealer, "seed": seed}, "soft" if 1 in hand else "hard"

    def begin(self, start: Start) -> tuple[Any, Any]:
        environment = self._gymnasium.make(self._spec, disable_env_checker=True, **self._arguments)
        environment.reset(seed=start["seed"])
        table = environment.unwrapped
        table.player = list(cast("list[int]", start["hand"]))
        table.dealer = [start["dealer"], *table.dealer[1:]]
        return environment, None

    def show(self, play: Play) -> str:
        table = play.environment.unwrapped
        held, soft = worth(table.player)
        cards = ", ".join(_named(card) for card in table.player)
        ace = ", an ace counted as 11" if soft else ""
        shown = f"You hold {cards}: {held}{ace}. The dealer shows {_named(table.dealer[0])}."
        if not play.terminated:
            return f"{shown}\nhit or stick?"
        ending = {1: "You win.", 0: "It is a draw.", -1: "You lose."}[round(play.rewards[-1])]
        return f"{shown}\nThe dealer has {worth(table.dealer)[0]}. {ending}"

    def read(self, _play: Play, text: str) -> int | None:
        return named_action(text, self.actions)

    def label(self, play: Play, action: int) -> int:
        return 1 if self._values(play)[action] >= max(self._values(play)) - NEAR else -1

    def best(self, play: Play) -> str | None:
        stick, hit = self._values(play)
        return "stick" if stick >= hit else "hit"

    def verdict(self, play: Play) -> Feedback:
        right = play.labels.count(1)
        if not play.terminated:
            return wrong(UNFINISHED, 0.5 * right / max(1, len(play.labels)))
        return RIGHT if right == len(play.labels) else wrong(NOT_BEST, right / len(play.labels))

    def _values(self, play: Play) -> tuple[float, float]:
        table = play.environment.unwrapped
        held, soft = worth(table.player)
        return stick_value(held, table.dealer[0]), hit_value(held, soft, table.dealer[0])


def worth(cards: Sequence[int]) -> tuple[int, bool]:
    """The sum of a hand, and whether an ace in it counts as 11."""
    soft = 1 in cards and sum(cards) + 10 <= 21
    return sum(cards) + 10 * soft, soft


def _drawn(held: int, soft: bool, card: int) -> tuple[int, bool]:
    ace = card == 1 and held + 11 <= 21
    held, soft = held + card + 10 * ace, soft or ace
    return (held - 10, False) if held > 21 and soft else (held, soft)


@cache
def _dealt(held: int, soft: bool) -> Mapping[int, float]:
    """The chances of the dealer's final sums; 0 is a bust."""
    if held >= 17:
        return {held if held <= 21 else 0: 1.0}
    chances: dict[int, float] = {}
    for card, chance in CHANCES.items():
        for final, further in _dealt(*_drawn(held, soft, card)).items():
            chances[final] = chances.get(final, 0.0) + chance * further
    return chances


@cache
def stick_value(held: int, dealer: int) -> float:
    """What is won on average by sticking, -1 to 1."""
    if held > 21:
        return -1.0
    chances = _dealt(*_drawn(0, False, dealer)).items()
    return sum(chance * ((final < held) - (final > held)) for final, chance in chances)


@cache
def hit_value(held: int, soft: bool, dealer: int) -> float:
    """What is won on average by drawing a card and playing on as well as can be."""
    total = 0.0
    for card, chance in CHANCES.items():
        then, still = _drawn(held, soft, card)
        if then > 21:
            total -= chance
        else:
            total += chance * max(stick_value(then, dealer), hit_value(then, still, dealer))
    return total


def _named(card: int) -> str:
    return {1: "an ace", 8: "an 8"}.get(card, f"a {card}")
