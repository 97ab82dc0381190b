"""The bandit over programs: who is tried, who leads, who is raced, who is dropped."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.policies.curriculum import Tally
from burnish.policies.rewriting import SPREAD, Arm, Prospect, YieldRewriting

POLICY = YieldRewriting()
differences = st.lists(st.floats(-1, 1), max_size=40)


def arm_of(operator: str, won: float = 0.0, beaten: float = 0.0, pairs: int = 0) -> Arm:
    """One whose differences are whole."""
    return Arm(operator, won, beaten, pairs, squares=won + beaten, won=won, beaten=beaten)


def race_of(least_gain: float) -> Prospect:
    """A race that proves gains from there on, of differences that vary as expected."""
    return Prospect(2 * SPREAD * math.log(20) / least_gain**2, 0.05)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@given(differences, differences)
def test_pairs_add_up_in_any_portions(first: list[float], second: list[float]) -> None:
    whole = Arm("bank").with_pairs([*first, *second])
    parts = Arm("bank").with_pairs(first).with_pairs(second)
    assert parts.pairs == whole.pairs
    assert (parts.gained, parts.lost) == pytest.approx((whole.gained, whole.lost))
    assert (parts.won, parts.beaten) == pytest.approx((whole.won, whole.beaten))


def test_a_verdict_more_counts_as_one_whatever_the_rewards() -> None:
    tried = Arm("bank").with_pairs([0.625, 1.0, 0.125, -0.5, 0.0])
    assert (tried.gained, tried.lost) == (1.75, 0.5)
    assert (tried.won, tried.beaten) == (2.25, 1.0)


def test_what_mended_failed_tasks_is_tried_sooner() -> None:
    arms = [Arm("bank", mended=0.0), Arm("settings", mended=1.0)]
    chosen = [POLICY.choose(arms, {}, rng(seed)) for seed in range(300)]
    assert chosen.count(1) > 200


@pytest.mark.parametrize(
    ("gained", "lost", "chance"),
    [(0, 0, 0.5), (3, 0, 15 / 16), (0, 3, 1 / 16), (1, 1, 0.5)],
)
def test_the_chance_of_being_better_is_that_of_a_beta_distribution(gained: float, lost: float, chance: float) -> None:
    assert arm_of("bank", gained, lost, 8).chance == pytest.approx(chance)


def test_an_arm_is_raced_when_it_is_probably_better_and_was_tried_enough() -> None:
    assert not POLICY.is_ready(arm_of("bank", 3.0, 0.0, POLICY.least - 1))
    assert POLICY.is_ready(arm_of("bank", 3.0, 0.0, POLICY.least))
    assert not POLICY.is_ready(arm_of("bank", 2.0, 1.0, POLICY.least))


def test_what_a_race_could_not_prove_is_not_raced() -> None:
    small, large, none = arm_of("bank", 3.0, 0.0, 20), arm_of("settings", 6.0, 0.0, 12), arm_of("rules", 0.0, 0.0, 12)
    assert POLICY.send([small, large]) == 1
    assert POLICY.send([small, none], race_of(0.1)) == 0
    assert POLICY.send([small, none], race_of(0.2)) is None
    assert POLICY.send([Arm("compile", urgent=True)], race_of(0.9)) == 0


def test_the_only_one_is_raced_as_soon_as_it_is_ahead() -> None:
    ahead, even = arm_of("bank", 2.0, 1.0, POLICY.least), arm_of("bank", 1.0, 1.0, POLICY.least)
    assert POLICY.send([ahead], race_of(0.9)) == 0
    assert POLICY.send([arm_of("bank", 2.0, 1.0, POLICY.least - 1)]) is None
    assert POLICY.send([even]) is None
    assert POLICY.send([ahead, ahead]) is None


def test_longer_races_prove_smaller_gains() -> None:
    least = Prospect(60, 0.03).least_gain()
    assert least > Prospect(240, 0.03).least_gain() == pytest.approx(least / 2)
    assert Prospect(60, 0.01).least_gain() > least
    assert Prospect(60, 0.03).least_gain(0.05) < least, "what hardly varies is proven sooner"


def test_an_urgent_arm_is_raced_untried_and_never_dropped() -> None:
    arm = Arm("compile", urgent=True)
    assert POLICY.send([arm_of("bank", 9.0, 0.0, 12), arm]) == 1
    assert not POLICY.is_hopeless(replace(arm_of("compile", 0.0, 9.0, 30), urgent=True))


def test_without_trials_everything_is_raced_untried() -> None:
    policy = YieldRewriting(trial_tasks=0)
    assert policy.send([Arm("bank")]) == 0


@pytest.mark.parametrize(
    ("arm", "dropped"),
    [
        (arm_of("bank", 0.0, 2.0, POLICY.least), True),
        (arm_of("bank", 0.0, 2.0, POLICY.least - 1), False),
        (arm_of("bank", 1.0, 1.0, POLICY.least), False),
        (arm_of("bank", 1.0, 1.0, 400), False),
    ],
)
def test_an_arm_is_dropped_when_it_is_probably_worse(arm: Arm, dropped: bool) -> None:
    assert POLICY.is_hopeless(arm) is dropped


@pytest.mark.parametrize(
    ("arm", "dropped"),
    [
        (arm_of("bank", 1.0, 1.0, 24), True),
        (arm_of("bank", 1.0, 1.0, 23), False),
        (arm_of("bank", 9.0, 0.0, 24), False),
    ],
)
def test_an_arm_of_which_nothing_shows_is_dropped_where_pairs_are_limited(arm: Arm, dropped: bool) -> None:
    assert YieldRewriting(most=24).is_hopeless(arm) is dropped


def test_a_leader_makes_most_attempts_and_the_champion_some() -> None:
    arms = [arm_of("bank", 0.0, 0.0, 8), arm_of("settings", 4.0, 0.5, 8)]
    led = [POLICY.leader(arms, rng(seed)) for seed in range(200)]
    assert set(led) == {1, None}
    assert 160 < led.count(1) < 200


def test_while_others_are_hardly_tried_the_champion_makes_every_other_attempt() -> None:
    arms = [arm_of("bank", 0.0, 0.0, 0), arm_of("settings", 4.0, 0.5, 8)]
    led = [POLICY.leader(arms, rng(seed)) for seed in range(200)]
    assert 80 < led.count(1) < 120


def test_further_proposals_are_made_from_the_arm_that_gains_most() -> None:
    arms = [arm_of("bank", 9.0, 0.0, 30), arm_of("settings", 6.0, 0.0, 8), arm_of("rules", 1.0, 1.0, 8)]
    assert POLICY.best(arms) == 1
    assert POLICY.best(arms[2:]) is None
    assert POLICY.best([Arm("compile", urgent=True)]) is None


@pytest.mark.parametrize(
    ("gained", "pairs", "overtakes"), [(11.0, 12, True), (5.0, 12, False), (5.0, POLICY.least - 1, False)]
)
def test_only_what_clearly_gains_more_overtakes_what_is_raced(gained: float, pairs: int, *, overtakes: bool) -> None:
    assert POLICY.overtakes(arm_of("rules", gained, 0.0, pairs), arm_of("bank", 3.0, 0.0, 12)) is overtakes


def test_an_arm_that_never_differs_is_dropped_once_its_gain_could_not_be_proven() -> None:
    same = [arm_of("bank", 0.0, 0.0, pairs) for pairs in (6, 12, 24, 48)]
    assert [POLICY.is_hopeless(arm, race_of(0.1)) for arm in same] == [False, False, True, True]
    assert not POLICY.is_hopeless(arm_of("bank", 12.0, 12.0, 48), race_of(0.1))


def test_nobody_leads_before_it_was_tried() -> None:
    assert POLICY.leader([Arm("compile", urgent=True)], rng()) is None
    assert POLICY.leader([], rng()) is None


def test_what_did_better_is_tried_more_often_and_the_other_now_and_then() -> None:
    arms = [arm_of("bank", 0.0, 3.0, 8), arm_of("settings", 3.0, 0.0, 8)]
    chosen = [POLICY.choose(arms, {}, rng(seed)) for seed in range(300)]
    assert chosen.count(1) > 250
    assert POLICY.choose([], {}, rng()) is None


def test_operators_whose_proposals_were_of_use_are_asked_mostly() -> None:
    looks = {"good": Tally(10, 9), "bad": Tally(10, 0)}
    asked = [POLICY.next_operator({"bad": False, "good": False}, looks, rng(seed)) for seed in range(50)]
    assert asked.count("good") > 45
    assert {POLICY.next_operator(dict.fromkeys("bac", False), {}, rng(seed)) for seed in range(50)} == {"a", "b", "c"}


def test_operators_that_look_at_what_failed_are_asked_before_those_that_guess() -> None:
    asked = [POLICY.next_operator({"guess": False, "read": True}, {}, rng(seed)) for seed in range(200)]
    assert 140 < asked.count("read") < 195


@pytest.mark.parametrize(("born", "memory", "settled"), [(0, 0, True), (5, 10, False), (4, 10, True), (10, 10, False)])
def test_memory_has_settled_when_few_of_it_are_new(born: int, memory: int, settled: bool) -> None:
    assert YieldRewriting(growing=0.5).settled(born, memory) is settled


def test_fewer_proposals_are_looked_at_the_longer_none_is_of_use() -> None:
    policy = YieldRewriting(looks=2)
    assert [policy.looks_after(n, 1) for n in (0, 3, 4, 7, 8, 100)] == [2, 2, 1, 1, 1, 1]
    assert [policy.looks_after(n, 2) for n in (3, 7, 8, 100)] == [2, 1, 0, 0]
    assert [policy.looks_after(n, 2, racing=True) for n in (0, 7, 8)] == [1, 1, 0]


def test_more_proposals_are_looked_at_where_exemplars_bring_nothing() -> None:
    policy = YieldRewriting(looks=2, most_looks=5)
    assert [policy.looks_after(n, 2, stalled=True) for n in (0, 9, 10, 20, 200)] == [5, 5, 2, 1, 1]
    assert policy.looks_after(0, 1, stalled=True, racing=True) == 5
    alone = YieldRewriting(succession=False)
    assert alone.looks_after(0, 1, racing=True) == alone.looks_after(0, 1, racing=True, stalled=True) == 0


def test_what_differs_seldom_and_was_never_worse_is_not_dropped() -> None:
    policy, race = YieldRewriting(), Prospect(tasks=60, level=0.03)
    seldom = Arm("settings").with_pairs([0.375, 0.25, 0.25] + [0.0] * 9)
    assert not policy.is_hopeless(seldom, race)
    assert policy.is_hopeless(Arm("bank").with_pairs([0.0] * 12), race), "of which nothing shows"
