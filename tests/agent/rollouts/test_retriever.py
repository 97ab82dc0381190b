from __future__ import annotations

from dataclasses import replace
from itertools import islice

import pytest
from codes import Codes, code_of
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.agent.models.rendering import render
from burnish.agent.rollouts.retriever import Retriever
from burnish.memory.embedding import HashEmbedder
from burnish.memory.numpy_index import NumpyIndex
from burnish.memory.store import Memory
from burnish.programs import Decoding, Program, Prompt, Retrieval
from burnish.types import ALIVE, Exemplar, Task

POOL = list(islice(Codes().tasks("train", 1), 60))
"""Exemplars are of the first 40 tasks; so the first 40 have one of their own in memory."""


def remembered(task: Task, born: int, died: int = ALIVE) -> Exemplar:
    return Exemplar(task.id, task.prompt, code_of(task.prompt), 1.0, task.cell, born=born, model="m", died=died)


EXEMPLARS = [
    remembered(task, born=1 + n % 3, died=3 if n % 5 == 0 and n % 3 < 2 else ALIVE) for n, task in enumerate(POOL[:40])
]


def make_retriever() -> Retriever:
    embedder = HashEmbedder()
    memory = Memory(EXEMPLARS, embedder=embedder, index=NumpyIndex(embedder.dimensions))
    memory.reconcile()
    return Retriever(memory)


RETRIEVER = make_retriever()

programs = st.builds(
    Program,
    prompt=st.just(Prompt((("task", "Give the code."),))),
    revision=st.integers(0, 4),
    retrieval=st.builds(
        Retrieval,
        policy=st.sampled_from(["nearest", "shelves"]),
        k=st.integers(0, 6),
        relevance=st.sampled_from([0.0, 0.5, 0.8, 1.0]),
        order=st.sampled_from(["nearest_last", "nearest_first"]),
        shelves=st.sampled_from([1, 4, 16]),
    ),
    decoding=st.builds(Decoding, rendering=st.sampled_from(["turns", "block"])),
    dropped=st.lists(st.sampled_from([e.id for e in EXEMPLARS]), max_size=5, unique=True).map(
        lambda i: tuple(sorted(i))
    ),
    only=st.lists(st.sampled_from([e.id for e in EXEMPLARS]), max_size=8, unique=True).map(tuple),
)
batches = st.lists(st.sampled_from(POOL), min_size=1, max_size=12, unique_by=lambda t: t.id)


@settings(deadline=None, max_examples=60)
@given(programs, batches)
def test_only_usable_exemplars_of_other_tasks_are_shown(program: Program, tasks: list[Task]) -> None:
    for task, recalled in zip(tasks, RETRIEVER.recall(program, tasks), strict=True):
        ids = [e.id for e in recalled.exemplars]
        assert task.id not in {e.task_id for e in recalled.exemplars}
        assert all(e.alive(program.revision) for e in recalled.exemplars)
        assert not set(ids) & set(program.dropped)
        assert not program.only or set(ids) <= set(program.only)
        assert len(set(ids)) == len(ids) <= program.retrieval.k


@settings(deadline=None, max_examples=60)
@given(programs, batches)
def test_a_task_is_shown_the_same_in_whatever_company(program: Program, tasks: list[Task]) -> None:
    together = [r.exemplars for r in RETRIEVER.recall(program, tasks)]
    alone = [make_retriever().recall(program, [task])[0].exemplars for task in tasks[:3]]
    backwards = [r.exemplars for r in RETRIEVER.recall(program, tasks[::-1])][::-1]
    assert alone == together[:3]
    assert backwards == together


@settings(deadline=None, max_examples=60)
@given(programs, batches)
def test_the_prompts_of_a_group_share_everything_before_the_task(program: Program, tasks: list[Task]) -> None:
    prefixes: dict[int, set[object]] = {}
    own = {e.task_id for e in EXEMPLARS}
    for task, recalled in zip(tasks, RETRIEVER.recall(program, tasks), strict=True):
        if task.id not in own:  # an exemplar of the task itself makes way for the next one
            prefixes.setdefault(recalled.group, set()).add(render(program, recalled.exemplars, task)[:-1])
    assert all(len(prefix) == 1 for prefix in prefixes.values())


@pytest.mark.parametrize("policy", ["nearest", "shelves"])
def test_as_many_as_are_asked_for_are_shown_where_memory_has_them(policy: str) -> None:
    program = Program(Prompt(()), revision=2, retrieval=Retrieval(policy=policy, k=4))  # type: ignore[arg-type]
    assert {len(r.exemplars) for r in RETRIEVER.recall(program, POOL)} == {4}
    few = replace(program, retrieval=replace(program.retrieval, k=4), dropped=tuple(e.id for e in EXEMPLARS[2:]))
    assert all(len(r.exemplars) <= 2 for r in RETRIEVER.recall(few, POOL))


def test_nearest_shows_the_most_alike_and_last() -> None:
    program = Program(Prompt(()), revision=2, retrieval=Retrieval(policy="nearest", k=3, relevance=1.0))
    task = POOL[50]
    embedder = HashEmbedder()
    query = embedder.embed([task.prompt])[0]
    alive = [e for e in EXEMPLARS if e.alive(2)]
    likeness = dict(zip([e.id for e in alive], embedder.embed([e.prompt for e in alive]) @ query, strict=True))
    shown = [likeness[e.id] for e in RETRIEVER.recall(program, [task])[0].exemplars]
    assert shown == sorted(shown)
    assert shown == pytest.approx(sorted(likeness.values())[-3:])


def test_an_empty_memory_or_k_of_0_shows_nothing() -> None:
    program = Program(Prompt(()), revision=0)
    assert RETRIEVER.recall(program, POOL[:3])[0].exemplars == ()
    none = replace(program, revision=2, retrieval=Retrieval(k=0))
    assert [r.group for r in RETRIEVER.recall(none, POOL[:3])] == [0, 0, 0]
    assert RETRIEVER.recall(program, []) == []
