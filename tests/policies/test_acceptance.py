from __future__ import annotations

import itertools
import json
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pairs import pairs
from strength import FULL

from burnish.environments.verdicts import failed
from burnish.policies.acceptance import BettingGate, GateDecision, Pair, capital, lower_bound, score
from burnish.types import Feedback, Status

DIFFERENCES = st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.25, 1.0]) | st.floats(-1, 1), max_size=80)
GATES = st.builds(
    BettingGate,
    alpha=st.sampled_from([0.01, 0.05, 0.3]),
    minimum_effect=st.sampled_from([0.05, 0.3]),
    cap=st.integers(1, 70),
    block=st.integers(1, 20),
    imagined_wins=st.sampled_from([None, 0.0, 4.0, 8.0]),
)


def draw(rng: np.random.Generator, wins: float, losses: float, n: int) -> list[float]:
    return [float(d) for d in rng.choice([1.0, -1.0, 0.0], size=n, p=[wins, losses, 1 - wins - losses])]


def test_a_score_is_half_the_verdict_and_half_the_reward() -> None:
    assert score(Feedback(1.0, verified=True)) == 1.0
    assert score(Feedback(0.5, verified=False)) == 0.25
    assert score(Feedback(0.0, verified=False)) == 0.0


@pytest.mark.parametrize(
    ("differences", "imagined", "outcome", "said"),
    [
        ([1.0] * 40, None, "accept", r"Better than the champion, proved on \d+ tasks\."),
        ([-1.0] * 40, None, "reject", r"Not better by 0\.05, proved on \d+ tasks\."),
        ([0.0] * 4, None, "undecided", r"No proof either way on 4 tasks yet\."),
        ([0.0] * 40, None, "undecided", r"No proof either way on all 40 tasks\."),
        ([0.0] * 39, 1.0, "undecided", r"Given up after \d+ tasks: proof by task 40 is out of reach\."),
    ],
)
def test_a_decision_says_why(differences: list[float], imagined: float | None, outcome: str, said: str) -> None:
    gate = BettingGate(alpha=0.25, minimum_effect=0.05, cap=40, imagined_wins=imagined)
    decision = gate.decide(pairs(differences), challenger=1)
    assert decision.outcome == outcome
    assert re.fullmatch(said, decision.reason), decision.reason


def run_by_blocks(gate: BettingGate, differences: list[float], challenger: int) -> GateDecision:
    seen = 0
    decision = gate.decide(pairs([]), challenger=challenger)
    while (size := gate.next_block(decision)) and seen < len(differences):
        seen += size
        decision = gate.decide(pairs(differences[:seen]), challenger=challenger)
    return decision


def test_levels_fall_and_sum_to_at_most_alpha() -> None:
    gate = BettingGate(alpha=0.05)
    levels = [gate.level(k) for k in range(1, 5000)]
    assert levels == sorted(levels, reverse=True)
    assert 0.0499 < math.fsum(levels) <= 0.05


@pytest.mark.parametrize("wins", [0.1, 0.3])
def test_capital_under_the_null_is_a_martingale(wins: float) -> None:
    """Over all sequences of five differences, weighed by their chance, capital keeps its starting value."""
    chances = {1.0: wins, -1.0: wins, 0.0: 1 - 2 * wins}
    for n in range(1, 6):
        total = math.fsum(
            math.prod(chances[d] for d in ds) * capital(np.array(ds), 0.0)[-1]
            for ds in itertools.product(chances, repeat=n)
        )
        assert total == pytest.approx(1)


@given(st.floats(-1, 0), st.floats(0, 1), st.floats(-0.9, 0.9))
def test_one_fair_bet_never_gains_on_average(low: float, share: float, mean: float) -> None:
    """Any two-point distribution with the given mean or a smaller one leaves expected capital at 1 or less."""
    a, b = mean + low * (1 + mean), mean + share * (1 - mean)
    if b - a < 1e-3:
        return
    p = (mean - a) / (b - a)
    assert (1 - p) * capital(np.array([a]), mean)[0] + p * capital(np.array([b]), mean)[0] == pytest.approx(1)


