from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from burnish.policies.stopping import NeverStopping, PlateauStopping
from burnish.records import GateRecord, IterationRecord
from burnish.types import Outcome

ITERATIONS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["", "accept", "reject", "open"])), max_size=14)


def history(iterations: list[tuple[int, str]]) -> list[IterationRecord]:
    """The seed's record, then one iteration for each pair of exemplars admitted and what became of a race."""

    def gates(said: str) -> tuple[GateRecord, ...]:
        if not said:
            return ()
        outcome: Outcome = "undecided" if said == "open" else said  # type: ignore[assignment]
        gate = GateRecord(
            1, "b", "a", "rules", "", outcome, 8, 0.5, 0.5, 1.0, 20.0, 0.05, -0.1, 0.1, open=said == "open"
        )
        return (gate,)

    made = [IterationRecord(0, 0, "seed")]
    return made + [
        IterationRecord(n, n, "p", admitted=admitted, gates=gates(said))
        for n, (admitted, said) in enumerate(iterations, 1)
    ]


@given(ITERATIONS, st.integers(1, 5))
def test_it_stops_when_something_was_learned_once_and_nothing_for_a_while(
    iterations: list[tuple[int, str]], patience: int
) -> None:
    learned = [admitted > 0 or said in {"accept", "open"} for admitted, said in iterations]
    reason = PlateauStopping(patience=patience).reason(history(iterations))
    ended = len(learned) >= patience and any(learned) and not any(learned[-patience:])
    assert reason == (f"nothing was learned in the last {patience} iterations" if ended else None)


def test_the_seed_is_no_iteration_without_success() -> None:
    assert PlateauStopping(patience=1).reason(history([])) is None


@given(ITERATIONS)
def test_never_is_never(iterations: list[tuple[int, str]]) -> None:
    assert NeverStopping().reason(history(iterations)) is None
