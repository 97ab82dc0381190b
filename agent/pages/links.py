"""Addresses of pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar
from urllib.parse import quote, urlencode

from burnish.agent.inspecting.names import Kind

PLACES: Mapping[Kind, str] = MappingProxyType(
    {
        "exemplar": "exemplars",
        "program": "programs",
        "task": "tasks",
        "answer": "answers",
        "race": "races",
    }
)
"""Under what the pages of things of a kind stand."""


def path_of(kind: Kind, id_: str) -> tuple[str, dict[str, str | int]]:
    """The page of a thing, and the query that names it further."""
    if kind == "call":
        return "call", {"key": id_}
    if kind == "iteration":
        return "iteration", {"at": id_}
    return f"{PLACES[kind]}/{quote(id_, safe='')}", {}


@dataclass(frozen=True)
class Links:
    """Addresses of the pages of a run, all as of the iteration `at` unless it is None; they begin with `base`."""

    base: str
    at: int | None = None
    fixed: ClassVar[bool] = False
    """Whether nothing can be asked but what there is a page for."""

    @classmethod
    def served(cls, run: str, at: int | None = None) -> Links:
        """Those of pages that are served."""
        return cls(f"/runs/{run}/", at)

    def to(
        self, path: str, query: Mapping[str, str | int | None] = MappingProxyType({}), /, **more: str | int | None
    ) -> str:
        """The address of a page; what is None or empty of the query is left out."""
        at = {} if self.at is None else {"at": self.at}
        asked = {key: value for key, value in {**at, **query, **more}.items() if value not in {None, ""}}
        return f"{self.base}{path}{'?' if asked else ''}{urlencode(asked)}"

    def now(self, path: str, query: Mapping[str, str | int | None] = MappingProxyType({})) -> str:
        """The address of a page as of the newest iteration, whichever that is."""
        return Links(self.base).to(path, query)

    def of(self, kind: Kind, id_: str | int) -> str:
        """The address of a thing's page."""
        return self.to(*path_of(kind, str(id_)))


@dataclass(frozen=True)
class FileLinks(Links):
    """Addresses within a file of its own: iterations, exemplars, races and some `programs` have pages there."""

    programs: frozenset[str] = frozenset()
    fixed = True

    def of(self, kind: Kind, id_: str | int) -> str:
        """The address of a thing's page; empty where it has none."""
        there = str(id_) in self.programs if kind == "program" else kind in {"exemplar", "race", "iteration"}
        return Links.of(self, kind, id_) if there else ""
