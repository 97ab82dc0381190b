from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.policies.diversity import Cells, Diversity, measure
from burnish.policies.guard import Guard, GuardAction, GuardDecision, LadderGuard, OffGuard, Thresholds

Floats = npt.NDArray[np.float64]

BASELINE = Diversity(50, 20.0, 1.0, 1.5, 0.5, 0.6, 0.8, 0.1)
FALLEN = dataclasses.replace(BASELINE, vendi=13.0)
SMALL = dataclasses.replace(BASELINE, n=10, vendi=5.0, comparable=False)
MEASUREMENTS = {".": BASELINE, "A": FALLEN, "?": SMALL}


def play(guard: Guard, measurements: Sequence[Diversity], baseline: Diversity = BASELINE) -> list[GuardAction]:
    """The guard's action after each measurement in turn."""
    actions: list[GuardAction] = []
    for i in range(len(measurements)):
        actions.append(guard.decide(measurements[: i + 1], baseline, actions).action)
    return actions


@pytest.mark.parametrize(
    ("alarms", "expected"),
    [
        (".....", "....."),
        ("A", "."),
        ("A.A.A", "....."),
        ("AA", ".r"),
        ("AAAA", ".rbs"),
        ("AAAAA", ".rbss"),
        ("AA.A", ".r.b"),
        ("AA..A", ".r..."),
        ("AA..AA", ".r...r"),
        ("AAA.A", ".rb.s"),
        ("AAA..AAAA", ".rb...rbs"),
        ("A?A", "..r"),
        ("A?.A", "...."),
        ("AA?A", ".r.b"),
        ("AA.?.A", ".r...."),
        ("????", "...."),
    ],
)
def test_the_ladder_step_by_step(alarms: str, expected: str) -> None:
    short = {"none": ".", "resample": "r", "rollback": "b", "stop": "s"}
    assert "".join(short[a] for a in play(LadderGuard(), [MEASUREMENTS[a] for a in alarms])) == expected


@given(st.text(alphabet="A.?", max_size=15), st.integers(1, 3))
def test_actions_follow_alarms_only_and_climb_one_step_at_a_time(alarms: str, patience: int) -> None:
    actions = play(LadderGuard(patience=patience), [MEASUREMENTS[a] for a in alarms])
    ladder = ["resample", "rollback", "stop", "stop"]
    taken = [a for a in actions if a != "none"]
    assert all(sign == "A" for sign, action in zip(alarms, actions, strict=True) if action != "none")
    for before, after in itertools.pairwise(taken):
        assert after in {"resample", ladder[ladder.index(before) + 1]}


@pytest.mark.parametrize(
    ("changes", "alarms"),
    [
        ({"vendi": 14.0, "coverage": 0.9, "entropy": 1.2}, 0),
        ({"vendi": 13.9}, 1),
        ({"coverage": 0.89}, 1),
        ({"entropy": 1.19}, 1),
        ({"vendi": 1.0, "coverage": 0.1, "entropy": 0.0}, 3),
        ({"mean_cosine_distance": 0.0, "distinct_1": 0.0, "near_duplicates": 1.0}, 0),
    ],
)
def test_each_measure_has_its_own_alarm(changes: dict[str, float], alarms: int) -> None:
    measured = dataclasses.replace(BASELINE, **changes)  # type: ignore[arg-type]
    raised = Thresholds().alarms(measured, BASELINE)
    assert raised is not None
    assert len(raised) == alarms


def test_an_alarm_says_what_fell_how_far() -> None:
    decision = LadderGuard().decide([FALLEN], BASELINE, [])
    assert decision.alarms == ("Vendi score is 13, 65% of the first 20; the least allowed is 70%.",)


def test_measures_that_began_at_nothing_cannot_fall() -> None:
    start = dataclasses.replace(BASELINE, entropy=0.0)
    assert Thresholds().alarms(start, start) == ()


def of_cells(counts: Sequence[int], *, with_counts: bool = True) -> Diversity:
    """A measurement of answers that fall into cells so many times."""
    shares = np.array(counts) / sum(counts)
    entropy = float(-(shares[shares > 0] * np.log(shares[shares > 0])).sum())
    filled = sum(count > 0 for count in counts) / len(counts)
    kept = tuple(counts) if with_counts else ()
    return Diversity(sum(counts), 3.0, filled, entropy, 0.3, 0.5, 0.7, 0.1, counts=kept)


