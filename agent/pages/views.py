"""Every page by its address below that of a run."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from burnish.agent.pages import answer_views, memory_views, program_views, run_views
from burnish.agent.pages.page import View
from burnish.agent.pages.review import review

VIEWS: Mapping[str, View] = MappingProxyType(
    {
        "overview": run_views.overview,
        "iteration": run_views.iteration,
        "memory": memory_views.memory,
        "exemplars/{named}": memory_views.exemplar,
        "map": memory_views.positions,
        "alike": memory_views.alike,
        "recall": memory_views.recall,
        "programs": program_views.programs,
        "programs/{named}": program_views.program,
        "races": program_views.races,
        "races/{named}": program_views.race,
        "tasks": answer_views.tasks,
        "tasks/{named}": answer_views.task,
        "answers/{named}": answer_views.answer,
        "call": answer_views.call,
        "refusals": answer_views.refusals,
        "ratings": answer_views.ratings,
        "diversity": memory_views.diversity,
        "spend": run_views.spend,
        "compare": run_views.compare,
        "review": review,
    }
)
