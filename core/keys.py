"""What is declared of the keys of a configuration: type, limits, default and meaning, read from their declarations.

A table is a pydantic model or a frozen dataclass; the meaning of a key is the text under it.
"""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from itertools import pairwise
from pathlib import Path
from textwrap import dedent
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from burnish.paths import NamesFile
from burnish.types import Record

TableType: TypeAlias = type[Any]
"""A pydantic model or a dataclass."""

_WORDS = {bool: "true or false", int: "integer", float: "number", str: "text", Path: "path", dict: "table"}
_SIGNS = (("gt", ">"), ("ge", "≥"), ("lt", "<"), ("le", "≤"))


@dataclass(frozen=True)
class Key(Record):
    """One key: its full name, and what is declared of it. A default is written as in TOML, "none", or
    "has to be given".
    """

    path: str
    type: str
    limits: str
    default: str
    meaning: str

    @property
    def name(self) -> str:
        """The name within its table."""
        return self.path.rpartition(".")[2]

    @property
    def kind(self) -> str:
        """The type with its limits."""
        return f"{self.type} {self.limits}".strip()


@dataclass(frozen=True)
class Table(Record):
    """A table and its keys. One that stands at several places is listed once, with all its `paths`.

    `choice` is the `name` by which a table is chosen among those that may stand at its place, if there are several.
    """

    paths: tuple[str, ...]
    meaning: str
    keys: tuple[Key, ...]
    choice: str = ""


def tables(table: TableType, path: str = "") -> list[Table]:
    """A table and all tables within it, in the order they are declared."""
    found: dict[TableType, Table] = {}
    _gather(table, path, "", found)
    return list(found.values())


def table_types(annotation: Any) -> list[TableType]:
    """The tables that the value of a key may be; none for a plain value."""
    if isinstance(annotation, type) and (issubclass(annotation, BaseModel) or is_dataclass(annotation)):
        return [annotation]
    return [found for part in get_args(annotation) for found in table_types(part)]


def declared_types(table: TableType) -> dict[str, Any]:
    """The declared type of every key of a table, with its limits."""
    names = table.model_fields if issubclass(table, BaseModel) else [field.name for field in fields(table)]
    hints = get_type_hints(table, include_extras=True)
    return {name: hints[name] for name in names}


def choice(table: TableType) -> str:
    """The `name` that chooses a table; empty where it has none."""
    hint = declared_types(table).get("name")
    return str(get_args(hint)[0]) if get_origin(hint) is Literal else ""


def meanings(table: TableType) -> dict[str, str]:
    """The texts under the keys of a table, those of the tables it derives from included."""
    found: dict[str, str] = {}
    for cls in reversed(table.__mro__):
        if is_dataclass(cls):
            found |= _texts_under_fields(cls)
        elif issubclass(cls, BaseModel):
            found |= {name: field.description for name, field in cls.model_fields.items() if field.description}
    return {name: " ".join(text.split()) for name, text in found.items()}


def _gather(table: TableType, path: str, name: str, found: dict[TableType, Table]) -> None:
    if table in found:
        known = found[table]
        found[table] = replace(known, paths=(*known.paths, path))
        return
    found[table] = Table((path,), inspect.getdoc(table) or "", tuple(_keys(table, path)), name)
    for key, annotation in declared_types(table).items():
        for one in table_types(annotation):
            _gather(one, _joined(path, key), choice(one), found)


def _keys(table: TableType, path: str) -> Iterator[Key]:
    texts = meanings(table)
    for name, annotation in declared_types(table).items():
        meaning = texts.get(name) or _said_elsewhere(table, name, table_types(annotation))
        kind, limits = _in_words(annotation)
        yield Key(_joined(path, name), kind, limits, _default(table, name), meaning)


def _said_elsewhere(table: TableType, name: str, inner: list[TableType]) -> str:
    """The meaning of a key that needs no text: a table says by itself what it is, and so does a choice."""
    if name == "name" and choice(table):
        return "Chooses what this table describes."
    return " ".join((inspect.getdoc(inner[0]) or "").partition("\n\n")[0].split()) if inner else ""


def _texts_under_fields(cls: TableType) -> dict[str, str]:
    (tree,) = ast.parse(dedent(inspect.getsource(cls))).body
    assert isinstance(tree, ast.ClassDef)
    return {
        field.target.id: text.value.value
        for field, text in pairwise(tree.body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


def _in_words(annotation: Any, metadata: Iterable[object] = ()) -> tuple[str, str]:
    """A type and its limits; None among the types of a union is not said."""
    arguments = [a for a in get_args(annotation) if a is not NoneType]
    origin = get_origin(annotation)
    if origin in {Union, UnionType}:
        return _in_words(arguments[0])
    if origin is Annotated:
        return _in_words(arguments[0], arguments[1:])
    if origin is tuple:
        return f"list of {_in_words(arguments[0])[0]}", ""
    if origin is Literal:
        return " or ".join(json.dumps(value) for value in arguments), ""
    for part in metadata:
        if isinstance(part, NamesFile):
            return " or ".join([*(json.dumps(word) for word in part.words), "path"]), ""
    limits = [f"{sign} {getattr(m, name)}" for m in metadata for name, sign in _SIGNS if hasattr(m, name)]
    return _WORDS.get(origin or annotation, "table"), " and ".join(limits)


def _default(table: TableType, name: str) -> str:
    if issubclass(table, BaseModel):
        if table.model_fields[name].is_required():
            return "has to be given"
        value = table.model_fields[name].get_default(call_default_factory=True)
    else:
        value = next(field.default for field in fields(table) if field.name == name)
    if value is None:
        return "none"
    return "see below" if table_types(type(value)) else json.dumps(value)


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}".removeprefix(".")
