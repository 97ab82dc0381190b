from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.memory.embedding import HashEmbedder
from burnish.memory.neighbourhoods import Neighbourhoods
from burnish.memory.numpy_index import NumpyIndex
from burnish.memory.store import Memory
from burnish.types import Exemplar

EMBEDDER = HashEmbedder(32)
FIRST = 20


def exemplar(n: int, born: int) -> Exemplar:
    # Few distinct words, so that equal likeness occurs and its order is tested.
    return Exemplar(f"t{n}", f"word{n % 7} word{n % 3}", f"answer {n}", 1.0, "cell", born, "m")


class Searches(NumpyIndex):
    """Counts the rows searched for."""

    searched = 0

    def query(self, vectors, n, *, revision):  # type: ignore[no-untyped-def]
        self.searched += len(vectors)
        return super().query(vectors, n, revision=revision)


def make() -> tuple[Memory, Searches]:
    index = Searches(32)
    memory = Memory([], embedder=EMBEDDER, index=index)
    memory.stage([exemplar(n, 0) for n in range(FIRST)], {}, revision=0)
    return memory, index


Step = tuple[bool, int, list[int], int, int]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.integers(0, 5),
            st.lists(st.integers(0, 99), max_size=2),
            st.integers(1, 30),
            st.integers(0, 9),
        ),
        max_size=8,
    )
)
def test_they_are_what_a_search_finds_however_memory_changed(steps: list[Step]) -> None:
    memory, _ = make()
    neighbourhoods = Neighbourhoods(memory)
    revision, number = 0, FIRST
    for onward, births, deaths, depth, back in steps:
        revision += onward  # else the same revision is staged once more
        alive = memory.at(revision)
        died = dict.fromkeys([alive[d % len(alive)].id for d in deaths] if len(alive) > 4 else [], "reason")
        memory.stage([exemplar(number + n, revision) for n in range(births)], died, revision=revision)
        number += births
        then = max(0, revision - back)
        ids = [e.id for e in memory.at(then)][:5]
        found = memory.nearest(memory.vectors(ids), depth, revision=then)
        assert neighbourhoods.around(ids, depth, revision=then) == [[n.id for n in near] for near in found]


def test_only_those_that_lost_a_member_are_searched_for_again() -> None:
    memory, index = make()
    neighbourhoods = Neighbourhoods(memory)
    first, second = (exemplar(n, 0).id for n in (0, 1))
    neighbourhoods.around([first, second], 3, revision=0)
    assert index.searched == 2
    memory.stage([exemplar(99, 1)], {}, revision=1)
    neighbourhoods.around([first, second], 3, revision=1)
    assert index.searched == 2
    gone = neighbourhoods.around([first], 3, revision=1)[0][2]
    assert gone not in neighbourhoods.around([second], 3, revision=1)[0]
    memory.stage([], {gone: "evicted"}, revision=2)
    neighbourhoods.around([first, second], 3, revision=2)
    assert index.searched == 3
