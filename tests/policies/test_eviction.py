from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from burnish.policies.eviction import CrowdingEviction, Eviction, OldestEviction, Showing, Vectors, gains, usefulness

POLICIES: list[Eviction] = [CrowdingEviction(size=5), OldestEviction(size=5)]


def units(n: int, seed: int = 0, d: int = 6) -> Vectors:
    array = np.random.default_rng(seed).standard_normal((n, d))
    return np.asarray(array / np.linalg.norm(array, axis=1, keepdims=True), dtype=np.float32)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: type(p).__name__)
@given(size=st.integers(0, 20), seed=st.integers(0, 99))
def test_memory_is_within_its_bound_afterwards_and_no_smaller_than_it_need_be(
    policy: Eviction, size: int, seed: int
) -> None:
    count = policy.excess(size)
    useful = np.random.default_rng(seed).uniform(-1, 1, size)
    chosen = policy.choose(units(size, seed), useful, count)
    assert len(set(chosen)) == len(chosen) == count
    assert set(chosen) <= set(range(size))
    assert size - len(chosen) == min(size, 5)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: type(p).__name__)
def test_asked_for_more_than_there_are_it_gives_all(policy: Eviction) -> None:
    assert sorted(policy.choose(units(3), np.zeros(3), 9)) == [0, 1, 2]
    assert policy.choose(units(0), np.zeros(0), 2) == []


@given(st.integers(1, 6), st.integers(0, 6), st.integers(0, 99))
def test_of_two_twins_one_survives(pairs: int, others: int, seed: int) -> None:
    distinct = units(pairs + others, seed, d=16)
    cosines = distinct @ distinct.T - 2 * np.eye(len(distinct))
    assume(cosines.max() < 0.95)
    vectors = np.concatenate([distinct, distinct[:pairs]])
    chosen = CrowdingEviction().choose(vectors, np.zeros(len(vectors)), pairs)
    assert sorted(i % len(distinct) for i in chosen) == list(range(pairs))


def test_of_two_twins_the_less_useful_leaves() -> None:
    vectors = np.repeat(units(1), 2, axis=0)
    assert CrowdingEviction().choose(vectors, np.array([-0.1, 0.1]), 1) == [0]
    assert CrowdingEviction().choose(vectors, np.array([0.1, -0.1]), 1) == [1]


def test_enough_usefulness_outweighs_crowding_as_far_as_its_weight_says() -> None:
    vectors = np.eye(3, dtype=np.float32)[[0, 0, 1]]
    useful = np.array([0.6, 0.6, -0.6])
    assert CrowdingEviction(weight=1.0).choose(vectors, useful, 1) == [2]
    assert CrowdingEviction(weight=0.0).choose(vectors, useful, 1) == [0]


def test_the_oldest_leave_first() -> None:
    assert OldestEviction(size=2).choose(units(4), np.zeros(4), 2) == [0, 1]


def showing(ids: str, reward: float, cell: str = "c", program: str = "p") -> Showing:
    return Showing(tuple(ids), cell, program, reward)


def test_usefulness_has_the_sign_of_the_difference_it_makes_and_is_shrunk() -> None:
    made = usefulness([showing("ab", 1.0), showing("ab", 1.0), showing("b", 0.0), showing("", 0.0)])
    # "a": shown 2, not shown 2, so 2·2/4 = 1 pair against a prior of 4; difference 1.
    assert made["a"] == pytest.approx(1 / 5)
    assert made["b"] == pytest.approx((3 / 4) * (2 / 3) / (3 / 4 + 4))
    assert usefulness([showing("a", 0.0), showing("", 1.0)])["a"] < 0


def test_only_attempts_of_the_same_cell_and_program_are_compared() -> None:
    easy_and_hard = [showing("a", 1.0, "easy"), showing("", 0.0, "hard"), showing("", 0.0, "easy", "other")]
    assert usefulness(easy_and_hard) == {}
    assert usefulness([showing("a", 1.0, "easy"), showing("", 1.0, "easy"), showing("", 0.0, "hard")]) == {"a": 0.0}


SHOWINGS = st.lists(
    st.builds(
        showing, st.sets(st.sampled_from("abc")).map("".join), st.floats(0, 1), st.sampled_from("xy"), st.just("p")
    ),
    max_size=20,
)


@given(SHOWINGS)
def test_usefulness_is_within_bounds_and_turns_with_the_rewards(showings: list[Showing]) -> None:
    made = usefulness(showings)
    assert all(-1 < value < 1 for value in made.values())
    turned = usefulness([Showing(s.exemplar_ids, s.cell, s.program_id, 1 - s.reward) for s in showings])
    assert turned == pytest.approx({e: -value for e, value in made.items()}, abs=1e-9)
    assert usefulness(list(reversed(showings))) == pytest.approx(made, abs=1e-9)


def test_more_evidence_counts_more() -> None:
    once = [showing("a", 1.0), showing("", 0.0)]
    assert 0 < usefulness(once)["a"] < usefulness(once * 5)["a"] < 1


def test_the_error_of_usefulness_is_that_of_a_difference_of_means() -> None:
    rewards = {("a",): [1.0, 0.0, 1.0], (): [0.0, 1.0, 0.0, 0.0]}
    found = gains([Showing(ids, "", "p", r) for ids, some in rewards.items() for r in some], prior=0.0)["a"]
    spread = float(np.var([0.0, 1.0, *(r for some in rewards.values() for r in some)], ddof=1))
    assert found.mean == pytest.approx(2 / 3 - 1 / 4)
    assert found.error == pytest.approx((spread * (1 / 3 + 1 / 4)) ** 0.5)


def test_an_exemplar_without_effect_is_within_two_errors_of_none_nineteen_times_of_twenty() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(400):
        shown = [
            Showing(("a",) if i < 15 else (), f"cell {i % 2}", "p", float(r))
            for i, r in enumerate(rng.integers(0, 2, 40))
        ]
        gain = gains(shown)["a"]
        covered += abs(gain.mean) <= 1.96 * gain.error
    assert covered / 400 >= 0.93


def test_where_all_rewards_are_the_same_usefulness_is_not_certain() -> None:
    gain = gains([Showing(("a",) if i < 97 else (), "", "p", 1.0) for i in range(101)])["a"]
    assert gain.mean == 0.0
    assert gain.error > 0.02
    assert (gain.shown, gain.others) == (97, 4)


def test_what_has_nothing_beside_it_does_not_count() -> None:
    alone = [Showing(("a",), "other cell", "p", 1.0) for _ in range(9)]
    gain = gains([*alone, Showing(("a",), "", "p", 1.0), Showing((), "", "p", 0.0)])["a"]
    assert (gain.shown, gain.others) == (1, 1)
