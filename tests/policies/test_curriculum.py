from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.policies.curriculum import (
    Curriculum,
    Effort,
    FrontierCurriculum,
    PooledTask,
    Tally,
    UniformCurriculum,
    allot,
)

TALLY = st.integers(0, 9).flatmap(lambda tried: st.builds(Tally, st.just(tried), st.integers(0, tried)))
POLICIES = [FrontierCurriculum(), UniformCurriculum()]


def candidates(n: int) -> list[PooledTask]:
    return [PooledTask(f"t{i}", f"c{i % 2}") for i in range(n)]


def drawn(tasks: dict[str, Tally], cells: dict[str, Tally], *, n: int = 12, seeds: int = 400) -> Counter[int]:
    """How often each of `n` candidates is among the four chosen."""
    policy = FrontierCurriculum()
    return Counter(
        i
        for seed in range(seeds)
        for i in policy.choose(candidates(n), 4, tasks=tasks, cells=cells, known={}, rng=np.random.default_rng(seed))
    )


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: type(p).__name__)
@given(
    n=st.integers(0, 12),
    count=st.integers(0, 8),
    tasks=st.dictionaries(st.sampled_from([f"t{i}" for i in range(12)]), TALLY),
    cells=st.dictionaries(st.sampled_from(["c0", "c1"]), TALLY),
    known=st.dictionaries(st.sampled_from(["c0", "c1"]), st.integers(0, 90)),
    seed=st.integers(0, 99),
)
def test_it_chooses_as_many_different_tasks_as_there_are(
    policy: Curriculum,
    n: int,
    count: int,
    tasks: dict[str, Tally],
    cells: dict[str, Tally],
    known: dict[str, int],
    seed: int,
) -> None:
    def choose() -> list[int]:
        return policy.choose(
            candidates(n), count, tasks=tasks, cells=cells, known=known, rng=np.random.default_rng(seed)
        )

    chosen = choose()
    assert len(set(chosen)) == len(chosen) == min(n, count)
    assert set(chosen) <= set(range(n))
    assert chosen == sorted(chosen) == choose()
    assert policy.pool(count) >= count


def test_tasks_solved_sometimes_are_preferred_to_those_solved_always_or_never() -> None:
    always, never, sometimes = Tally(20, 20), Tally(20, 0), Tally(20, 10)
    tasks = {f"t{i}": (always, never, sometimes)[i % 3] for i in range(12)}
    seen = drawn(tasks, {})
    by_kind = [sum(seen[i] for i in range(kind, 12, 3)) for kind in range(3)]
    assert by_kind[2] > 2 * max(by_kind[:2])
    assert min(by_kind[:2]) > 0  # and nothing is left out


def test_a_task_never_tried_is_judged_by_its_cell() -> None:
    seen = drawn({}, {"c0": Tally(50, 50), "c1": Tally(50, 25)})
    in_cell = [sum(seen[i] for i in range(cell, 12, 2)) for cell in range(2)]
    assert in_cell[1] > 2 * in_cell[0] > 0


def test_without_any_tries_all_tasks_are_drawn_alike() -> None:
    seen = drawn({}, {}, n=8, seeds=1000)
    assert all(count == pytest.approx(500, abs=80) for count in seen.values())


def test_uniform_takes_them_as_they_are_posed() -> None:
    rng = np.random.default_rng(0)
    assert UniformCurriculum().choose(candidates(9), 3, tasks={}, cells={}, known={}, rng=rng) == [0, 1, 2]


def test_tasks_are_searched_until_the_first_is_solved() -> None:
    policy = FrontierCurriculum(search=3)
    assert policy.effort(8, 2, solved=None) == (8, 3)
    assert policy.effort(8, 4, solved=None) == (8, 4)
    assert policy.effort(8, 2, solved=0.0) == policy.effort(8, 2, solved=0.5) == (16, 1)


@pytest.mark.parametrize("held", [2, 40])
@pytest.mark.parametrize(("balance", "share"), [(0.0, 1 / 2), (1.0, 3 / 4), (2.0, 9 / 10)])
def test_tasks_of_a_cell_that_memory_is_full_of_come_less_often(balance: float, share: float, held: int) -> None:
    policy = FrontierCurriculum(balance=balance)  # of two cells one has all exemplars: 1 + n/m is 3 there, else 1
    pool = [PooledTask("a", "empty"), PooledTask("b", "full")]
    rng = np.random.default_rng(1)
    drawn = [policy.choose(pool, 1, tasks={}, cells={}, known={"full": held}, rng=rng)[0] for _ in range(8_000)]
    assert drawn.count(0) / 8_000 == pytest.approx(share, abs=0.02)


@pytest.mark.parametrize(("known", "share"), [(0, 1.0), (1, 1 / 2), (3, 1 / 4), (9, 1 / 10)])
def test_the_share_of_searches_falls_with_what_memory_holds(known: int, share: float) -> None:
    efforts = allot(["a"] * 20_000, 2, search=8, known={"a": known, "b": 0}, rng=np.random.default_rng(1))
    assert sum(effort.searching for effort in efforts) / 20_000 == pytest.approx(share, abs=0.02)
    assert {(effort.samples, effort.searching) for effort in efforts} <= {(8, True), (2, False)}


def test_without_sketches_nothing_is_searched() -> None:
    efforts = allot(["a", "b"], 3, search=0, known={}, rng=np.random.default_rng(1))
    assert efforts == [Effort(3, searching=False)] * 2
