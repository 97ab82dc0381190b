"""From a program and tasks to the exemplars each task is shown: the memory's side of the retrieval policies."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from burnish.agent.models.rendering import Query
from burnish.agent.rollouts.episode_values import KEPT
from burnish.memory.neighbourhoods import Neighbourhoods
from burnish.memory.store import Memory
from burnish.policies.retrieval import (
    cosines,
    form_share,
    maximal_marginal_relevance,
    nearest_shelf,
    ordered,
    rarity,
    representatives,
)
from burnish.policies.values import ActionValues
from burnish.programs import Program, Retrieval
from burnish.types import Exemplar

Vectors = NDArray[np.float32]

SHELF_SAMPLE = 256
"""Exemplars among which the anchors of shelves are sought; bounds the work however large memory grows."""
BREADTH = 4
"""MMR chooses k among this many times k nearest."""
DEPTH = 64
"""So many neighbours of an anchor are looked up at least: programs that differ in k then share the search."""


JOINT_SAMPLE = 256
"""Exemplars by whose answers the weights of meaning and form are chosen."""


@dataclass(frozen=True)
class Shelf:
    """An ordered set of exemplars that many tasks share, best first; longer than k so that one may be left out."""

    exemplar_ids: tuple[str, ...]


@dataclass(frozen=True)
class _View:
    """What shelves are made of: programs of equal views share them."""

    program: Program = field(compare=False)
    state: tuple[int, int]
    settings: Retrieval
    dropped: tuple[str, ...]
    only: tuple[str, ...]


@dataclass(frozen=True)
class _Shelves:
    anchors: Vectors
    shelves: tuple[Shelf, ...]


@dataclass(frozen=True)
class Recalled:
    """What one task is shown. Tasks of equal `group` share a prompt prefix and are best sent one after another. Where
    exemplars are shown otherwise than memory has them, `originals` are their ids there.
    """

    exemplars: tuple[Exemplar, ...]
    group: int
    originals: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """What memory calls the exemplars."""
        return self.originals or tuple(exemplar.id for exemplar in self.exemplars)


class Retriever:
    """Chooses exemplars by the program's retrieval settings. Never shows an exemplar of the same task."""

    def __init__(
        self,
        memory: Memory,
        values: Callable[[int], ActionValues | None] = lambda _revision: None,
    ) -> None:
        self._memory = memory
        self._values = values
        self._weights = lru_cache(KEPT)(self._choose_weights)
        self._neighbourhoods = Neighbourhoods(memory)
        self._made = lru_cache(KEPT)(self._build)
        self._anchors = lru_cache(KEPT)(self._choose_anchors)

    def recall(self, program: Program, tasks: Sequence[Query]) -> list[Recalled]:
        """For each task (or turn of one) what it is shown, the same in whatever company it is asked."""
        settings = program.retrieval
        if settings.k == 0 or not tasks or not self._memory.count(program.revision):
            return [Recalled((), 0)] * len(tasks)
        vectors = self._weighed(self._memory.embedder.embed([t.prompt for t in tasks]), program.revision)
        choose = {"nearest": self._nearest, "shelves": self._from_shelves, "value": self._by_value}[settings.policy]
        return choose(program, tasks, vectors)

    def _weighed(self, vectors: Vectors, revision: int) -> Vectors:
        """Queries by which meaning and form of exemplars weigh as their answers say."""
        joint = self._memory.joint
        return (
            vectors if joint is None else joint.weighed(vectors, *self._weights(self._memory.state(revision), revision))
        )

    def _choose_weights(self, _state: tuple[int, int], revision: int) -> tuple[float, Vectors]:
        """The weight of form, and of each dimension in it."""
        joint, known = self._memory.joint, self._memory.sample(revision, JOINT_SAMPLE)
        assert joint is not None
        meaning, form = joint.parts(self._memory.vectors([exemplar.id for exemplar in known]))
        tasks, answers, cells = zip(*((e.task_id, e.answer, e.cell) for e in known), strict=True)
        share = form_share(meaning, form, tasks, answers, default=joint.share, cells=cells)
        return share, rarity(form)

    def _nearest(self, program: Program, tasks: Sequence[Query], vectors: Vectors) -> list[Recalled]:
        wanted = program.retrieval.k * BREADTH + len(program.dropped) + 1
        found = self._found(program, vectors, wanted)
        usable = [self._usable(ids, program, task.id) for task, ids in zip(tasks, found, strict=True)]
        spread = self._spread(program, vectors, usable, program.retrieval.k)
        return [Recalled(self._exemplars(program, best), i) for i, best in enumerate(spread)]

    def _found(self, program: Program, vectors: Vectors, wanted: int) -> list[list[str]]:
        """For each task what the program may show that is most alike, `wanted` at least where there are as many."""
        if program.only:
            return self._nearest_of(self._chosen(program), vectors)
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        neighbours = self._memory.nearest(unit, wanted, revision=program.revision)
        return [[n.id for n in row] for row in neighbours]

    def _by_value(self, program: Program, tasks: Sequence[Query], vectors: Vectors) -> list[Recalled]:
        """Of the exemplars alike those whose action is worth most here, of equals the most alike."""
        values = self._values(program.revision)
        if values is None:
            return self._nearest(program, tasks, vectors)
        found = self._found(program, vectors, DEPTH + len(program.dropped))
        recalled = []
        for number, (task, ids) in enumerate(zip(tasks, found, strict=True)):
            usable = self._usable(ids, program, task.id)
            worth = {id_: values.of(task.prompt, self._memory[id_].answer) for id_ in usable}
            best = sorted(usable, key=worth.__getitem__, reverse=True)
            recalled.append(Recalled(self._exemplars(program, best[: program.retrieval.k]), number))
        return recalled

    def _from_shelves(self, program: Program, tasks: Sequence[Query], vectors: Vectors) -> list[Recalled]:
        made = self._shelves(program)
        recalled = []
        for task, number in zip(tasks, nearest_shelf(vectors, made.anchors), strict=True):
            ids = self._usable(made.shelves[number].exemplar_ids, program, task.id)
            recalled.append(Recalled(self._exemplars(program, ids[: program.retrieval.k]), number))
        return recalled

    def _shelves(self, program: Program) -> _Shelves:
        state = self._memory.state(program.revision)
        return self._made(_View(program, state, program.retrieval, program.dropped, program.only))

    def _build(self, view: _View) -> _Shelves:
        program, settings, memory = view.program, view.settings, self._memory
        anchors = self._anchors(replace(view, settings=Retrieval(shelves=settings.shelves)))
        if not anchors:
            return _Shelves(np.zeros((1, memory.embedder.dimensions), np.float32), (Shelf(()),))
        vectors = memory.vectors(anchors)
        wanted = settings.k * BREADTH + len(program.dropped) + 1
        if program.only:
            found = self._nearest_of(self._chosen(program), vectors)
        else:
            found = self._neighbourhoods.around(anchors, max(wanted, DEPTH), revision=program.revision)
        usable = [self._usable(ids[:wanted], program, "") for ids in found]
        spread = self._spread(program, vectors, usable, settings.k + 1)
        return _Shelves(vectors, tuple(Shelf(tuple(ids)) for ids in spread))

    def _choose_anchors(self, view: _View) -> list[str]:
        """The exemplars that shelves are built around."""
        program = view.program
        if program.only:
            sample = self._chosen(program)
        else:
            sample = [e.id for e in self._memory.sample(program.revision, SHELF_SAMPLE)]
        ids = [id_ for id_ in sample if id_ not in program.dropped]
        return [ids[i] for i in representatives(self._memory.vectors(ids), program.retrieval.shelves)] if ids else []

    def _chosen(self, program: Program) -> list[str]:
        """What the program is limited to, of what is alive."""
        return [id_ for id_ in sorted(program.only) if self._memory[id_].alive(program.revision)]

    def _nearest_of(self, ids: Sequence[str], queries: Vectors) -> list[list[str]]:
        """For each query all of `ids`, most alike first."""
        likeness = cosines(queries, self._memory.vectors(ids).T)
        return [[ids[i] for i in row] for row in np.argsort(-likeness, axis=1, kind="stable").tolist()]

    def _spread(
        self, program: Program, queries: Vectors, candidates: Sequence[Sequence[str]], count: int
    ) -> list[list[str]]:
        """For each query the `count` of its candidates that are alike and spread out, best first."""
        places = {id_: place for place, id_ in enumerate(dict.fromkeys(chain.from_iterable(candidates)))}
        vectors = self._memory.vectors(list(places))  # of all at once: an index on disk answers each call slowly
        spread = []
        for query, ids in zip(queries, candidates, strict=True):
            own = vectors[[places[id_] for id_ in ids]]
            order = maximal_marginal_relevance(query, own, count, relevance=program.retrieval.relevance)
            spread.append([ids[i] for i in order])
        return spread

    def _usable(self, ids: Collection[str], program: Program, task_id: str) -> list[str]:
        return [i for i in ids if i not in program.dropped and self._memory[i].task_id != task_id]

    def _exemplars(self, program: Program, best_first: Sequence[str]) -> tuple[Exemplar, ...]:
        return tuple(self._memory[i] for i in ordered(best_first, program.retrieval.order))
