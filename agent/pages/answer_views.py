"""Pages of what was asked and answered: tasks, answers, calls, refusals, ratings."""

from __future__ import annotations

from burnish.agent.inspecting.calls import call_story
from burnish.agent.inspecting.names import named
from burnish.agent.inspecting.overviews import shares_over, sums_over
from burnish.agent.inspecting.reasons import reasons_of
from burnish.agent.inspecting.refused import refusals as by_reason
from burnish.agent.inspecting.refused import refused_answers, refused_count
from burnish.agent.inspecting.stories import answer_story
from burnish.agent.inspecting.tasks import task_story
from burnish.agent.pages.axes import ticks
from burnish.agent.pages.page import ROWS, Asked, Page
from burnish.errors import ConfigError

STEPS = 100
"""In which the share solved of a kind of tasks is drawn."""


def tasks(asked: Asked) -> Page:
    """Kinds of tasks, and the tasks."""
    cell, unsolved = asked.text("cell"), asked.text("show") == "unsolved"
    lines = asked.run.tasks(asked.until, cell=cell or None, unsolved=unsolved, limit=ROWS + 1, offset=asked.page * ROWS)
    cells = asked.run.cells(asked.until)
    last = max(asked.at, 1)
    told = {"cells": cells, "tasks": lines[:ROWS]}
    strips = {
        one.cell: [
            (place, share)
            for place, share in enumerate(shares_over(one.iterations, last, most=STEPS))
            if share is not None
        ]
        for one in cells
    }
    moved = {one.cell: sums_over(one.turnover, last, most=STEPS) for one in cells}
    most = max((max(pair) for steps in moved.values() for pair in steps), default=0)
    more = {
        "strips": strips,
        "moved": {cell: [(x, *pair) for x, pair in enumerate(steps) if any(pair)] for cell, steps in moved.items()},
        "most": max(most, 1),
        "steps": min(STEPS, last),
        "ticks": ticks(1, last),
        "cell": cell,
        "unsolved": unsolved,
        "following": len(lines) > ROWS,
    }
    return Page("Tasks", "tasks.html", told, more)


def task(asked: Asked) -> Page:
    """A task, and every answer to it."""
    with asked.run.journal() as journal:
        told = task_story(journal, _named(asked, "task"))
    return Page(f"Task {told.task.id}", "task.html", {"story": told, "why": reasons_of(told)}, scrubbed=False)


def answer(asked: Asked) -> Page:
    """An answer, and what became of it."""
    with asked.run.journal() as journal:
        told = answer_story(journal, _named(asked, "answer"))
    shown = {"story": told, "why": reasons_of(told)}
    return Page(f"Answer {told.given[0].attempt}", "answer.html", shown, scrubbed=False)


def call(asked: Asked) -> Page:
    """A call: what was sent, as it was sent."""
    with asked.run.journal() as journal:
        told = call_story(journal, asked.text("key"), asked.run.config.fingerprint)
    return Page("Prompt as sent", "call.html", {"story": told, "why": reasons_of(told)}, scrubbed=False)


def refusals(asked: Asked) -> Page:
    """Why answers were not learned; or those answers, a page of them, with some words, or of one of the reasons."""
    words, of = asked.text("words"), asked.text("of")
    with asked.run.journal() as journal:
        known = by_reason(journal, at=asked.until)
        one = next((one for one in known if one.id == of), None)
        if of and one is None:
            raise ConfigError("no answer was refused for that reason until this iteration; go back to the refusals")
        if not words and one is None:
            every = {"total": refused_count(journal, at=asked.until), "listed": False}
            return Page("Refusals", "refusals.html", known, every)
        told, total = refused_answers(
            journal,
            words,
            reason=one.reason if one else "",
            complaint=one.feedback if one else None,
            at=asked.until,
            limit=ROWS,
            offset=asked.page * ROWS,
        )
    more = {"total": total, "listed": True, "of": one, "following": total > (asked.page + 1) * ROWS}
    return Page("Refusals", "refusals.html", told, more)


def ratings(asked: Asked) -> Page:
    """How far the judge can be trusted."""
    return Page("Ratings", "ratings.html", asked.run.ratings(asked.until))


def _named(asked: Asked, kind: str) -> str:
    """The whole id of what an address names."""
    with asked.run.journal() as journal:
        found = named(journal, asked.named)
    if found.kind != kind:
        raise ConfigError(f"{asked.named} names a {found.kind}; find it by the field at the top")
    return found.id
