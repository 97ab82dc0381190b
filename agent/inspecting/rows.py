"""Many records of a kind, as Python and notebooks show them."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, TypeVar

from burnish.errors import ConfigError
from burnish.types import JsonValue, Record

T = TypeVar("T", bound=Record)
MOST_SHOWN, MOST_LETTERS = 100, 300
"""Rows, and letters of a cell, that a notebook shows."""


class Rows(tuple[T, ...]):
    """Records in their order; a table in a notebook, and a pandas frame on request."""

    __slots__ = ()

    def frame(self) -> Any:
        """A pandas DataFrame, a row a record. Fields of records within are columns `outer.inner`.

        Raises:
            ConfigError: pandas is not installed.

        """
        try:
            import pandas as pd
        except ModuleNotFoundError:
            raise ConfigError("a frame needs pandas; pip install 'burnish[frames]'") from None
        return pd.DataFrame([flat(record.to_json()) for record in self])

    def _repr_html_(self) -> str:
        shown = [flat(record.to_json()) for record in self[:MOST_SHOWN]]
        names = list(dict.fromkeys(name for row in shown for name in row))
        head = "".join(f"<th>{escape(name)}</th>" for name in names)
        body = "".join(f"<tr>{''.join(f'<td>{_cell(row.get(name))}</td>' for name in names)}</tr>" for row in shown)
        more = f"<p>{len(self) - MOST_SHOWN} more</p>" if len(self) > MOST_SHOWN else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def flat(values: Mapping[str, JsonValue], prefix: str = "") -> dict[str, JsonValue]:
    """A record's JSON with what is nested in it beside the rest, as `outer.inner`; lists stay as they are."""
    found: dict[str, JsonValue] = {}
    for key, value in values.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return found


def _cell(value: JsonValue) -> str:
    text = "" if value is None else str(value)
    return escape(text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…")
