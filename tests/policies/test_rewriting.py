from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from burnish.policies.curriculum import Tally
from burnish.policies.rewriting import Screened, YieldRewriting

NAMES = st.lists(st.sampled_from(["bank", "rules", "memory", "settings", "exemplars"]), max_size=12)
TALLY = st.integers(0, 9).flatmap(lambda tried: st.builds(Tally, st.just(tried), st.integers(0, tried)))
YIELDS = st.dictionaries(st.sampled_from(["bank", "rules", "memory"]), TALLY)


@given(NAMES, YIELDS, st.integers(0, 6), st.integers(0, 99))
def test_no_operator_has_two_trials_before_every_operator_had_one(
    operators: list[str], yields: dict[str, Tally], trials: int, seed: int
) -> None:
    policy = YieldRewriting(trials=trials)
    chosen = policy.choose(operators, yields, np.random.default_rng(seed))
    assert len(set(chosen)) == len(chosen) == min(trials, len(operators))
    assert set(chosen) <= set(range(len(operators)))
    given_, proposed = Counter(operators[i] for i in chosen), Counter(operators)
    for name in proposed:  # nobody could have had a turn more while another is a turn behind
        assert given_[name] >= min(proposed[name], max(given_.values(), default=0) - 1)
    assert chosen == policy.choose(operators, yields, np.random.default_rng(seed))


def test_operators_that_were_accepted_before_get_the_trials_more_often() -> None:
    yields = {"rules": Tally(20, 15), "bank": Tally(20, 1)}
    policy = YieldRewriting(trials=1)
    chosen = [policy.choose(["bank", "rules"], yields, np.random.default_rng(seed)) for seed in range(200)]
    assert chosen.count([1]) > 190


def test_an_operator_never_tried_gets_its_chance() -> None:
    policy = YieldRewriting(trials=1)
    yields = {"rules": Tally(20, 12)}
    chosen = [policy.choose(["rules", "bank"], yields, np.random.default_rng(seed)) for seed in range(200)]
    assert 40 < chosen.count([1]) < 160


SCORES = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])


@given(st.lists(st.builds(Screened, st.just("bank"), SCORES)), SCORES, st.integers(0, 4))
def test_the_best_that_beat_the_champion_are_sent_and_of_equals_the_earlier(
    screened: list[Screened], champion: float, challengers: int
) -> None:
    sent = YieldRewriting(challengers=challengers).send(screened, champion)
    better = [i for i, s in enumerate(screened) if s.score > champion]
    assert sent == sorted(sent, key=lambda i: (-screened[i].score, i))
    assert set(sent) <= set(better)
    assert len(sent) == min(challengers, len(better))
    left = set(better) - set(sent)
    assert all((screened[i].score, -i) > (screened[j].score, -j) for i in sent for j in left)


def test_memory_is_settled_once_an_iteration_adds_little_to_it() -> None:
    policy = YieldRewriting(growing=0.5)
    assert policy.settled(0, 0)
    assert policy.settled(4, 10)
    assert not policy.settled(1, 1)
    assert not policy.settled(5, 10)
