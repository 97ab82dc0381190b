from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.errors import StorageError
from burnish.memory.chroma_index import ChromaIndex
from burnish.memory.embedding import HashEmbedder
from burnish.memory.index import VectorIndex
from burnish.memory.numpy_index import NumpyIndex
from burnish.memory.store import Memory
from burnish.types import ALIVE, Exemplar

EMBEDDER = HashEmbedder(32)
Make = Callable[[list[Exemplar]], Memory]


@pytest.fixture(params=["numpy", "chroma"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """Makes a memory over the one index of the test."""
    index: VectorIndex = NumpyIndex(32) if request.param == "numpy" else ChromaIndex(tmp_path / "index", 32)
    yield lambda exemplars: Memory(exemplars, embedder=EMBEDDER, index=index)
    index.close()


def exemplar(n: int, born: int = 0) -> Exemplar:
    return Exemplar(f"t{n % 7}", f"prompt number {n}", f"answer {n}", 1.0, f"c{n % 3}", born, "m")


def live_through(memory: Memory) -> None:
    """Three revisions: five are born, one of them dies as two come, two die."""
    memory.stage([exemplar(n) for n in range(5)], {}, revision=0)
    memory.stage([exemplar(5, 1), exemplar(6, 1)], {exemplar(0).id: "evicted"}, revision=1)
    memory.stage([], {exemplar(1).id: "replaced", exemplar(5, 1).id: "rolled back"}, revision=2)


def numbers(exemplars: list[Exemplar]) -> list[int]:
    return sorted(int(e.prompt.split()[-1]) for e in exemplars)


def test_any_revision_is_seen_as_it_was(make: Make) -> None:
    memory = make([])
    live_through(memory)
    seen = {-1: [], 0: [0, 1, 2, 3, 4], 1: [1, 2, 3, 4, 5, 6], 2: [2, 3, 4, 6], 9: [2, 3, 4, 6]}
    for revision, expected in seen.items():
        assert numbers(memory.at(revision)) == expected
        [found] = memory.nearest(EMBEDDER.embed(["prompt number 5"]), 99, revision=revision)
        assert numbers([memory[hit.id] for hit in found]) == expected
        drawn = memory.sample(revision, 3)
        assert len(drawn) == min(3, len(expected))
        assert [e for e in memory.at(revision) if e in drawn] == drawn
    assert numbers(memory.alive()) == seen[2]
    assert (len(memory), memory.unchanged_since(2), memory.unchanged_since(1)) == (4, True, False)
    assert (memory[exemplar(0).id].died, memory[exemplar(0).id].death) == (1, "evicted")


def test_a_state_is_the_same_until_its_exemplars_change() -> None:
    memory = Memory([], embedder=EMBEDDER, index=NumpyIndex(32))
    assert memory.state(0) == memory.state(9)
    memory.stage([exemplar(n, 2) for n in range(3)], {}, revision=2)
    before = memory.state(2)
    assert memory.state(7) == before != memory.state(1) == memory.state(0)
    memory.stage([], {exemplar(0, 2).id: "evicted"}, revision=2)  # within the same iteration
    assert memory.state(2) != before
    middle = memory.state(2)
    memory.stage([], {exemplar(1, 2).id: "evicted"}, revision=5)
    assert memory.state(4) == middle != memory.state(5)


Step = tuple[int, list[int]]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.lists(st.integers(0, 99), max_size=4)), max_size=8))
def test_memory_equals_a_plain_history_whatever_is_staged(steps: list[Step]) -> None:
    memory = Memory([], embedder=EMBEDDER, index=NumpyIndex(32))
    history: dict[str, Exemplar] = {}
    for revision, (births, deaths) in enumerate(steps):
        born = [exemplar(10 * revision + n, revision) for n in range(births)]
        alive = [e.id for e in history.values() if e.died == ALIVE]
        died = dict.fromkeys([alive[d % len(alive)] for d in deaths] if alive else [], "reason")
        memory.stage(born, died, revision=revision)
        history |= {e.id: e for e in born}
        history |= {i: dataclasses.replace(history[i], died=revision, death="reason") for i in died}
        for then in range(-1, revision + 1):
            expected = [e for e in history.values() if e.born <= then < e.died]
            assert sorted(memory.at(then), key=lambda e: e.id) == sorted(expected, key=lambda e: e.id)
            assert memory.count(then) == len(expected)
            born_since, gone_since = memory.changes(then, revision)
            living = {e.id for e in history.values() if e.died == ALIVE}
            assert set(born_since) == living - {e.id for e in expected}
            assert gone_since == {e.id for e in expected} - living
        now = [e for e in history.values() if e.died == ALIVE]
        assert {e.id for e in memory.alive()} == {e.id for e in now}
        assert +memory.per_lesson == Counter(e.task_id for e in now)
        assert +memory.per_cell == Counter(e.cell for e in now)
        assert memory.disagreement() is None
    again = Memory(history.values(), embedder=EMBEDDER, index=memory.index)
    assert again.disagreement() is None
    assert (again.per_lesson, again.per_cell) == (+memory.per_lesson, +memory.per_cell)
    assert [again.at(r) for r in range(len(steps))] == [memory.at(r) for r in range(len(steps))]


