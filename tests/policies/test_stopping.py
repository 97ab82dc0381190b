from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from burnish.policies.stopping import NeverStopping, PlateauStopping
from burnish.records import GateRecord, IterationRecord
from burnish.types import Outcome

OUTCOMES = st.lists(st.lists(st.sampled_from(["accept", "reject", "undecided"]), max_size=2), max_size=12)


def history(outcomes: list[list[Outcome]]) -> list[IterationRecord]:
    """The seed's record, then one iteration for each list of gate outcomes."""

    def gate(outcome: Outcome) -> GateRecord:
        return GateRecord(1, "b", "a", "rules", "", outcome, 8, 0.5, 0.5, 1.0, 20.0, 0.05, -0.1, 0.1)

    made = [IterationRecord(0, 0, "seed")]
    return made + [IterationRecord(n, n, "p", gates=tuple(map(gate, gates))) for n, gates in enumerate(outcomes, 1)]


@given(OUTCOMES, st.integers(1, 5))
def test_it_stops_exactly_when_that_many_races_in_a_row_accepted_nothing(
    outcomes: list[list[Outcome]], patience: int
) -> None:
    barren = 0
    for gates in outcomes:
        barren = 0 if "accept" in gates else barren + bool(gates)
    reason = PlateauStopping(patience=patience).reason(history(outcomes))
    assert (reason is not None) == (barren >= patience)
    assert reason in {None, f"no challenger was accepted in the last {patience} iterations that raced one"}


def test_the_seed_is_no_iteration_without_success() -> None:
    assert PlateauStopping(patience=1).reason(history([])) is None


@given(OUTCOMES)
def test_never_is_never(outcomes: list[list[Outcome]]) -> None:
    assert NeverStopping().reason(history(outcomes)) is None
