"""Every key of a run's configuration, for the page docs/configuration.md and the command `burnish config`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from burnish.agent.loop.policies import Policies
from burnish.agent.loop.registry import NAMES
from burnish.config import RunConfig
from burnish.errors import ConfigError
from burnish.keys import Key, Table, tables
from burnish.spelling import nearest


def run_tables() -> list[Table]:
    """All tables: the top level, those within it, then for each kind of decision one for each policy."""
    return [
        replace(table, keys=tuple(map(_with_names, table.keys)))
        for table in (*tables(RunConfig), *tables(Policies, "policies"))
    ]


def look_up(name: str) -> list[Table]:
    """The tables that a name means with those within them, or of a key the tables it is in, with that key alone.

    The end of a name will do where nothing has it as its whole name.

    Raises:
        ConfigError: it means nothing; the nearest name is given.

    """
    everything = run_tables()
    known = {full for table in everything for full in _names(table)}
    meant = {name} & known or {full for full in known if full.endswith(f".{name}")}
    if not meant:
        otherwise = "`burnish config` without a key prints them all"
        raise ConfigError(f"unknown key {name}; {nearest(name, known, otherwise=otherwise)}")
    places = {path for table in everything for path in table.paths}
    return [found for table in everything for found in _parts(table, meant, meant & places)]


def _parts(table: Table, meant: set[str], places: set[str]) -> Iterator[Table]:
    """The table if it is at or within `places`; else, where it is found, its keys that are meant and are no tables."""
    if any(f"{path}.".startswith(f"{place}.") for path in table.paths for place in places):
        yield table
        return
    for path in table.paths:
        keys = tuple(replace(key, path=full) for key in table.keys if (full := _full(path, key)) in meant - places)
        if keys:
            yield replace(table, paths=(path,), keys=keys)


def _names(table: Table) -> Iterator[str]:
    yield from filter(None, table.paths)
    yield from (_full(path, key) for path in table.paths for key in table.keys)


def _full(path: str, key: Key) -> str:
    return f"{path}.{key.name}".removeprefix(".")


def _with_names(key: Key) -> Key:
    """The key with the names it takes, where they are those of parts of Burnish."""
    if key.path not in NAMES:
        return key
    return replace(key, meaning=f"{key.meaning} Known are {', '.join(f'`{name}`' for name in NAMES[key.path])}.")
