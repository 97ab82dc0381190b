from __future__ import annotations

import json
import math
from collections import Counter

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from burnish.policies.diversity import (
    Cells,
    Diversity,
    chance_of_fall,
    distinct_n,
    mean_cosine_distance,
    measure,
    near_duplicate_share,
    self_bleu,
    vendi_score,
)

Floats = npt.NDArray[np.float64]
VECTORS = st.tuples(st.integers(1, 12), st.integers(1, 6)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.integers(-3, 3).map(float))
)


def cone(cosine: float, n: int = 200, dimensions: int = 384) -> Floats:
    """Unit vectors whose mean pairwise cosine is `cosine`."""
    noise = np.random.default_rng(0).normal(size=(n, dimensions))
    noise[:, 0] = 0
    noise *= math.sqrt(1 - cosine) / np.linalg.norm(noise, axis=1, keepdims=True)
    noise[:, 0] = math.sqrt(cosine)
    return noise


def clusters(sizes: list[int], dimensions: int = 32, spread: float = 0.3) -> Floats:
    """Points around fixed orthogonal centres."""
    rng = np.random.default_rng(1)
    centres = np.repeat(3 * np.eye(dimensions)[: len(sizes)], sizes, axis=0)
    return np.asarray(centres + spread * rng.normal(size=centres.shape))


@pytest.mark.parametrize("n", [1, 7, 30])
def test_vendi_of_alike_and_of_orthogonal_vectors(n: int) -> None:
    assert vendi_score(np.tile([1.0, 2.0, 3.0], (n, 1))) == pytest.approx(1)
    assert vendi_score(np.eye(n, 40)) == pytest.approx(n)


def test_vendi_of_independent_vectors() -> None:
    assert vendi_score(np.random.default_rng(0).normal(size=(200, 384))) == pytest.approx(154, abs=1)


@pytest.mark.parametrize(("cosine", "score"), [(0.2, 92), (0.4, 40), (0.6, 15), (0.8, 4.5)])
def test_vendi_of_cones(cosine: float, score: float) -> None:
    assert vendi_score(cone(cosine)) == pytest.approx(score, rel=0.05)
    assert mean_cosine_distance(cone(cosine)) == pytest.approx(1 - cosine, abs=0.01)


def test_vendi_counts_tight_clusters() -> None:
    assert vendi_score(clusters([40] * 5, spread=0.01)) == pytest.approx(5, abs=0.05)


@given(VECTORS)
def test_vendi_lies_between_one_and_n_and_ignores_order_scale_and_copies(vectors: Floats) -> None:
    score = vendi_score(vectors)
    assert 1 - 1e-6 <= score <= len(vectors) + 1e-6
    assert vendi_score(3 * vectors[::-1]) == pytest.approx(score, rel=1e-6)
    assert vendi_score(np.vstack([vectors, vectors, vectors])) == pytest.approx(score, rel=1e-6)


@given(VECTORS)
def test_pairwise_measures_equal_brute_force(vectors: Floats) -> None:
    n = len(vectors)
    lengths = np.linalg.norm(vectors, axis=1)

    def cosine(i: int, j: int) -> float:
        if lengths[i] == 0 or lengths[j] == 0:
            return float(lengths[i] == lengths[j])
        return float(vectors[i] @ vectors[j] / lengths[i] / lengths[j])

    cosines = [[cosine(i, j) for j in range(n) if j != i] for i in range(n)]
    if n > 1:
        assert mean_cosine_distance(vectors) == pytest.approx(1 - np.mean(cosines), abs=1e-9)
    near = sum(any(c >= 0.9 - 1e-9 for c in row) for row in cosines) / n
    assert near_duplicate_share(vectors) == pytest.approx(near)


def test_near_duplicates_are_counted_on_both_sides() -> None:
    assert near_duplicate_share(np.array([[1, 0], [1, 0.1], [0, 1], [-1, 0]])) == 0.5


