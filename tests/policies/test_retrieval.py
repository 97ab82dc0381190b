from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.policies.retrieval import (
    Vectors,
    form_share,
    maximal_marginal_relevance,
    nearest_shelf,
    ordered,
    rarity,
    representatives,
)

SIZES = st.integers(0, 9)
SEEDS = st.integers(0, 999)
RELEVANCE = st.sampled_from([0.0, 0.3, 0.5, 0.8, 1.0])


def units(n: int, seed: int, d: int = 4) -> Vectors:
    array = np.random.default_rng(seed).standard_normal((n, d))
    return np.asarray(array / np.linalg.norm(array, axis=1, keepdims=True), dtype=np.float32)


def coverage(vectors: Vectors, chosen: list[int]) -> float:
    """The facility-location function, written down plainly."""
    return sum(max((max(0.0, float(v @ vectors[j])) for j in chosen), default=0.0) for v in vectors)


@given(SIZES, SIZES, SEEDS, RELEVANCE)
def test_mmr_takes_the_best_by_the_formula_at_every_step(n: int, count: int, seed: int, relevance: float) -> None:
    [query], candidates = units(1, seed + 1), units(n, seed)
    chosen = maximal_marginal_relevance(query, candidates, count, relevance=relevance)
    assert len(set(chosen)) == len(chosen) == min(n, count)
    for step, taken in enumerate(chosen):
        before = chosen[:step]

        def score(i: int, before: list[int] = before) -> float:
            crowding = max((float(candidates[i] @ candidates[j]) for j in before), default=0.0)
            return relevance * float(candidates[i] @ query) - (1 - relevance) * crowding

        assert score(taken) >= max(score(i) for i in range(n) if i not in before) - 1e-5


@given(SIZES, SEEDS)
def test_relevance_alone_is_the_order_of_likeness(n: int, seed: int) -> None:
    [query], candidates = units(1, seed + 1), units(n, seed)
    expected = np.argsort(-(candidates @ query), kind="stable").tolist()
    assert maximal_marginal_relevance(query, candidates, n, relevance=1.0) == expected


def test_of_two_twins_mmr_shows_one_before_something_else() -> None:
    query = np.array([1, 0, 0], dtype=np.float32)
    twin, other = np.array([0.9, 0.436, 0], dtype=np.float32), np.array([0.8, -0.6, 0], dtype=np.float32)
    assert maximal_marginal_relevance(query, np.stack([twin, twin, other]), 2, relevance=0.5) == [0, 2]


@given(st.integers(1, 9), st.integers(1, 4), SEEDS)
def test_representatives_are_near_the_best_set_and_greedy_first_is_the_best_single(
    n: int, count: int, seed: int
) -> None:
    vectors = units(n, seed)
    chosen = representatives(vectors, count)
    assert len(set(chosen)) == len(chosen) == min(n, count)
    assert coverage(vectors, chosen[:1]) >= max(coverage(vectors, [j]) for j in range(n)) - 1e-4
    best = max(coverage(vectors, list(s)) for s in itertools.combinations(range(n), min(n, count)))
    assert coverage(vectors, chosen) >= (1 - 1 / np.e) * best - 1e-4


def test_representatives_take_one_of_each_cluster_first() -> None:
    centres = np.eye(4, dtype=np.float32)
    noisy = np.repeat(centres, 5, axis=0) + 0.05 * units(20, 0)
    vectors = np.asarray(noisy / np.linalg.norm(noisy, axis=1, keepdims=True), dtype=np.float32)
    assert {i // 5 for i in representatives(vectors, 4)} == {0, 1, 2, 3}


def test_nothing_represents_nothing() -> None:
    assert representatives(units(0, 0), 3) == []
    assert maximal_marginal_relevance(units(1, 0)[0], units(0, 0), 3, relevance=0.5) == []


@given(SIZES, st.integers(1, 5), SEEDS)
def test_a_task_gets_the_shelf_it_is_most_alike_to(n: int, shelves: int, seed: int) -> None:
    tasks, anchors = units(n, seed), units(shelves, seed + 1)
    for task, shelf in zip(tasks, nearest_shelf(tasks, anchors), strict=True):
        assert float(task @ anchors[shelf]) >= max(float(task @ a) for a in anchors) - 1e-6


def test_the_most_alike_stands_last_unless_told_otherwise() -> None:
    assert ordered(["best", "good"], "nearest_last") == ["good", "best"]
    assert ordered(["best", "good"], "nearest_first") == ["best", "good"]


def unit(rows: list[list[float]]) -> Vectors:
    made: Vectors = np.array(rows, dtype=np.float32)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    return made


@pytest.mark.parametrize("told_by", ["meaning", "form"])
def test_the_weight_of_form_is_what_the_answers_say(told_by: str) -> None:
    rng = np.random.default_rng(0)
    answers = [("yes", "no")[i % 2] for i in range(40)]
    telling = unit([[1.0 + 0.2 * (a == "yes"), 1.0 + 0.2 * (a == "no"), 0.1] for a in answers])
    blind = unit(rng.random((40, 3)).tolist())
    tasks = [str(i) for i in range(40)]
    meaning, form = (telling, blind) if told_by == "meaning" else (blind, telling)
    share = form_share(meaning, form, tasks, answers, default=0.5)
    assert share < 0.5 if told_by == "meaning" else share >= 0.5
    assert form_share(meaning, form, tasks, tasks, default=0.5) == 0.5, "no answer comes twice"
    assert form_share(meaning[:8], form[:8], tasks[:8], answers[:8], default=0.5) == 0.5, "too few"
    assert form_share(meaning, form, ["one"] * 40, answers, default=0.5) == 0.5, "all of one task"


def test_what_nearly_all_texts_have_in_common_says_little() -> None:
    form = np.array([[0.6, 0.8, 0.0], [0.6, 0.0, 0.8], [1.0, 0.0, 0.0], [0.6, -0.8, 0.0]], dtype=np.float32)
    weights = rarity(form)
    assert weights[0] == 0.0
    assert weights[2] > weights[1] > 0.0
    assert rarity(np.ones((3, 2), dtype=np.float32)).tolist() == [1.0, 1.0], "where all is common nothing is left out"


def test_where_answers_never_come_again_the_kinds_of_tasks_say_how_form_weighs() -> None:
    meaning, form = kinds_by_form(24)
    tasks, answers = [f"t{i}" for i in range(24)], [f"answer {i}" for i in range(24)]
    assert form_share(meaning, form, tasks, answers, default=0.5) == 0.5
    assert form_share(meaning, form, tasks, answers, default=0.5, cells=["ab"[i % 2] for i in range(24)]) > 0.5
    assert form_share(meaning, form, tasks, answers, default=0.5, cells=["one"] * 24) == 0.5, (
        "a single kind says nothing"
    )


def kinds_by_form(n: int) -> tuple[Vectors, Vectors]:
    """Texts whose meaning says nothing of their kind, and whose form says it all."""
    rng = np.random.default_rng(0)
    marks = np.zeros((n, 6))
    marks[:, 5] = 1.0  # of all texts
    marks[np.arange(n), np.arange(n) % 2] = 0.3
    marks[np.arange(n), 2 + rng.integers(3, size=n)] = 0.2
    form = np.asarray(marks / np.linalg.norm(marks, axis=1, keepdims=True), dtype=np.float32)
    return units(n, 0, 8), form
