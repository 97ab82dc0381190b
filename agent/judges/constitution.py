"""Reading a constitution: a TOML file of principles, each with an optional predicate."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from burnish.config import Section
from burnish.environments.adapters.functions import function
from burnish.environments.adapters.patterns import check_pattern, matches
from burnish.environments.foreign import Raised, guarded_call
from burnish.errors import ConfigError
from burnish.limits import Count
from burnish.policies.constitution import Predicate, Principle, contains, lacks, least_words, most_words
from burnish.tables import read_toml, validated


class PrincipleTable(Section):
    """One principle of the file: its name, what the model is told, and at most one predicate.

    `function` is path/to/file.py:name of a function that takes an answer and returns whether it keeps the principle.
    """

    name: str
    text: str
    most_words: Count | None = None
    least_words: Count | None = None
    contains: tuple[str, ...] | None = None
    lacks: tuple[str, ...] | None = None
    matches: str | None = None
    function: str | None = None


PREDICATES = ("most_words", "least_words", "contains", "lacks", "matches", "function")

SAMPLES = ("", "An answer.")
"""What a function is tried on before it is relied on; one that fails on some answers says that they break it."""


def read_constitution(path: Path) -> list[Principle]:
    """The principles of a file.

    Raises:
        ConfigError: it cannot be read, holds none, or a principle is wrong; the principle is named.
        PluginError: a function it names is not there.

    """
    data = read_toml(path, "a constitution in TOML")
    tables = data.get("principle", [])
    if set(data) - {"principle"} or not isinstance(tables, list) or not tables:
        raise ConfigError(f"{path} holds no principles; write each as a table [[principle]] with name and text")
    principles = [_principle(table, f"{path}, principle {number}") for number, table in enumerate(tables, 1)]
    names = [principle.name for principle in principles]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f'{path}: two principles are called "{name}"; give each a name of its own')
    return principles


def _principle(table: Any, where: str) -> Principle:
    given = validated(PrincipleTable, table, where)
    if not given.name.strip() or not given.text.strip():
        raise ConfigError(f"{where}: name and text must not be empty")
    chosen = [kind for kind in PREDICATES if getattr(given, kind) is not None]
    if len(chosen) > 1:
        raise ConfigError(f"{where}: it has {' and '.join(chosen)}; give one predicate, or split the principle")
    return Principle(given.name, given.text, _predicate(given, where) if chosen else None)


def _predicate(given: PrincipleTable, where: str) -> Predicate:
    if given.most_words is not None:
        return most_words(given.most_words)
    if given.least_words is not None:
        return least_words(given.least_words)
    if given.contains is not None:
        return contains(*given.contains)
    if given.lacks is not None:
        return lacks(*given.lacks)
    if given.matches is not None:
        pattern = given.matches
        check_pattern(pattern, option=f"{where}: matches")
        return lambda answer: bool(matches(pattern, answer.strip()))
    assert given.function is not None
    called = function(given.function, option=f"{where}: function")
    failed = [said for one in SAMPLES if isinstance(said := guarded_call(partial(called, one)), Raised)]
    if len(failed) == len(SAMPLES):
        raise ConfigError(
            f"{where}: the function {given.function} fails on any answer: {failed[-1]}; it has to take a text and "
            "return whether that keeps the principle"
        )

    def keeps(answer: str) -> bool:
        """What the function says; one that fails says that the principle is broken."""
        outcome = guarded_call(lambda: called(answer))
        return not isinstance(outcome, Raised) and bool(outcome)

    return keeps
