"""The search that compiles a program: what it tries, what it proposes, and when it stops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from proposing import SEED, Trial, exemplar, failures, propose

from burnish.agent.operators.base import Score
from burnish.agent.operators.compile import CompileOperator
from burnish.config import CompilingConfig
from burnish.errors import BudgetExhausted
from burnish.programs import Program

MANY = [exemplar(n) for n in range(20)]
NOW = replace(SEED, revision=3)
USEFUL = {e.id: 0.1 for e in MANY[:4]}


def worth(program: Program) -> float:
    """More exemplars are better, and limited ones best."""
    return program.retrieval.k / 24 + 0.5 * bool(program.only) if program.revision == 3 else 0.2


def scored(worth_of: object = worth, *, most_rounds: int = 99) -> tuple[Score, list[tuple[int, int]]]:
    """A score that is the same on every task, and what was asked of it: (programs, tasks) by round."""
    rounds: list[tuple[int, int]] = []

    async def score(programs: Sequence[Program], count: int) -> list[list[float]]:
        if len(rounds) == most_rounds:
            raise BudgetExhausted("no calls left")
        rounds.append((len(programs), count))
        assert callable(worth_of)
        return [[worth_of(program)] * count for program in programs]

    return score, rounds


def searched(score: Score, *, seed: int = 0, base: Program = NOW) -> Trial:
    operator = CompileOperator(CompilingConfig(candidates=11))
    failed = failures(*["the answer must be the code"] * 3)
    return propose(operator, base=base, exemplars=MANY, usefulness=USEFUL, failed=failed, score=score, seed=seed)


@pytest.mark.parametrize("seed", range(6))
def test_the_best_of_the_last_round_is_proposed_with_its_score(seed: int) -> None:
    score, rounds = scored()
    (made,) = searched(score, seed=seed).proposals
    assert made.urgent
    assert made.score == pytest.approx(worth(made.program))
    assert made.program.only
    assert set(made.program.only) <= {e.id for e in MANY}
    assert [programs for programs, _ in rounds] == [13, 7, 4, 3], "the champion is tried in every round"


def test_what_is_no_better_than_the_champion_is_not_proposed() -> None:
    trial = searched(scored(lambda _program: 0.5)[0])
    assert trial.proposals == []
    assert [kind for kind, _ in trial.noted] == ["search"]


def test_the_champion_with_the_newest_memory_is_a_candidate() -> None:
    (made,) = searched(scored(lambda program: float(program == NOW))[0]).proposals
    assert made.program == NOW


def test_a_budget_that_ends_leaves_what_is_known_by_then() -> None:
    assert searched(scored(most_rounds=0)[0]).proposals == []
    score, rounds = scored(most_rounds=2)
    (made,) = searched(score).proposals
    assert len(rounds) == 2
    assert made.program.only


@pytest.mark.parametrize("seed", range(3))
def test_a_seed_decides_the_search(seed: int) -> None:
    first, again, other = (searched(scored()[0], seed=s) for s in (seed, seed, seed + 100))
    assert first.noted == again.noted
    assert first.noted != other.noted


def test_nothing_is_searched_without_exemplars() -> None:
    score, rounds = scored()
    assert propose(CompileOperator(CompilingConfig()), score=score).noted == []
    assert rounds == []
