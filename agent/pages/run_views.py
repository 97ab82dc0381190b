"""Pages of the run as a whole: overview, an iteration, spend, and comparisons."""

from __future__ import annotations

from burnish.agent.inspecting.programs import words
from burnish.agent.inspecting.runs import compare_runs
from burnish.agent.inspecting.stories import iteration_story
from burnish.agent.inspecting.summary import Point, summary
from burnish.agent.pages.links import Links
from burnish.agent.pages.page import ROWS, Asked, Page
from burnish.agent.record.diff import compare as between
from burnish.types import JsonValue

BY = ("node", "role", "iteration")


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
    """What was spent, by node, role or iteration."""
    by = asked.text("by") if asked.text("by") in BY else "node"
    return Page("Spend", "spend.html", asked.run.spending(by, asked.until), {"by": by, "ways": BY})


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
