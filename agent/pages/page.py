"""What a page is: a template, and the record that it shows, which is its JSON too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from burnish.agent.inspecting.opened import InspectedRun
from burnish.agent.pages.forms import whole_number

ROWS = 100
"""Rows of a long table on a page."""


@dataclass(frozen=True)
class Asked:
    """What a browser asks of a run: the run by its `name` in addresses, the `path` below that, the iteration `at` that
    the scrubber stands at (`follows`, if none was asked for: the newest), what the address names, and the rest of it.
    """

    run: InspectedRun
    name: str
    path: str
    at: int
    newest: int
    follows: bool
    named: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, InspectedRun] = field(default_factory=dict)

    @property
    def until(self) -> int | None:
        """The iteration up to which tables tell; None, for the whole run with its sealed test, at the newest."""
        return None if self.at == self.newest else self.at

    @property
    def kept(self) -> dict[str, str]:
        """The query but for the iteration and the page of a long table."""
        return {key: value for key, value in self.query.items() if key not in {"at", "page"}}

    def text(self, name: str) -> str:
        """A part of the query, empty where there is none."""
        return self.query.get(name, "").strip()

    def number(self, name: str, default: int = 0) -> int:
        """A whole number of the query.

        Raises:
            ConfigError: it is none.

        """
        text = self.text(name)
        return whole_number(text, name) if text else default

    @property
    def page(self) -> int:
        """The page of a long table, counted from 0."""
        return max(0, self.number("page"))


@dataclass(frozen=True)
class Page:
    """A page: its title, its template, and `told`, the record or records that both template and JSON show. `more` is
    what the template needs besides; it is `scrubbed` where the iteration at which the scrubber stands matters to it.
    """

    title: str
    template: str
    told: Any
    more: Mapping[str, Any] = field(default_factory=dict)
    scrubbed: bool = True


View: TypeAlias = Callable[[Asked], Page]