@pytest.mark.parametrize(
    ("texts", "n", "expected"),
    [
        (["a b c d"], 1, 1.0),
        (["a a a a"], 1, 0.25),
        (["a a a a"], 2, 1 / 3),
        (["a b", "a b"], 2, 0.5),
        (["a b c", "b c d"], 2, 0.75),
        (["a", "b"], 2, 0.0),
        ([], 1, 0.0),
        ([""], 1, 0.0),
    ],
)
def test_distinct_n_known_values(texts: list[str], n: int, expected: float) -> None:
    assert distinct_n(texts, n) == pytest.approx(expected)


def test_n_grams_do_not_cross_texts() -> None:
    assert distinct_n(["a b", "c d", "a d"], 2) == 1.0


def test_cells_find_clusters_and_cover_them() -> None:
    cells = Cells.fit(clusters([30, 20, 10]), most=3)
    assignment = cells.assign(clusters([30, 20, 10]))
    assert sorted(np.bincount(assignment)) == [10, 20, 30]  # 10 is half an even share
    assert cells.coverage(assignment) == 1
    shares = np.array([30, 20, 10]) / 60
    assert cells.entropy(assignment) == pytest.approx(-(shares * np.log(shares)).sum())
    assert cells.coverage(assignment[:30]) == pytest.approx(1 / 3)
    assert cells.entropy(assignment[:30]) == 0


@given(VECTORS)
@settings(max_examples=50)
def test_cells_are_the_same_for_the_same_vectors_and_none_is_empty(vectors: Floats) -> None:
    cells = Cells.fit(vectors, members=2)
    assert cells == Cells.fit(vectors.copy(), members=2)
    sizes = np.bincount(cells.assign(vectors), minlength=len(cells.centres))
    assert len(sizes) == 1 or sizes.min() >= 1
    assert 0 <= cells.entropy(cells.assign(vectors)) <= math.log(len(cells.centres)) + 1e-9


def test_vectors_without_clusters_make_one_cell() -> None:
    assert len(Cells.fit(5 + np.random.default_rng(0).normal(size=(50, 384))).centres) == 1


@pytest.mark.parametrize("n", [48, 100])
def test_cells_do_not_alarm_by_chance(n: int) -> None:
    """A second sample of the same clusters nearly always keeps 0.9 of the coverage and 0.8 of the entropy."""
    rng = np.random.default_rng(4)
    held = 0
    for _ in range(40):
        centres = rng.normal(size=(12, 64))
        first, second = (centres[rng.integers(12, size=n)] + 0.7 * rng.normal(size=(n, 64)) for _ in range(2))
        cells = Cells.fit(first)
        before, after = cells.assign(first), cells.assign(second)
        held += cells.coverage(after) >= 0.9 and cells.entropy(after) >= 0.8 * cells.entropy(before)
    assert held >= 38


def test_cells_survive_json() -> None:
    cells = Cells.fit(clusters([10, 10]))
    assert Cells.from_json(json.loads(json.dumps(cells.to_json()))) == cells


def test_cells_need_vectors_of_one_length() -> None:
    with pytest.raises(ValueError, match="at least one vector"):
        Cells.fit([])
    with pytest.raises(ValueError, match="fitted on vectors of 2 dimensions, but got 3"):
        Cells.fit([[1, 0], [0, 1]]).assign([[1, 0, 0]])


def test_a_measurement_has_the_sample_size_asked_for() -> None:
    vectors = clusters([30, 30])
    texts = [f"item {i % 7}" for i in range(60)]
    cells = Cells.fit(vectors)
    measured = measure(vectors, texts, cells, size=40, rng=np.random.default_rng(0))
    assert (measured.n, measured.comparable) == (40, True)
    assert measured == measure(vectors, texts, cells, size=40, rng=np.random.default_rng(0))
    assert Diversity.from_json(json.loads(json.dumps(measured.to_json(), allow_nan=False))) == measured


def test_the_whole_is_measured_where_size_is_all() -> None:
    vectors = clusters([5, 5])
    cells = Cells.fit(vectors)
    measured = measure(vectors, ["a b"] * 10, cells, size=10, rng=np.random.default_rng(0))
    assert measured.vendi == pytest.approx(vendi_score(vectors))
    assert measured.distinct_1 == pytest.approx(0.1)
    assert measured.near_duplicates == near_duplicate_share(vectors)


