from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from burnish.policies.rating import AuditRating, RateAll

VERIFIED = st.lists(st.booleans(), max_size=40)
MOST = st.none() | st.integers(0, 20)


def choose(verified: list[bool], most: int | None, *, vote: bool, seed: int = 0) -> list[int]:
    return AuditRating(most=most).choose(verified, vote=vote, rated=0, rng=np.random.default_rng(seed))


@given(VERIFIED, MOST, st.booleans(), st.integers(0, 99))
def test_as_many_are_rated_as_there_are_or_may_be(
    verified: list[bool], most: int | None, vote: bool, seed: int
) -> None:
    chosen = choose(verified, most, vote=vote, seed=seed)
    assert chosen == sorted(set(chosen)) == choose(verified, most, vote=vote, seed=seed)
    assert set(chosen) <= set(range(len(verified)))
    assert len(chosen) == (len(verified) if most is None else min(most, len(verified)))


@given(VERIFIED, st.integers(0, 20), st.integers(0, 99))
def test_an_audit_looks_at_verified_and_refuted_alike(verified: list[bool], most: int, seed: int) -> None:
    chosen = choose(verified, most, vote=False, seed=seed)
    yes, no = sum(verified[i] for i in chosen), sum(not verified[i] for i in chosen)
    assert abs(yes - no) <= 1 or yes == sum(verified) or no == len(verified) - sum(verified)
    if yes < no - 1:
        assert yes == sum(verified)
    if no < yes - 1:
        assert no == len(verified) - sum(verified)


@given(VERIFIED, st.integers(0, 20), st.integers(0, 99))
def test_a_judge_with_a_vote_rates_the_verified_first(verified: list[bool], most: int, seed: int) -> None:
    chosen = choose(verified, most, vote=True, seed=seed)
    assert sum(verified[i] for i in chosen) == min(most, sum(verified))


def test_which_are_audited_is_drawn() -> None:
    draws = {tuple(choose([True] * 20 + [False] * 20, 4, vote=False, seed=seed)) for seed in range(20)}
    assert len(draws) > 15


@given(VERIFIED, st.booleans())
def test_all_is_all(verified: list[bool], vote: bool) -> None:
    assert RateAll().choose(verified, vote=vote, rated=99, rng=np.random.default_rng(0)) == list(range(len(verified)))


def test_a_judge_that_earned_no_vote_is_asked_no_more() -> None:
    policy, rng = AuditRating(most=4, audit=16), np.random.default_rng(0)
    assert len(policy.choose([True] * 8, vote=False, rated=15, rng=rng)) == 4
    assert policy.choose([True] * 8, vote=False, rated=16, rng=rng) == []
    assert len(policy.choose([True] * 8, vote=True, rated=16, rng=rng)) == 4
