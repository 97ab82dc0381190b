"""Games of TextWorld: how each is made from a seed, and what can be seen in one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from burnish.environments.adapters.libraries import library

DIRECTIONS = ("north", "south", "east", "west")
STATES = ("open", "closed", "locked")


@dataclass(frozen=True)
class Size:
    """How large a world is, and how many actions its quest takes."""

    rooms: int
    objects: int
    quest: int


SIZES: Mapping[str, Size] = MappingProxyType(
    {"1": Size(1, 4, 2), "2": Size(3, 6, 3), "3": Size(4, 8, 4), "4": Size(6, 10, 6), "5": Size(8, 14, 8)}
)


def _part(module: str) -> Any:
    return library(f"textworld.{module}", scheme="tw", extra="tw")


def _custom(level: str, options: Any) -> Any:
    size = SIZES[level]
    options.kb = _part("generator.data").KnowledgeBase.default()  # reading it anew takes seconds
    options.nb_rooms, options.nb_objects, options.quest_length = size.rooms, size.objects, size.quest
    return _part("generator").make_game(options)


def _treasure(level: str, options: Any) -> Any:
    hunter = _part("challenges.tw_treasure_hunter.treasure_hunter")
    options.kb = _treasure_knowledge(hunter.KB_PATH)
    mode, rooms, shortest, longest = TREASURE[(int(level) - 1) // 10]
    options.nb_rooms = rooms
    options.quest_length = round(shortest + (longest - shortest) * ((int(level) - 1) % 10) / 9)
    return hunter.make_game(mode, options)


@cache
def _treasure_knowledge(path: str) -> Any:
    return _part("generator.data").KnowledgeBase.load(path)


TREASURE = (("easy", 5, 1, 5), ("medium", 10, 2, 10))
"""Of ten levels each: mode, rooms, and the shortest and the longest quest."""


@dataclass(frozen=True)
class World:
    """A kind of game. `levels` are from easy to hard; without a level the game is made at `usual`."""

    make: Callable[[str, Any], Any]
    levels: tuple[str, ...]
    usual: str


WORLDS: Mapping[str, World] = MappingProxyType(
    {
        "custom": World(_custom, tuple(SIZES), "2"),
        "treasure_hunter": World(_treasure, ("1", "5", "10", "11", "15"), "5"),
    }
)

REFUSED: Mapping[str, str] = MappingProxyType(
    {
        "coin_collector": "the library compiles every such game while making it, which takes seconds a task",
        "cooking": "its recipe is shown only by a compiled game, and games are played here without compiling them",
        "simple": "the library compiles every such game while making it, which takes seconds a task",
    }
)
"""Games of the library that are not served, with the reason."""


class Scene:
    """What can be seen from where the player is. Facts are the library's: a name and arguments."""

    def __init__(self, facts: Iterable[Any], infos: Mapping[str, Any]) -> None:
        self._facts = sorted((fact.name, *(str(argument.name) for argument in fact.arguments)) for fact in facts)
        self._infos = infos
        self._room = next(place for _, who, place in self._named("at") if who == "P")

    def text(self) -> str:
        """A sentence a line: the room, what is in it, its exits, what is carried."""
        things = [who for _, who, place in self._named("at") if place == self._room and who != "P"]
        carried = [self._name(who) for _, who, place in self._named("in") if place == "I"]
        lines = [f"You are in the {self._name(self._room)}."]
        lines += [self._thing(thing) for thing in things]
        lines += self._exits()
        lines.append(f"You carry {_listed(carried)}.")
        return "\n".join(lines)

    def _named(self, *names: str) -> list[tuple[str, ...]]:
        return [fact for fact in self._facts if fact[0] in names]

    def _name(self, entity: str) -> str:
        return str(self._infos[entity].name or entity)

    def _state(self, entity: str) -> str:
        return " ".join(name for name in STATES if (name, entity) in self._facts)

    def _thing(self, thing: str) -> str:
        state = self._state(thing)
        shown = " ".join(part for part in ("There is the", state, self._name(thing)) if part)
        if state in {"closed", "locked"}:
            return f"{shown}."
        where = "in" if state else "on"
        held = [self._name(who) for _, who, place in self._named(where) if place == thing]
        if state or held:
            return f"{shown}; {where} it: {_listed(held)}."
        return f"{shown}."

    def _exits(self) -> list[str]:
        lines = []
        doors = {there: door for _, here, door, there in self._named("link") if here == self._room}
        for direction in DIRECTIONS:
            for _, there, here in self._named(f"{direction}_of"):
                if here == self._room and there in doors:
                    door = doors[there]
                    lines.append(f"The {self._state(door)} {self._name(door)} leads {direction}.")
                elif here == self._room and ("free", self._room, there) in self._facts:
                    lines.append(f"There is a way {direction}.")
        return lines


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"
