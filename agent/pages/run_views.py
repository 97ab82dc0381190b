"""Pages of the run as a whole: overview, an iteration, spend, and comparisons."""

from __future__ import annotations

from burnish.agent.inspecting.programs import words
from burnish.agent.inspecting.runs import compare_runs
from burnish.agent.inspecting.spent import BY, overlap_in_words, spent_in_all
from burnish.agent.inspecting.stories import iteration_story
from burnish.agent.inspecting.summary import Point, summary
from burnish.agent.pages.links import Links
from burnish.agent.pages.page import ROWS, Asked, Page
from burnish.agent.record.diff import compare as between
from burnish.types import JsonValue


def overview(asked: Asked) -> Page:
    """The run on one page."""
    told = summary(asked.run, asked.at)
    lines = [[name, arm.rate] for name, arm in told.sealed.in_order] if told.sealed else []
    return Page("Overview", "overview.html", told, {"curve": [_point(one) for one in told.points], "lines": lines})


def _point(point: Point) -> JsonValue:
    """A point of the curve as a chart takes it."""
    marks: list[JsonValue] = [[race.outcome, race.challenger_score] for race in point.races if not race.open]
    return [point.calls, point.share, point.iteration, marks, bool(point.alarms)]


def iteration(asked: Asked) -> Page:
    """What happened in an iteration."""
    with asked.run.journal() as journal:
        told = iteration_story(journal, asked.at)
    return Page(f"Iteration {asked.at}", "iteration.html", told)


def spend(asked: Asked) -> Page:
    """What was spent, by node, role or iteration, or by node and role."""
    by = next((way for way in BY if way == asked.text("by")), "node")
    told = asked.run.spending(by, asked.until)
    whole = spent_in_all(told)
    with asked.run.journal() as journal:
        overlap = overlap_in_words(journal, whole if asked.until is None else None)
    return Page("Spend", "spend.html", told, {"by": by, "ways": BY, "whole": whole, "overlap": overlap})


def compare(asked: Asked) -> Page:
    """Two iterations of the run, or the run and another."""
    if asked.others:
        ((name, other),) = asked.others.items()
        told = compare_runs(asked.run, other)
        arms = dict.fromkeys([*told.first.arms, *told.second.arms])
        beside = {"other": name, "arms": list(arms), "elsewhere": Links.served(name)}
        return Page(f"{asked.name} and {name}", "compare_runs.html", told, beside, scrubbed=False)
    before = min(asked.number("from"), asked.newest)
    found = between(asked.run, before, asked.at, most=ROWS)
    more = {"before": before, "differing": {name: words(old, new) for name, old, new in found.sections}}
    return Page("Compare", "compare.html", found, more)
