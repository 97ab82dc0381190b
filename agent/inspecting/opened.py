"""A run to look into, with all that it can be asked: the Python side of the commands that look into one."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from burnish.agent.inspecting.diversity import DiversityAt, Near, diversity, nearest_pairs
from burnish.agent.inspecting.lineage import LineageNode, lineage
from burnish.agent.inspecting.listing import Order, Remembered, remembered
from burnish.agent.inspecting.overviews import CellHistory, cells
from burnish.agent.inspecting.positions import MemoryMap, memory_map
from burnish.agent.inspecting.races import races
from burnish.agent.inspecting.ratings import RatingStory, rating_story
from burnish.agent.inspecting.reasons import Reasons, reasons
from burnish.agent.inspecting.recalled import Recall, recall
from burnish.agent.inspecting.refused import Refusal, RefusedAnswer, refusals, refused_answers
from burnish.agent.inspecting.rows import Rows
from burnish.agent.inspecting.runs import RunComparison, compare_runs
from burnish.agent.inspecting.spent import Spending, spending
from burnish.agent.inspecting.stories import Story, story
from burnish.agent.inspecting.summary import Summary, summary
from burnish.agent.inspecting.tasks import TaskLine, task_lines
from burnish.agent.inspecting.yields import OperatorYield, operators
from burnish.agent.record.directory import RunDirectory
from burnish.agent.record.run import Run
from burnish.records import GateRecord


def open_run(directory: str | os.PathLike[str]) -> InspectedRun:
    """Look into a run, finished or not, also while another process works on it. Nothing is written."""
    place = RunDirectory(Path(directory))
    return InspectedRun(place, place.config())


@dataclass(frozen=True)
class InspectedRun(Run):
    """A run, and what it can be asked. Each answer is a frozen record, or `Rows` of them; see `docs/inspect.md`.

    With `at` it is asked as of an iteration; by default as of now. All raise ConfigError where what is named is not
    there.
    """

    def show(self, name: str) -> Story:
        """All that is known of an exemplar, program, task, answer or call, by its id or the beginning of it, or of
        `race 1` or `iteration 1`.
        """
        return story(self, name)

    def why(self, name: str) -> Reasons:
        """Why that is as it is, in sentences."""
        return reasons(self, name)

    def recall(self, text: str, at: int | None = None) -> Recall:
        """What the champion of an iteration would show with a text."""
        return recall(self, text, at)

    def exemplars(
        self,
        at: int | None = None,
        *,
        search: str = "",
        like: str = "",
        cell: str = "",
        champion: bool = False,
        order: Order | None = None,
        limit: int | None = None,
    ) -> Rows[Remembered]:
        """What is remembered at a revision, see `burnish.agent.inspecting.listing.remembered`."""
        return Rows(
            remembered(self, at, search=search, like=like, cell=cell, champion=champion, order=order, limit=limit)
        )

    def tasks(
        self,
        at: int | None = None,
        *,
        cell: str | None = None,
        unsolved: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> Rows[TaskLine]:
        """The tasks that were answered, those of the sealed test last, the most tried first."""
        with self.journal() as journal:
            until = self.until(journal, at)
            return Rows(task_lines(journal, at=until, cell=cell, unsolved=unsolved, limit=limit, offset=offset))

    def cells(self, at: int | None = None) -> Rows[CellHistory]:
        """Kinds of tasks over the iterations."""
        with self.journal() as journal:
            return Rows(cells(journal, at=self.until(journal, at)))

    def refusals(self, at: int | None = None) -> Rows[Refusal]:
        """Why answers were not learned, by complaint of the environment."""
        with self.journal() as journal:
            return Rows(refusals(journal, at=self.until(journal, at)))

    def refused(
        self, words: str = "", at: int | None = None, *, limit: int | None = None, offset: int = 0
    ) -> Rows[RefusedAnswer]:
        """The answers that were not learned, all or those with these words in the reason or a complaint."""
        with self.journal() as journal:
            until = self.until(journal, at)
            return Rows(refused_answers(journal, words, at=until, limit=limit, offset=offset)[0])

    def operators(self, at: int | None = None) -> Rows[OperatorYield]:
        """What operators' proposals came to."""
        with self.journal() as journal:
            return Rows(operators(journal, at=self.until(journal, at)))

    def races(self, at: int | None = None) -> Rows[GateRecord]:
        """Every race, as it stood last."""
        with self.journal() as journal:
            return Rows({record.number: record for _, record in races(journal, at=self.until(journal, at))}.values())

    def lineage(self, at: int | None = None) -> Rows[LineageNode]:
        """Every prompt, and the one that it came from."""
        with self.journal() as journal:
            return Rows(lineage(journal, at=self.until(journal, at)))

    def spending(self, by: str = "node", at: int | None = None) -> Rows[Spending]:
        """What was spent by `node`, `role` or `iteration`, or by node and role (`all`). Raises ValueError for anything
        else.
        """
        with self.journal() as journal:
            return Rows(spending(journal, by, at=self.until(journal, at)))

    def ratings(self, at: int | None = None) -> RatingStory:
        """How far the judge's ratings can be trusted."""
        with self.journal() as journal:
            return rating_story(journal, at=self.until(journal, at))

    def diversity(self) -> Rows[DiversityAt]:
        """Diversity over the iterations."""
        with self.journal() as journal:
            return Rows(diversity(journal))

    def nearest_pairs(self, at: int | None = None, *, most: int = 20) -> Rows[Near]:
        """The exemplars most alike."""
        return Rows(nearest_pairs(self, at, most=most))

    def summary(self, at: int | None = None) -> Summary:
        """The run on one page: verdict, curve, what is happening."""
        return summary(self, at)

    def map(self) -> MemoryMap:
        """Every exemplar on one plane."""
        return memory_map(self)

    def compare(self, other: Run) -> RunComparison:
        """The run and another side by side."""
        return compare_runs(self, other)
