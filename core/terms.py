"""What the outputs of models may be used for: a table by model, as their makers state it, which users can extend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from fnmatch import fnmatchcase
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias, get_args

from burnish.errors import ConfigError
from burnish.files import MOST_SETTINGS, Unreadable, parsed_toml, read_text
from burnish.spelling import nearest
from burnish.types import Record

Training: TypeAlias = Literal["yes", "not-competing", "unknown", "no"]
"""Whether outputs may train other models; `not-competing`: none that compete with the maker's."""

Sharing: TypeAlias = Literal["yes", "unknown", "no"]
"""Whether outputs may be published as data."""


@dataclass(frozen=True)
class Terms(Record):
    """What the maker of a model says of its outputs. `date` is that of the statement, `source` where it stands,
    `checked` when it was last read; empty where it is only reported by others.
    """

    licence: str = "NOASSERTION"
    training: Training = "unknown"
    sharing: Sharing = "unknown"
    conditions: str = ""
    statement: str = ""
    source: str = ""
    date: str = ""
    checked: str = ""


UNKNOWN = Terms()

DATES = ("date", "checked")

PEOPLE = Terms(licence="", training="yes", sharing="yes", statement="written by people, on the terms of the tasks")
"""Of answers that no model wrote."""


@dataclass(frozen=True)
class Row:
    """Terms of the models whose names match `pattern`; `*` stands for anything."""

    pattern: str
    terms: Terms
    own: bool = False


class TermsTable:
    """Terms by the names of models."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self._found: dict[str, Terms] = {"": PEOPLE}

    @classmethod
    def load(cls, own: Path | None = None) -> Self:
        """The table that comes with Burnish and, before it, the one in the file `own`.

        Raises:
            ConfigError: the file cannot be read, or a row of it is wrong.

        """
        packaged = _rows(files("burnish").joinpath("terms.toml").read_text(encoding="utf-8"), "terms.toml", own=False)
        if own is None:
            return cls(packaged)
        try:
            text = read_text(own, most=MOST_SETTINGS)
        except Unreadable as error:
            raise ConfigError(f"{error}; give a TOML file of terms") from None
        return cls([*_rows(text, str(own), own=True), *packaged])

    def of(self, model: str) -> Terms:
        """The terms of a model by the name its server gives, `UNKNOWN` where no row matches; of no model `PEOPLE`'s.

        The longest pattern counts, one of the user's before any other.
        """
        if model not in self._found:
            name = bare_name(model)
            fitting = [row for row in self.rows if fnmatchcase(name, row.pattern)]
            best = max(fitting, key=lambda row: (row.own, len(row.pattern)), default=None)
            self._found[model] = best.terms if best else UNKNOWN
        return self._found[model]

    def listing(self) -> list[tuple[str, Terms]]:
        """Every pattern with its terms, those of the user first."""
        return [(row.pattern, row.terms) for row in self.rows]


def bare_name(model: str) -> str:
    """A model's name without owner and folder, in lower case."""
    return model.replace("\\", "/").rstrip("/").rpartition("/")[2].casefold()


def _rows(text: str, source: str, *, own: bool) -> list[Row]:
    try:
        tables = parsed_toml(text, source)
    except Unreadable as error:
        raise ConfigError(str(error)) from None
    for key in tables:
        if key != "model":
            raise ConfigError(f"{source}: unknown key {key}; each row is a table [[model]]")
    rows = []
    listed = tables.get("model", [])
    if not isinstance(listed, list) or not all(isinstance(table, dict) for table in listed):
        raise ConfigError(f"{source}: model is no list of tables; write each row as a table [[model]]")
    for number, table in enumerate(listed, 1):
        where = f"{source}, row {number}"
        patterns = table.pop("match", None)
        patterns = [patterns] if isinstance(patterns, str) else patterns
        if not isinstance(patterns, list) or not patterns or not all(isinstance(p, str) and p for p in patterns):
            raise ConfigError(f'{where}: match = {patterns!r}; give the names it is for, such as ["my-model*"]')
        terms = _terms(table, where)
        rows += [Row(pattern.casefold(), terms, own) for pattern in patterns]
    return rows


def _terms(table: dict[str, Any], where: str) -> Terms:
    known = [field.name for field in fields(Terms)]
    for key, value in table.items():
        if key not in known:
            raise ConfigError(f"{where}: unknown key {key}; {nearest(key, [*known, 'match'])}")
        if key in DATES:
            table[key] = _day(value, f"{where}: {key}")
        elif not isinstance(value, str):
            raise ConfigError(f"{where}: {key} = {value!r}; give a text")
        allowed = get_args({"training": Training, "sharing": Sharing}.get(key))
        if allowed and value not in allowed:
            raise ConfigError(f"{where}: {key} = {value!r} is not known; {nearest(value, allowed)}")
    return Terms(**table)


def _day(value: object, where: str) -> str:
    """A day, of a date or of a text that is one; empty for an empty text."""
    if value == "" or type(value) is date:
        return str(value)
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise ConfigError(f'{where} = {value!r} is no day; give one such as "2026-05-04"') from None
