from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from burnish.policies.admission import Admission, Applicant, NovelAdmission, Resident, Vectors

NOVELTY = 0.9
PLENTY = 99


@dataclass(frozen=True)
class Item:
    """An exemplar or applicant at a place on the unit circle; `angle` is in degrees (25 apart is a cosine of 0.906)."""

    angle: int
    task: int
    cell: int
    merit: float
    verified: bool = True
    judged: bool = True

    @property
    def vector(self) -> list[float]:
        return [float(np.cos(np.radians(self.angle))), float(np.sin(np.radians(self.angle)))]


def items(angles: st.SearchStrategy[int]) -> st.SearchStrategy[list[Item]]:
    merits = st.sampled_from([0.25, 0.5, 0.75, 1.0])
    made = st.builds(Item, angles, st.integers(0, 3), st.integers(0, 1), merits, st.booleans(), st.booleans())
    return st.lists(made, max_size=10)


ANY = items(st.integers(0, 359))
CLUSTERS = items(st.integers(0, 5).flatmap(lambda c: st.integers(60 * c, 60 * c + 10)))  # 10 within, 50 between


def vectors(of: list[Item]) -> Vectors:
    return np.array([i.vector for i in of], dtype=np.float32).reshape(len(of), 2)


def decide(applicants: list[Item], residents: list[Item], policy: NovelAdmission) -> Admission:
    """The decision, with the nearest resident of each applicant found plainly."""
    nearest: list[Resident | None] = []
    for applicant in applicants:
        cosines = vectors(residents) @ np.array(applicant.vector, dtype=np.float32)
        best = int(np.argmax(cosines)) if residents else -1
        found = [
            Resident(str(best), f"t{r.task}", f"c{r.cell}", float(cosines[best]), r.merit) for r in residents[best:][:1]
        ]
        nearest += found or [None]
    asking = [
        Applicant(str(i), f"t{a.task}", f"c{a.cell}", a.verified, a.judged, a.merit) for i, a in enumerate(applicants)
    ]
    return policy.decide(
        asking,
        vectors(applicants),
        residents=nearest,
        per_task=Counter(f"t{r.task}" for r in residents),
        per_cell=Counter(f"c{r.cell}" for r in residents),
    )


def settle(applicants: list[Item], policy: NovelAdmission) -> list[Item]:
    """A memory that the policy itself has filled."""
    return [applicants[i] for i in decide(applicants, [], policy).admitted]


def after(applicants: list[Item], residents: list[Item], made: Admission) -> list[Item]:
    stay = [r for i, r in enumerate(residents) if str(i) not in made.replaced]
    return stay + [applicants[i] for i in made.admitted]


@given(ANY, ANY)
def test_every_applicant_is_admitted_or_refused_with_a_reason(residents: list[Item], applicants: list[Item]) -> None:
    policy = NovelAdmission(novelty=NOVELTY)
    made = decide(applicants, settle(residents, policy), policy)
    assert sorted([*made.admitted, *made.refused]) == list(range(len(applicants)))
    assert all(made.refused.values())
    assert set(made.replaced.values()) <= set(made.admitted)
    assert len(set(made.replaced.values())) == len(made.replaced)


@given(ANY, ANY)
def test_nothing_unverified_is_ever_admitted(residents: list[Item], applicants: list[Item]) -> None:
    made = decide(applicants, residents, NovelAdmission(novelty=NOVELTY, per_task=PLENTY, per_cell=PLENTY))
    assert all(applicants[i].verified and applicants[i].judged for i in made.admitted)
    for i, applicant in enumerate(applicants):
        if not applicant.judged:
            assert made.refused[i] == "the environment gave no verdict"
        elif not applicant.verified:
            assert made.refused[i] == "not verified"