def test_a_cell_left_empty_by_chance_raises_no_alarm() -> None:
    assert Thresholds().alarms(of_cells((7, 5, 0)), of_cells((5, 4, 3))) == ()
    assert Thresholds(alpha=0.5).alarms(of_cells((7, 5, 0)), of_cells((5, 4, 3)))
    raised = Thresholds().alarms(of_cells((12, 0, 0)), of_cells((5, 4, 3)))
    assert raised is not None
    assert len(raised) == 2
    less = Thresholds().alarms(dataclasses.replace(of_cells((7, 5, 0)), vendi=1.0), of_cells((5, 4, 3)))
    assert less is not None
    assert [alarm.partition(" is ")[0] for alarm in less] == ["Vendi score"]
    large = Thresholds().alarms(of_cells((35, 25, 0)), of_cells((25, 20, 15)))
    assert large  # the same shares, but of many answers


@pytest.mark.thorough
def test_a_lucky_first_sample_of_a_dozen_answers_ends_no_run() -> None:
    rng = np.random.default_rng(0)
    runs = [rng.multinomial(12, (0.5, 0.35, 0.15), size=30).tolist() for _ in range(60)]

    def ended(*, with_counts: bool) -> int:
        first = of_cells((4, 4, 4), with_counts=with_counts)
        measured = [[of_cells(row, with_counts=with_counts) for row in counts] for counts in runs]
        return sum("stop" in play(LadderGuard(), row, first) for row in measured)

    assert ended(with_counts=True) == 0
    assert ended(with_counts=False) > 10  # thresholds alone would end many


@pytest.mark.parametrize("other", [SMALL, dataclasses.replace(FALLEN, n=49), dataclasses.replace(FALLEN, n=51)])
def test_other_sample_sizes_are_not_compared(other: Diversity) -> None:
    decision = LadderGuard(patience=1).decide([other], BASELINE, [])
    assert (decision.action, decision.alarms) == ("none", ())
    assert "cannot be compared" in decision.reason


def test_the_guard_that_is_off_tells_and_never_acts() -> None:
    assert set(play(OffGuard(), [FALLEN] * 6)) == {"none"}
    assert OffGuard().decide([FALLEN], BASELINE, []).alarms
    assert OffGuard().decide([SMALL], BASELINE, []).alarms == ()


def test_actions_must_match_the_history() -> None:
    for guard in (LadderGuard(), OffGuard()):
        with pytest.raises(ValueError, match="2 actions and 2 measurements"):
            guard.decide([FALLEN, FALLEN], BASELINE, ["none", "none"])


def test_decisions_survive_json() -> None:
    decision = LadderGuard().decide([FALLEN, FALLEN], BASELINE, ["none"])
    assert decision.action == "resample"
    assert GuardDecision.from_json(json.loads(json.dumps(decision.to_json()))) == decision


def watch(generate: Callable[[int], Floats], iterations: int) -> list[GuardAction]:
    """Measure what a generator makes, iteration by iteration, against its first one."""
    rng = np.random.default_rng(0)
    first = generate(0)
    texts = ["a text"] * len(first)
    cells = Cells.fit(first)

    def measured(vectors: Floats) -> Diversity:
        return measure(vectors, texts, cells, size=len(first), rng=rng)

    return play(LadderGuard(), [measured(generate(i)) for i in range(1, iterations + 1)], measured(first))


def test_a_generator_that_repeats_itself_is_caught_within_two_iterations() -> None:
    rng = np.random.default_rng(1)
    varied = rng.normal(size=(40, 64))
    actions = watch(lambda i: varied if i == 0 else np.tile(varied[0], (40, 1)), 4)
    assert actions == ["none", "resample", "rollback", "stop"]


def test_a_generator_that_stays_varied_is_left_alone() -> None:
    rng = np.random.default_rng(2)
    centres = 1.5 * rng.normal(size=(6, 64))
    assert set(watch(lambda _: centres[rng.integers(6, size=60)] + rng.normal(size=(60, 64)), 12)) == {"none"}


def gaussian_refit(*, accumulate: bool, generations: int = 50, n: int = 50) -> list[Floats]:
    """Samples of a Gaussian fitted, generation after generation, to its own samples or to all samples so far."""
    rng = np.random.default_rng(3)
    samples = [rng.normal(1.0, 1.0, size=(n, 24))]
    for _ in range(generations):
        data = np.vstack(samples) if accumulate else samples[-1]
        samples.append(rng.normal(data.mean(axis=0), data.std(axis=0), size=(n, 24)))
    return samples


def test_refitting_on_own_output_alone_trips_the_alarm() -> None:
    samples = gaussian_refit(accumulate=False)
    assert samples[-1].var(axis=0).mean() < 0.6
    assert "stop" in watch(samples.__getitem__, 50)


def test_refitting_on_all_that_was_ever_made_does_not() -> None:
    samples = gaussian_refit(accumulate=True)
    assert samples[-1].var(axis=0).mean() > 0.8
    assert set(watch(samples.__getitem__, 50)) == {"none"}
