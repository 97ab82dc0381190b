"""Pages of the memory: what is remembered, the story of an exemplar, the map, what a text would be shown, diversity."""

from __future__ import annotations

from typing import get_args

from burnish.agent.inspecting.exemplars import exemplar_story
from burnish.agent.inspecting.listing import Order, remembered
from burnish.agent.inspecting.lives import likeness_condition
from burnish.agent.inspecting.names import named
from burnish.agent.inspecting.positions import memory_map
from burnish.agent.inspecting.reasons import reasons_of
from burnish.agent.inspecting.recalled import recall as recalled
from burnish.agent.pages.axes import showings_by_iteration, ticks
from burnish.agent.pages.page import ROWS, Asked, Page
from burnish.agent.pages.rendering import brief
from burnish.agent.record.by_hand import pinned_at
from burnish.errors import ConfigError
from burnish.terms import TermsTable
from burnish.types import Exemplar, JsonValue

ORDERS: tuple[Order, ...] = get_args(Order)
MEASURES = ("vendi", "coverage", "distinct_2", "near_duplicates")
"""Those of what was generated that a page shows."""
BEGINNING = 80
"""Letters of a task that the map says of a point."""
PAIRS = 20
"""Of exemplars most alike, on a page."""


def memory(asked: Asked) -> Page:
    """What is remembered at an iteration, a page of it; or what has died until then."""
    like, dead = asked.text("like"), asked.text("show") == "dead"
    order = next((one for one in ORDERS if one == asked.text("sort")), "likeness" if like else "born")
    found = remembered(
        asked.run,
        asked.at,
        search=asked.text("search"),
        like="" if dead else like,
        cell=asked.text("cell"),
        champion=asked.text("show") == "champion",
        order="born" if order == "likeness" and (dead or not like) else order,
        limit=ROWS + 1,
        offset=asked.page * ROWS,
        dead=dead,
    )
    with asked.run.journal() as journal:
        total = journal.remembered(asked.at)
        kinds = journal.named_rows(
            "SELECT COALESCE(json_extract(body, '$.cell'), '') AS cell, COUNT(*) AS n FROM exemplars"
            " WHERE born <= ? AND died > ? GROUP BY cell ORDER BY n DESC, cell",
            (asked.at, asked.at),
        )
    more = {
        "total": total,
        "cells": [(row["cell"], row["n"]) for row in kinds if row["cell"]],
        "orders": [one for one in ORDERS if like or one != "likeness"],
        "order": order,
        "dead": dead,
        "following": len(found) > ROWS,
        "rows": ROWS,
    }
    return Page("Memory", "memory.html", found[:ROWS], more)


def exemplar(asked: Asked) -> Page:
    """The life of an exemplar."""
    with asked.run.journal() as journal:
        found = named(journal, asked.named)
        if found.kind != "exemplar":
            raise ConfigError(f"{asked.named} names a {found.kind}; find it by the field at the top")
        told = exemplar_story(journal, found.id, near=likeness_condition(asked.run.config))
        pins = found.id in pinned_at(journal, asked.newest)
    life = showings_by_iteration(told.showings)
    return Page(
        f"Exemplar {found.id}",
        "exemplar.html",
        {"story": told, "why": reasons_of(told), "terms": _terms(told.exemplar), "pinned": pins},
        {
            "life": life,
            "most": max((max(right, wrong) for _, right, wrong in life), default=1),
            "ticks": ticks(0, asked.newest),
        },
        scrubbed=False,
    )


def _terms(exemplar: Exemplar) -> str:
    """What an exemplar may be used for, in words."""
    if not exemplar.model:
        return "people wrote it"
    terms = TermsTable.load().of(exemplar.model)
    return f"{terms.licence}: may train other models: {terms.training}, may be shared: {terms.sharing}"


def positions(asked: Asked) -> Page:
    """Where exemplars lie: the points come with the JSON of this page, since to embed what was not yet takes long."""
    if not asked.path.endswith(".json"):
        return Page("Map", "map.html", None)
    found = memory_map(asked.run)
    with asked.run.journal() as journal:
        prompts = {one.id: brief(one.prompt, BEGINNING) for one in journal.exemplars()}
    points = [{**one.to_json(), "prompt": prompts[one.id]} for one in found.positions]
    return Page("Map", "map.html", {"positions": points, "explained": found.explained})


def alike(asked: Asked) -> Page:
    """The exemplars most alike."""
    return Page("Most alike", "alike.html", asked.run.nearest_pairs(asked.at, most=PAIRS))


def recall(asked: Asked) -> Page:
    """What a text would be shown."""
    text = asked.text("text")
    told = recalled(asked.run, text, asked.at) if text else None
    return Page("What would be shown", "recall.html", told, {"text": text})


def diversity(asked: Asked) -> Page:
    """Diversity over the iterations."""
    told = [one for one in asked.run.diversity() if one.iteration <= asked.at]
    curve = [[one.iteration, _number(one.generated.get("vendi")), _number(one.remembered.get("vendi"))] for one in told]
    return Page("Diversity", "diversity.html", told, {"curve": curve, "measures": MEASURES})


def _number(value: JsonValue) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None