@given(CLUSTERS, CLUSTERS)
def test_of_every_cluster_of_near_duplicates_exactly_one_survives_and_it_is_the_best(
    residents: list[Item], applicants: list[Item]
) -> None:
    policy = NovelAdmission(novelty=NOVELTY, per_task=PLENTY, per_cell=PLENTY)
    before = settle(residents, policy)
    memory = after(applicants, before, decide(applicants, before, policy))
    candidates = before + [a for a in applicants if a.verified and a.judged]
    assert Counter(i.angle // 60 for i in memory) == Counter({i.angle // 60: 1 for i in candidates})
    for survivor in memory:
        assert survivor.merit == max(i.merit for i in candidates if i.angle // 60 == survivor.angle // 60)


@given(ANY, ANY)
def test_no_two_admitted_are_near_duplicates_nor_is_one_of_what_it_was_compared_with(
    residents: list[Item], applicants: list[Item]
) -> None:
    policy = NovelAdmission(novelty=NOVELTY, per_task=PLENTY, per_cell=PLENTY)
    before = settle(residents, policy)
    made = decide(applicants, before, policy)
    admitted = [applicants[i] for i in made.admitted]
    cosines = vectors(admitted) @ vectors(admitted).T
    assert np.all(cosines[~np.eye(len(admitted), dtype=bool)] < NOVELTY)
    for applicant in admitted:
        likeness = vectors(before) @ np.array(applicant.vector, dtype=np.float32)
        if before and likeness.max() >= NOVELTY:
            assert str(int(np.argmax(likeness))) in made.replaced


@given(ANY, ANY, st.integers(1, 2), st.integers(1, 4))
def test_memory_never_holds_more_of_a_task_or_a_cell_than_allowed(
    residents: list[Item], applicants: list[Item], per_task: int, per_cell: int
) -> None:
    policy = NovelAdmission(novelty=NOVELTY, per_task=per_task, per_cell=per_cell, dominance=0.0)
    before = settle(residents, policy)
    memory = after(applicants, before, decide(applicants, before, policy))
    for held in (before, memory):
        assert max(Counter(i.task for i in held).values(), default=0) <= per_task
        assert max(Counter(i.cell for i in held).values(), default=0) <= per_cell


def test_a_cell_may_be_larger_where_all_are_and_where_there_is_but_one() -> None:
    policy = NovelAdmission(novelty=NOVELTY, per_cell=2, dominance=1.5)
    new = [Item(120 + 50 * i, 10 + i, 0, 0.5) for i in range(4)]

    def admitted(*others: int) -> int:
        """Of four new exemplars of cell 0, which holds three, where other cells hold so many."""
        cells = [0] * 3 + [cell for cell, count in enumerate(others, 1) for _ in range(count)]
        residents = [Item(5 * i, 20 + i, cell, 0.5) for i, cell in enumerate(cells)]
        return len(decide(new, residents, policy).admitted)

    assert admitted() == 4
    assert admitted(3, 3) == 3  # at six of twelve it has 1.5 times the mean
    assert admitted(1, 1) == 0  # three of five are more than that already


def test_the_reasons() -> None:
    resident = Item(0, 0, 0, 0.5)
    policy = NovelAdmission(novelty=NOVELTY, per_task=1, per_cell=3, dominance=0.0)
    made = decide(
        [
            Item(5, 1, 0, 0.5),  # like the resident, no better
            Item(90, 2, 0, 0.9),
            Item(95, 3, 0, 0.8),  # like the one before
            Item(180, 2, 0, 0.7),  # its task has one
            Item(220, 4, 0, 0.6),
            Item(300, 5, 0, 0.55),  # its cell has three
        ],
        [resident],
        policy,
    )
    assert made == Admission(
        (1, 4),
        {
            0: "near-duplicate of one in memory",
            2: "near-duplicate of another new one",
            3: "enough of this task",
            5: "enough of this cell",
        },
    )


def test_one_with_more_merit_takes_the_place_of_its_twin_though_task_and_cell_are_full() -> None:
    made = decide([Item(0, 0, 0, 0.9)], [Item(0, 0, 0, 0.5)], NovelAdmission(novelty=NOVELTY, per_task=1, per_cell=1))
    assert made == Admission((0,), {}, {"0": 0})


def test_only_one_takes_the_place_of_a_resident_and_the_other_of_its_twins_is_refused() -> None:
    both_better = [Item(340, 1, 0, 0.9), Item(20, 2, 0, 0.8)]  # like the resident, not like one another
    made = decide(both_better, [Item(0, 0, 0, 0.5)], NovelAdmission(novelty=NOVELTY))
    assert made == Admission((0,), {1: "near-duplicate of another new one"}, {"0": 0})


def test_a_resident_that_is_replaced_makes_room_in_its_cell_and_its_task() -> None:
    applicants = [Item(0, 1, 1, 0.9), Item(180, 0, 0, 0.8)]
    made = decide(applicants, [Item(0, 0, 0, 0.5)], NovelAdmission(novelty=NOVELTY, per_task=1, per_cell=1))
    assert made == Admission((0, 1), {}, {"0": 0})


def test_by_default_nothing_verified_is_a_near_duplicate_and_a_task_keeps_its_better_answer() -> None:
    twins = [Item(0, 0, 0, 0.5), Item(0, 1, 0, 0.5)]
    assert decide(twins, [], NovelAdmission()).admitted == (0, 1)
    known = [Item(0, 0, 0, 0.5)]
    assert decide([Item(90, 0, 0, 0.9)], known, NovelAdmission()) == Admission((0,), {}, {"0": 0})
    assert decide([Item(90, 0, 0, 0.5)], known, NovelAdmission()).refused == {0: "enough of this task"}


def test_what_is_barred_is_refused_with_its_reason_and_what_is_pinned_is_not_replaced() -> None:
    place = np.array([[1.0, 0.0]], dtype=np.float32)
    better = Applicant("a", "t0", "c0", verified=True, judged=True, merit=1.0)
    worse = Resident("r", "t0", "c0", 1.0, 0.5)
    counts = {"per_task": {"t0": 1}, "per_cell": {"c0": 1}}
    policy = NovelAdmission()

    def outcome(applicant: Applicant, resident: Resident) -> Admission:
        return policy.decide([applicant], place, residents=[resident], **counts)

    assert outcome(better, worse).replaced == {"r": 0}
    assert outcome(better, replace(worse, pinned=True)).refused == {0: "enough of this task"}
    assert outcome(replace(better, barred="forgotten"), worse).refused == {0: "forgotten"}