def test_the_sample_of_a_large_memory_lasts_as_it_grows() -> None:
    memory = Memory([exemplar(n) for n in range(1000)], embedder=EMBEDDER, index=NumpyIndex(32))
    memory.reconcile()
    before = memory.sample(0, 64)
    memory.stage([exemplar(n, 1) for n in range(1000, 1010)], {}, revision=1)
    after = memory.sample(1, 64)
    assert memory.sample(0, 64) == before
    assert len(before) == len(after) == 64
    assert {e.id for e in after} <= {e.id for e in before} | {e.id for e in memory.at(1) if e.born == 1}
    assert len({int(e.prompt.split()[-1]) // 100 for e in before}) == 10  # from all of it


def test_reconciling_makes_a_lost_index_anew(make: Make) -> None:
    first = make([])
    live_through(first)
    history = [first[exemplar(n, int(n > 4)).id] for n in range(7)]
    query = EMBEDDER.embed(["prompt number 3"])
    before = [first.nearest(query, 5, revision=r) for r in range(3)]
    first.index.delete(list(first.index.ids()))
    memory = make(history)
    assert memory.disagreement() == "7 missing, 0 too many and 0 with wrong revisions"
    assert memory.reconcile() == "7 missing, 0 too many and 0 with wrong revisions"
    assert memory.disagreement() is None
    assert memory.reconcile() is None
    assert [memory.nearest(query, 5, revision=r) for r in range(3)] == before


def test_reconciling_drops_what_was_staged_and_never_committed(make: Make) -> None:
    staged = make([])
    staged.stage([exemplar(n) for n in range(3)], {}, revision=0)
    committed = [staged[exemplar(n).id] for n in range(3)]
    staged.stage([exemplar(3, 1)], {exemplar(0).id: "evicted"}, revision=1)  # and the process dies here
    memory = make(committed)
    assert memory.reconcile() == "0 missing, 1 too many and 1 with wrong revisions"
    assert memory.index.ids() == {e.id: (0, ALIVE) for e in committed}


def test_vectors_are_those_of_the_prompts_in_the_order_asked(make: Make) -> None:
    memory = make([])
    live_through(memory)
    wanted = [exemplar(4), exemplar(0), exemplar(2), exemplar(4)]
    for _ in range(2):  # from the index, then from RAM
        made = memory.vectors([e.id for e in wanted])
        assert np.allclose(made, EMBEDDER.embed([e.prompt for e in wanted]), atol=1e-6)


def test_nothing_is_near_nothing(make: Make) -> None:
    memory = make([])
    assert memory.nearest(EMBEDDER.embed([]), 3, revision=0) == []
    assert memory.nearest(EMBEDDER.embed(["x"]), 3, revision=0) == [[]]


def test_an_exemplar_the_journal_does_not_know_is_named() -> None:
    memory = Memory([], embedder=EMBEDDER, index=NumpyIndex(32))
    with pytest.raises(StorageError, match="exemplar e9 is in the index but not in the journal"):
        memory["e9"]


def test_what_is_forgotten_is_alive_at_no_revision_and_stays_so_when_memory_is_opened_again(make: Make) -> None:
    memory = make([])
    live_through(memory)
    states = {revision: memory.state(revision) for revision in range(3)}
    cells, lessons = memory.per_cell.copy(), memory.per_lesson.copy()
    memory.forget({exemplar(2).id: "wrong", exemplar(0).id: "wrong"})
    for revision in range(4):
        assert not {0, 2} & {*numbers(memory.at(revision))}
        [found] = memory.nearest(EMBEDDER.embed(["prompt number 2"]), 99, revision=revision)
        assert not {exemplar(2).id, exemplar(0).id} & {hit.id for hit in found}
    assert not any(memory.state(revision) == state for revision, state in states.items()), "nothing kept is used again"
    assert (memory.holds(exemplar(2).id), len(memory)) == (False, 3)
    cells.subtract({"c2": 1})
    lessons.subtract({"t2": 1})
    assert (+memory.per_cell, +memory.per_lesson) == (+cells, +lessons)
    assert memory.disagreement() is None
    assert make([memory[exemplar(n, born).id] for n, born in ((0, 0), (2, 0))]).at(1) == []
