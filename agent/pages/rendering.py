"""Records as HTML: the templates, and how figures and texts are written in them. Everything is escaped."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from burnish import __version__
from burnish.agent.inspecting.lineage import change_in_words
from burnish.records import SEALED
from burnish.spelling import several
from burnish.types import ALIVE

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from burnish.agent.pages.links import Links

TEMPLATES = Path(__file__).parent / "templates"
NAVIGATION: Mapping[str, str] = MappingProxyType(
    {
        "overview": "Overview",
        "iteration": "Iteration",
        "memory": "Memory",
        "map": "Map",
        "programs": "Programs",
        "races": "Races",
        "tasks": "Tasks",
        "refusals": "Refusals",
        "ratings": "Ratings",
        "diversity": "Diversity",
        "spend": "Spend",
        "compare": "Compare",
        "review": "Review",
    }
)
"""The pages that stand in the navigation, in its order, and what they are called there."""
Texts: TypeAlias = Literal["none", "exemplars", "all"]
"""Whose words are written out."""
SHORT, MOST, LONG = 160, 600, 20_000
"""Letters of a text in a table, of what a sentence says, and of a text on a page of its own."""


def rendered(template: str, texts: Texts = "all", *, layout: str = "base.html", **context: Any) -> str:
    """A template with its values, within a layout. `texts` says whose words are written out: all, those of exemplars
    and prompts, or none.
    """
    return _environment(texts).get_template(template).render(layout=layout, **context)


@cache
def _environment(texts: Texts) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=at_most,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {**FILTERS, **dict.fromkeys(WITHHELD[texts], withheld)}
    made.globals |= {"ALIVE": ALIVE, "SEALED": SEALED, "version": __version__, "navigation": NAVIGATION}
    return made


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
    line = " ⏎ ".join(" ".join(part.split()) for part in text.splitlines() if part.strip())
    return line if len(line) <= letters else f"{line[: letters - 1]}…"


class Whole(str):
    """A text that is written out as it is."""

    __slots__ = ()


def bounded(text: str, letters: int = LONG) -> Whole:
    """A text of several lines, cut where it is very long, with what is left out."""
    if len(text) <= letters:
        return Whole(text)
    return Whole(f"{text[:letters]}… ({len(text) - letters:,} letters more; the JSON of this page has them)")


def at_most(value: object) -> object:
    """What is written where nothing is said of length: texts are cut, so that no run makes a page too long to show."""
    from markupsafe import Markup

    if isinstance(value, str) and not isinstance(value, (Whole, Markup)):
        return bounded(value, MOST)
    return value


def series(points: Sequence[object]) -> Whole:
    """Numbers for a chart, as JSON in an attribute."""
    return Whole(json.dumps(points, allow_nan=False))


def wording(text: str) -> Whole:
    """Words of a prompt, of a change to it, or of who made it."""
    return bounded(text)


def withheld(text: str, letters: int = 0) -> str:
    """Stands for words that are left out."""
    return "–" if text else ""


WITHHELD: Mapping[Texts, tuple[str, ...]] = MappingProxyType(
    {"all": (), "exemplars": ("brief", "bounded"), "none": ("brief", "bounded", "wording", "linked")}
)
"""The filters whose words are left out."""


def linked(text: str, links: Links) -> Markup:
    """A sentence in which each id leads to what it names."""
    from markupsafe import Markup

    parts = _AN_ID.split(bounded(text, MOST))  # every second one is an id
    return Markup("").join(
        Markup('<a class="id" href="{}">{}</a>').format(links.to("find", id=part), part) if place % 2 else _coded(part)
        for place, part in enumerate(parts)
    )


def _coded(text: str) -> Markup:
    """A text whose words in backticks are code."""
    from markupsafe import Markup, escape

    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part) for place, part in enumerate(parts)
    )


_AN_ID = re.compile(r"\b([0-9a-f]{16})\b")
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
        "linked": linked,
        "wording": wording,
        "in_words": change_in_words,
        "whole": Whole,
    }
)
