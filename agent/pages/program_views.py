"""Pages of programs: their lineage and operators, one with what differs from another, and the races."""

from __future__ import annotations

from burnish.agent.inspecting.lineage import MEANINGS, in_tree
from burnish.agent.inspecting.names import named
from burnish.agent.inspecting.programs import changes, program_story
from burnish.agent.inspecting.races import race_story
from burnish.agent.inspecting.reasons import reasons_of
from burnish.agent.inspecting.yields import IN_WORDS
from burnish.agent.pages.forms import whole_number
from burnish.agent.pages.page import Asked, Page
from burnish.agent.record.diff import setting_changes
from burnish.errors import ConfigError


def programs(asked: Asked) -> Page:
    """The lineage, and what operators yielded."""
    nodes = asked.run.lineage(asked.until)
    told = {"lineage": nodes, "operators": asked.run.operators(asked.until)}
    fared = {node.outcome for node in nodes}
    meanings = {word: meaning for word, meaning in MEANINGS.items() if word in fared}
    return Page("Programs", "programs.html", told, {"tree": in_tree(nodes), "meanings": meanings, "columns": IN_WORDS})


def program(asked: Asked) -> Page:
    """A program, and how its prompt differs from another's."""
    with asked.run.journal() as journal:
        found = named(journal, asked.named)
        if found.kind != "program":
            raise ConfigError(f"{asked.named} names a {found.kind}; find it by the field at the top")
        told, beside = program_story(journal, found.id), asked.text("beside")
        other_id = named(journal, beside).id if beside else next(iter(told.ancestors), "")
        other = journal.program(other_id) if other_id else journal.champion(0)
        settings = setting_changes(other.to_json(), told.program.to_json())
    shown = {
        "story": told,
        "why": reasons_of(told),
        "beside": other.id,
        "changes": changes(other, told.program),
        "settings": settings,
    }
    return Page(f"Program {found.id}", "program.html", shown, scrubbed=False)


def races(asked: Asked) -> Page:
    """Every race."""
    return Page("Races", "races.html", asked.run.races(asked.until))


def race(asked: Asked) -> Page:
    """A race, task by task."""
    with asked.run.journal() as journal:
        told = race_story(journal, whole_number(asked.named, "the number of a race"))
        prompts = {one: journal.task(one).prompt for one in {item.task for item in told.items} if journal.has_task(one)}
    curve = [[number, item.evidence] for number, item in enumerate(told.items, 1)]
    more = {"curve": curve, "prompts": prompts}
    return Page(f"Race {told.number}", "race.html", {"story": told, "why": reasons_of(told)}, more, scrubbed=False)