def test_no_better_challengers_are_accepted_at_most_at_their_level_however_often_one_peeks() -> None:
    """Deciding at the first crossing is peeking after every difference. Level 0.15."""
    challengers = 800 if FULL else 300
    gate = BettingGate(alpha=0.25, cap=150, imagined_wins=None)
    rng = np.random.default_rng(1)
    accepted = sum(
        gate.decide(pairs(draw(rng, 0.15, 0.15, 150)), challenger=1).outcome == "accept" for _ in range(challengers)
    )
    level = gate.level(1)
    assert 0.02 < accepted / challengers <= level + 2 * math.sqrt(level * (1 - level) / challengers)


def test_the_bounds_hold_the_true_mean_at_every_time() -> None:
    rng = np.random.default_rng(2)
    missed = sum(lower_bound(np.array(draw(rng, 0.4, 0.1, 100)), 0.1) > 0.3 for _ in range(400))
    assert missed / 400 <= 0.1 + 2 * math.sqrt(0.09 / 400)


@given(GATES, DIFFERENCES, st.integers(1, 12))
@settings(max_examples=80, deadline=None)
def test_asking_by_blocks_and_asking_once_give_the_same_decision(
    gate: BettingGate, differences: list[float], challenger: int
) -> None:
    assert run_by_blocks(gate, differences, challenger) == gate.decide(pairs(differences), challenger=challenger)