@pytest.mark.parametrize("n", [0, 1, 9])
def test_too_few_items_are_measured_and_flagged(n: int) -> None:
    vectors = clusters([5, 5])
    cells = Cells.fit(vectors)
    measured = measure(vectors[:n], ["a b"] * n, cells, size=10, rng=np.random.default_rng(0))
    assert (measured.n, measured.comparable) == (n, False)
    assert json.loads(json.dumps(measured.to_json(), allow_nan=False))


def test_vectors_must_be_finite_rows_one_a_text() -> None:
    cells = Cells.fit([[1.0, 0.0]])
    with pytest.raises(ValueError, match="1 vectors and 2 texts"):
        measure([[1.0, 0.0]], ["a", "b"], cells, size=1, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="finite numbers"):
        vendi_score([[math.nan, 1.0]])
    with pytest.raises(ValueError, match="finite numbers"):
        vendi_score([1.0, 2.0])


def test_nothing_has_no_diversity() -> None:
    assert (vendi_score([]), near_duplicate_share([]), mean_cosine_distance([])) == (0, 0, 0)
    assert (mean_cosine_distance([[1, 0]]), mean_cosine_distance([[1, 0], [0, 1]])) == (0, 1)


def test_the_chance_of_a_fall_is_small_for_a_fall_alone() -> None:
    assert chance_of_fall((4, 4, 4), (4, 4, 4)) > 0.5
    assert chance_of_fall((4, 4, 4), (12, 0, 0)) < 0.01
    assert chance_of_fall((12, 0, 0), (4, 4, 4)) > 0.5  # a rise
    assert chance_of_fall((12, 0, 0), (12, 0, 0)) == 1.0
    assert chance_of_fall((5, 4, 3), (7, 5, 0)) > 0.01
    assert chance_of_fall((25, 20, 15), (35, 25, 0)) < 0.01  # much the same shares, of five times as many


def test_chance_alone_rarely_looks_like_a_fall() -> None:
    rng = np.random.default_rng(3)
    pairs = rng.multinomial(12, (0.5, 0.3, 0.2), size=(1000, 2)).tolist()
    found = [chance_of_fall(first, now) for first, now in pairs]
    for level in (0.01, 0.05, 0.2):
        assert np.mean(np.array(found) <= level) <= level + 3 * math.sqrt(level * (1 - level) / len(found))


def bleu(words: list[str], references: list[list[str]]) -> float:
    """BLEU-4 with smoothing 1, by its definition."""

    def grams(of: list[str], n: int) -> Counter[tuple[str, ...]]:
        return Counter(tuple(of[i : i + n]) for i in range(len(of) - n + 1))

    logs = []
    for n in range(1, min(4, len(words)) + 1):
        own = grams(words, n)
        common = sum(min(count, max(grams(r, n)[gram] for r in references)) for gram, count in own.items())
        logs.append(math.log(max(common, 0.1) / own.total()))
    nearest = min((abs(len(r) - len(words)), len(r)) for r in references)[1]
    brevity = min(1.0, math.exp(1 - nearest / len(words))) if words else 0.0
    return brevity * math.exp(sum(logs) / len(logs)) if logs else 0.0


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=7), min_size=2, max_size=6))
def test_self_bleu_is_the_mean_of_each_against_all_others(texts: list[list[str]]) -> None:
    expected = [bleu(text, [*texts[:i], *texts[i + 1 :]]) for i, text in enumerate(texts)]
    assert self_bleu([" ".join(text) for text in texts]) == pytest.approx(sum(expected) / len(expected))


def test_self_bleu_is_1_where_all_say_the_same_and_next_to_nothing_where_none_does() -> None:
    assert self_bleu(["a b c d e"] * 3) == pytest.approx(1.0)
    assert self_bleu(["a b c d e", "f g h i j"]) < 0.05
    assert self_bleu([]) == self_bleu(["a b"]) == 0.0
