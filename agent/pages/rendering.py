"""Records as HTML: the templates, and how figures and texts are written in them. Everything is escaped."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from burnish import __version__
from burnish.records import SEALED
from burnish.types import ALIVE

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
SHORT, LONG = 160, 20_000
"""Letters of a text in a table, and on a page of its own."""


def rendered(template: str, **context: Any) -> str:
    """A template with its values."""
    return _environment().get_template(template).render(**context)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= FILTERS
    made.globals |= {"ALIVE": ALIVE, "SEALED": SEALED, "version": __version__, "navigation": _navigation()}
    return made


def _navigation() -> Mapping[str, str]:
    from burnish.agent.pages.views import NAVIGATION

    return NAVIGATION


def share(value: float | None) -> str:
    """A share or a score, with two digits."""
    return "" if value is None else f"{value:.2f}"


def signed(value: float | None, digits: int = 2) -> str:
    """A difference."""
    return "" if value is None else f"{value:+.{digits}f}"


def count(value: float | None) -> str:
    """A whole number, thousands apart."""
    return "" if value is None else f"{value:,.0f}"


def evidence(value: float | None) -> str:
    """An e-value or a p-value."""
    return "" if value is None else f"{value:.3g}"


def brief(text: str, letters: int = SHORT) -> str:
    """A text on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= letters else f"{line[: letters - 1]}…"


def bounded(text: str, letters: int = LONG) -> str:
    """A text of several lines, cut where it is very long, with what is left out."""
    if len(text) <= letters:
        return text
    return f"{text[:letters]}… ({len(text) - letters:,} letters more; the JSON of this page has them)"


def series(points: Sequence[object]) -> str:
    """Numbers for a chart, as JSON in an attribute."""
    return json.dumps(points, allow_nan=False)


def several(number: int, noun: str) -> str:
    """So many of something."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def iteration_name(number: int) -> str:
    """An iteration, or the sealed test."""
    return "sealed test" if number == SEALED else str(number)


FILTERS: Mapping[str, Any] = MappingProxyType(
    {
        "share": share,
        "signed": signed,
        "count": count,
        "evidence": evidence,
        "brief": brief,
        "bounded": bounded,
        "series": series,
        "several": several,
        "iteration_name": iteration_name,
    }
)