@given(DIFFERENCES, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_capital_does_not_depend_on_the_order_of_tasks(differences: list[float], random: object) -> None:
    shuffled = sorted(differences, key=lambda _: random.random())  # type: ignore[attr-defined]
    if differences:
        forth, back = capital(np.array(differences), 0.0)[-1], capital(np.array(shuffled), 0.0)[-1]
        assert forth == pytest.approx(back)


@given(GATES, DIFFERENCES)
@settings(max_examples=80, deadline=None)
def test_the_first_crossing_of_a_threshold_decides(gate: BettingGate, differences: list[float]) -> None:
    decision = gate.decide(pairs(differences), challenger=2)
    assert decision.threshold == 1 / gate.level(2)
    accepted, rejected = decision.outcome == "accept", decision.outcome == "reject"
    assert accepted == (decision.e_value >= decision.threshold)
    assert rejected == (not accepted and decision.futility_e_value >= 1 / gate.futility)
    if decision.outcome != "undecided":
        before = gate.decide(pairs(differences[: decision.n - 1]), challenger=2)
        assert before.outcome == "undecided"


@pytest.mark.parametrize("challenger", [1, 2, 5])
def test_acceptance_comes_at_the_threshold_and_rejection_at_its_own(challenger: int) -> None:
    """A win multiplies the capital by less than 2, so a threshold of twice the right one would be met later."""
    gate = BettingGate(alpha=0.25, minimum_effect=0.05, cap=40, imagined_wins=None)
    wins = [gate.decide(pairs([1.0] * n), challenger=challenger) for n in range(1, 12)]
    assert [d.outcome == "accept" for d in wins] == list(capital(np.ones(11), 0.0) * gate.level(challenger) >= 1), (
        "at the first crossing and ever after"
    )
    losses = [gate.decide(pairs([-1.0] * n), challenger=challenger) for n in range(1, 12)]
    assert [d.outcome == "reject" for d in losses] == list(
        capital(np.ones(11), -gate.minimum_effect) * gate.futility >= 1
    )


@given(GATES, DIFFERENCES)
@settings(max_examples=80, deadline=None)
def test_the_interval_says_the_same_as_the_decision(gate: BettingGate, differences: list[float]) -> None:
    decision = gate.decide(pairs(differences), challenger=2)
    assert -1 <= decision.lower <= decision.upper <= 1
    assert (decision.lower >= -1e-9) if decision.outcome == "accept" else (decision.lower <= 1e-9)
    if decision.outcome == "reject":
        assert decision.upper <= gate.minimum_effect + 1e-9
    elif decision.outcome == "undecided":
        assert decision.upper >= gate.minimum_effect - 1e-9


@given(GATES, DIFFERENCES)
@settings(max_examples=40, deadline=None)
def test_more_challengers_before_never_make_acceptance_easier(gate: BettingGate, differences: list[float]) -> None:
    later = gate.decide(pairs(differences), challenger=5)
    earlier = BettingGate(**{**gate.to_json(), "imagined_wins": None}).decide(  # type: ignore[arg-type]
        pairs(differences), challenger=1
    )
    assert later.outcome != "accept" or earlier.outcome == "accept"


def test_a_clear_gain_is_accepted_within_two_blocks() -> None:
    decision = BettingGate().decide(pairs([1.0, 0.0, 1.0, 1.0] * 4), challenger=1)
    assert decision.outcome == "accept"
    assert decision.n <= 16
    assert not decision.open
    assert decision.e_value >= decision.threshold == pytest.approx(math.pi**2 / 0.3)


def test_a_worse_challenger_never_costs_more_than_a_few_blocks() -> None:
    rng = np.random.default_rng(3)
    decisions = [run_by_blocks(BettingGate(cap=60), draw(rng, 0.05, 0.3, 60), 1) for _ in range(50)]
    assert {d.outcome for d in decisions} <= {"reject", "undecided"}
    assert np.mean([d.n for d in decisions]) < 16


def test_a_harmful_challenger_is_rejected_even_without_giving_up() -> None:
    decision = BettingGate(imagined_wins=None).decide(pairs([-1.0, 0.0] * 30), challenger=1)
    assert decision.outcome == "reject"
    assert decision.n < 16
    assert decision.futility_e_value >= 10


@pytest.mark.parametrize("challenger", [1, 3, 10])
def test_a_challenger_that_changes_nothing_is_given_up_half_way(challenger: int) -> None:
    decision = run_by_blocks(BettingGate(cap=60), [0.0] * 60, challenger)
    assert (decision.outcome, decision.open) == ("undecided", False)
    assert decision.n <= 32
    assert "out of reach" in decision.reason


def test_a_challenger_that_changes_nothing_is_rejected_where_the_effect_asked_for_is_large() -> None:
    assert BettingGate(minimum_effect=0.2).decide(pairs([0.0] * 60), challenger=1).outcome == "reject"


def test_the_cap_ends_a_test_without_proof() -> None:
    gate = BettingGate(cap=20, imagined_wins=None)
    decision = gate.decide(pairs([0.0] * 30), challenger=1)
    assert (decision.outcome, decision.open, decision.n) == ("undecided", False, 20)
    assert gate.next_block(decision) == 0


def test_blocks_end_at_the_cap() -> None:
    gate = BettingGate(cap=20, block=8, imagined_wins=None)
    seen = 0
    sizes = []
    while size := gate.next_block(gate.decide(pairs([0.0] * seen), challenger=1)):
        sizes.append(size)
        seen += size
    assert sizes == [8, 8, 4]


@pytest.mark.parametrize(("tasks", "cap", "block"), [(20, 60, 8), (270, 270, 9), (760, 760, 26), (math.inf, 800, 27)])
def test_a_race_that_may_be_long_takes_larger_blocks(tasks: float, cap: int, block: int) -> None:
    gate = BettingGate().within(tasks)
    assert gate.cap == cap
    assert gate.next_block(gate.decide(pairs([]), challenger=1)) == block


def test_before_any_task_nothing_is_known() -> None:
    decision = BettingGate().decide(pairs([]), challenger=1)
    assert (decision.outcome, decision.open, decision.n, decision.e_value) == ("undecided", True, 0, 1.0)
    assert [decision.mean, decision.lower, decision.upper] == pytest.approx([0, -1, 1])


def test_giving_up_never_ends_a_test_that_is_going_well() -> None:
    rng = np.random.default_rng(4)
    assert all(run_by_blocks(BettingGate(), draw(rng, 0.6, 0.02, 60), 3).outcome == "accept" for _ in range(60))


def test_decisions_survive_json() -> None:
    decision = BettingGate().decide(pairs([1.0, 0.0, -0.5]), challenger=2)
    assert GateDecision.from_json(json.loads(json.dumps(decision.to_json(), allow_nan=False))) == decision


@pytest.mark.parametrize("wrong", [1.5, -1.01, math.nan, math.inf])
def test_a_difference_out_of_range_is_refused_by_its_place(wrong: float) -> None:
    with pytest.raises(ValueError, match="Difference 1 is"):
        BettingGate().decide(pairs([0.0, wrong]), challenger=1)


def test_challengers_are_counted_from_one() -> None:
    with pytest.raises(ValueError, match="counted from 1"):
        BettingGate().decide(pairs([]), challenger=0)


def test_what_came_in_later_is_not_given_up_for_what_went_before() -> None:
    gate = BettingGate(cap=60, imagined_wins=2.0)
    before, after = [1.0, -1.0] * 6 + [0.0] * 8, [1.0, 0.0, 1.0, 1.0]
    assert not gate.decide(pairs([*before, *after]), challenger=1).open
    later = gate.decide(pairs([*before, *after]), challenger=1, since=len(before))
    assert later.open
    assert later.e_value == pytest.approx(capital(np.array([*before, *after]), 0.0)[-1])


def test_challengers_that_take_turns_on_past_pairs_are_promoted_as_seldom_as_one() -> None:
    """None is better, and each time the last pairs went against what is raced another takes its place."""
    gate, promoted = BettingGate(cap=200, imagined_wins=None), 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        differences, since, losses = list[float](), 0, float(rng.uniform(0.1, 0.5))
        while (decision := gate.decide(pairs(differences), challenger=1, since=since)).open:
            block = draw(rng, losses * rng.uniform(0.6, 1.0), losses, 10)
            differences += block
            if sum(block) < 0:
                since, losses = len(differences), float(rng.uniform(0.1, 0.5))
        promoted += decision.outcome == "accept"
    assert promoted <= 300 * gate.level(1) + 9


RIGHT, WRONG, FAILED = Feedback(1.0, verified=True), Feedback(0.0, verified=False), failed(Status.ERROR, "it raised")


@pytest.mark.parametrize(
    ("old", "new", "pair"),
    [
        (RIGHT, WRONG, Pair(1.0, 0.0)),
        (WRONG, FAILED, Pair(0.0, 0.0, missing=True)),
        (FAILED, RIGHT, Pair(1.0, 1.0, missing=True)),
        (FAILED, failed(Status.UNANSWERED, "404"), Pair(1.0, 0.0, missing=True)),
    ],
)
def test_a_missing_verdict_counts_against_what_is_to_be_proven_better(old: Feedback, new: Feedback, pair: Pair) -> None:
    assert Pair.of(old, new) == pair


def test_verdicts_that_are_missing_where_answers_are_bad_prove_nothing() -> None:
    """Both programs are right half of the time; the environment fails on most wrong answers of the new one."""
    rng, gate, accepted = np.random.default_rng(0), BettingGate(cap=200, imagined_wins=None), 0
    for _ in range(100):
        made = [
            Pair.of(RIGHT if old else WRONG, RIGHT if new else FAILED if fails else WRONG)
            for old, new, fails in zip(rng.random(200) < 0.5, rng.random(200) < 0.5, rng.random(200) < 0.3, strict=True)
        ]
        accepted += gate.decide(made, challenger=1).outcome == "accept"
    assert accepted <= 5


def test_a_race_is_void_where_too_many_verdicts_are_missing() -> None:
    gate = BettingGate(cap=60)
    made = [Pair(0.0, 1.0), Pair(1.0, 1.0, missing=True)] * 20
    decision = gate.decide(made, challenger=1)
    assert (decision.outcome, decision.open) == ("undecided", False)
    assert decision.reason == "Void after 10 tasks: on more than 20% of them the server or the environment failed."


def test_what_scores_better_while_fewer_answers_are_right_is_not_accepted() -> None:
    """Rewards rise from nothing to nearly all where both are wrong, and one answer in four is right no longer."""
    made = [Pair(0.0, 0.45), Pair(0.0, 0.45), Pair(0.0, 0.45), Pair(1.0, 0.45)] * 40
    decision = BettingGate(cap=160).decide(made, challenger=1)
    assert decision.outcome != "accept"
    only_better = [Pair(0.0, 0.45), Pair(0.0, 0.45), Pair(0.0, 0.45), Pair(1.0, 1.0)] * 40
    assert BettingGate(cap=160).decide(only_better, challenger=1).outcome == "accept"
