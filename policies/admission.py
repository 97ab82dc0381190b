"""What enters memory: verified attempts that add something, and of near-duplicates exactly one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from burnish.limits import NonNegative, Positive, Share
from burnish.policies.novelty import Taken

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Applicant:
    """A judged attempt, or a turn of one, that could be remembered.

    `lesson` names what it answers: a task, or a turn of it. `merit` orders near-duplicates: reward, then rating where
    it votes. What is `barred`, for this reason, is refused whatever its verdict.
    """

    attempt_id: str
    lesson: str
    cell: str
    verified: bool
    judged: bool
    merit: float
    barred: str = ""


@dataclass(frozen=True)
class Resident:
    """The exemplar in memory nearest to an applicant, and how near it is. One that is `pinned` is not replaced."""

    exemplar_id: str
    lesson: str
    cell: str
    similarity: float
    merit: float
    pinned: bool = False


@dataclass(frozen=True)
class Admission:
    """Who is admitted (indices of applicants), why the others are refused, and which residents are replaced."""

    admitted: tuple[int, ...]
    refused: Mapping[int, str] = field(default_factory=dict)
    replaced: Mapping[str, int] = field(default_factory=dict)


def unverified(*, judged: bool, verified: bool) -> str:
    """Why an answer may not be learned, whatever memory holds; empty where it may."""
    if not judged:
        return "the environment gave no verdict"
    return "" if verified else "not verified"


@dataclass(frozen=True)
class NovelAdmission:
    """Admits what is verified and novel, as long as no task and no cell gets too many exemplars.

    By default everything verified is novel, one answer a task: likeness costs nothing in memory, and retrieval shows
    exemplars that are spread out. With a lower `novelty`, a near-duplicate with more merit takes the place of the one
    exemplar in memory that it duplicates; otherwise it is refused. A cell takes in no more when it holds both
    `per_cell` exemplars and too many by `dominance`: it may be larger where all cells are, and where there is only one.
    """

    name: Literal["novel"] = "novel"
    novelty: Share | None = None
    """Cosine from which on two exemplars are near-duplicates, of which one survives. Left out: none are."""
    per_task: Positive = 1
    """Most exemplars of one task."""
    per_cell: Positive | None = None
    """Exemplars of one cell that are always allowed. Left out: any number."""
    dominance: NonNegative = 2.0
    """Beyond `per_cell`, how many times as large as the mean of all cells that hold exemplars a cell may be. 0: no
    larger than `per_cell`.
    """

    def decide(
        self,
        applicants: Sequence[Applicant],
        vectors: Vectors,
        *,
        residents: Sequence[Resident | None],
        per_task: Mapping[str, int],
        per_cell: Mapping[str, int],
    ) -> Admission:
        """Decide on all applicants of an iteration at once; those with more merit are looked at first.

        `vectors` (n, d) and `residents` (n) belong to the applicants; the counts are those of memory now.
        """
        admitted: list[int] = []
        refused: dict[int, str] = {}
        replaced: dict[str, int] = {}
        tasks, cells = Counter(per_task), Counter(per_cell)
        order = sorted(range(len(applicants)), key=lambda i: (not applicants[i].verified, -applicants[i].merit, i))
        taken = Taken(vectors[order]) if self.novelty is not None else None
        for place, i in enumerate(order):
            applicant, resident = applicants[i], residents[i]
            twin = resident if resident is not None and self._replaceable(applicant, resident, replaced) else None
            reason = self._refusal(applicant, tasks, cells, twin)
            if not reason and taken is not None and self._near(taken.nearest(place)):
                reason = "near-duplicate of another new one"
            if not reason and twin is not None and twin.exemplar_id in replaced:
                reason = "near-duplicate of another new one"
            if reason:
                refused[i] = reason
                continue
            admitted.append(i)
            if taken is not None:
                taken.take(place)
            tasks[applicant.lesson] += 1
            cells[applicant.cell] += 1
            if twin is not None:
                replaced[twin.exemplar_id] = i
                tasks[twin.lesson] -= 1
                cells[twin.cell] -= 1
        return Admission(tuple(sorted(admitted)), refused, replaced)

    def _refusal(self, applicant: Applicant, tasks: Counter[str], cells: Counter[str], twin: Resident | None) -> str:
        if reason := applicant.barred or unverified(judged=applicant.judged, verified=applicant.verified):
            return reason
        if twin is not None and (twin.pinned or applicant.merit <= twin.merit):
            return "enough of this task" if twin.lesson == applicant.lesson else "near-duplicate of one in memory"
        # One that takes another's place counts only where it goes to another task or cell.
        if (twin is None or twin.lesson != applicant.lesson) and tasks[applicant.lesson] >= self.per_task:
            return "enough of this task"
        if (twin is None or twin.cell != applicant.cell) and self._full(cells, applicant.cell):
            return "enough of this cell"
        return ""

    def _replaceable(self, applicant: Applicant, resident: Resident, replaced: Collection[str]) -> bool:
        """Whether one of the two is enough: near-duplicates, or of one task, where the other is there still."""
        same = self.per_task == 1 and resident.lesson == applicant.lesson and resident.exemplar_id not in replaced
        return same or self._near(resident.similarity)

    def _near(self, similarity: float) -> bool:
        return self.novelty is not None and similarity >= self.novelty

    def _full(self, cells: Counter[str], cell: str) -> bool:
        if self.per_cell is None or cells[cell] < self.per_cell:
            return False
        return cells[cell] >= self.dominance * cells.total() / max(1, sum(count > 0 for count in cells.values()))
