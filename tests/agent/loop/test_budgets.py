"""No limit is ever exceeded, the sealed test is always paid for, and what does not suffice is refused up front."""

from __future__ import annotations

import re
from itertools import count
from signal import SIGKILL
from typing import Any

import pytest
from codes import code_of, split_of
from laboratory import Body, Laboratory, learner, posed, query
from strength import thorough_but

from burnish.agent.models import circuit
from burnish.agent.models.ledger import Amount, Ledger
from burnish.agent.models.scripted import ScriptedReply
from burnish.agent.record.run import open_run
from burnish.agent.verification.verify import verify
from burnish.errors import BudgetExhausted, BudgetTooSmall
from burnish.records import DRAWN, SHUFFLED

PRICES = {"usd_per_million_prompt_tokens": 1.0, "usd_per_million_completion_tokens": 2.0}
TINY: dict[str, Any] = {"sampling": {"tasks": 3, "samples": 2}, "sealed": {"tasks": 5}}


def priced(lab: Laboratory) -> dict[str, Any]:
    return {"task": {"url": lab.url, **PRICES}}


def total(lab: Laboratory, name: str) -> tuple[int, int, float]:
    """Calls, tokens and US dollars by the rows of the journal."""
    sql = "SELECT COUNT(*), SUM(prompt_tokens + completion_tokens), SUM(usd) FROM calls"
    calls, tokens, usd = query(lab.folder / name, sql)[0]
    return int(calls), int(tokens), float(usd)


@pytest.mark.parametrize("calls", thorough_but([140], [140, 171, 203]))
def test_calls_are_never_exceeded_and_the_sealed_test_is_paid_for(lab: Laboratory, calls: int) -> None:
    report = lab.run("run", budget={"calls": calls, "iterations": 8})
    assert len(lab.model.bodies) == total(lab, "run")[0] == report.total.calls <= calls
    assert report.sealed is not None
    assert report.sealed.arms["seed"].tasks == min(20, int(0.4 * calls / 3)), "its share of the budget, at most"
    assert "budget" in report.stopped


def test_tokens_are_never_exceeded(lab: Laboratory) -> None:
    policies = {"stopping": {"name": "never"}}
    lab.model.answer = lambda body: f"{learner(body)}, and so on" + " and on" * 60
    report = lab.run("run", budget={"tokens": 62_000, "iterations": 1000}, policies=policies, **TINY)
    assert total(lab, "run")[1] == report.total.tokens <= 62_000
    assert "budget" in report.stopped
    assert report.finished


@pytest.mark.thorough
def test_money_is_never_exceeded_and_adds_up(lab: Laboratory) -> None:
    report = lab.run("run", models=priced(lab), budget={"usd": 0.2, "iterations": 8})
    _, _, usd = total(lab, "run")
    assert 0 < usd <= 0.2
    assert usd == pytest.approx(report.total.usd)
    assert usd == pytest.approx((report.total.prompt_tokens + 2 * report.total.completion_tokens) / 1e6)
    assert report.finished


def test_a_server_that_reports_no_usage_is_charged_the_worst_case(lab: Laboratory) -> None:
    lab.model.answer = lambda body: ScriptedReply(learner(body), usage=False)
    report = lab.run("run", budget={"tokens": 80_000, "iterations": 8}, sealed={"tasks": 5})
    reserved = query(lab.folder / "run", "SELECT SUM(reserved_tokens) FROM calls")[0][0]
    assert reserved == report.total.tokens <= 80_000
    assert "budget" in report.stopped


def test_seconds_end_the_run_and_the_sealed_test_is_still_opened(lab: Laboratory) -> None:
    policies = {"stopping": {"name": "never"}, "budget": {"first_seconds_a_call": 0.01, "margin": 2.5}}
    report = lab.run("run", budget={"seconds": 4.0, "iterations": 1000}, policies=policies)
    assert report.finished
    assert report.stopped != "all 1000 iterations done"
    assert 0 < report.seconds <= 4.0


def test_iterations_are_counted(lab: Laboratory) -> None:
    report = lab.run("run", budget={"iterations": 2})
    assert [r.number for r in report.iterations] == [0, 1, 2]
    assert report.stopped == "all 2 iterations done"


def test_a_budget_that_ends_within_a_race_keeps_what_the_iteration_learned(lab: Laboratory) -> None:
    lab.model.answer = lambda body: learner({**body, "messages": body["messages"][-1:]})  # nothing helps
    policies = {"acceptance": {"block": 1, "imagined_wins": 1000.0}, "rewriting": {"trial_tasks": 0, "look": 0}}
    report = lab.run("run", budget={"calls": 100, "iterations": 1}, policies=policies, sealed={"share": 0.2})
    (gate,) = report.iterations[1].gates
    assert (gate.outcome, gate.open) == ("undecided", False)
    assert report.iterations[1].attempts > 0
    assert report.finished
    assert report.total.calls <= 100


def test_the_last_iteration_is_as_small_as_the_budget(lab: Laboratory) -> None:
    report = lab.run("run", budget={"calls": 150, "iterations": 50}, operators=[])
    *whole, last = report.iterations[1:]
    assert report.stopped == "the budget buys no further iteration"
    assert 0 < last.attempts < whole[-1].attempts
    assert 140 <= report.total.calls <= 150


LATE: dict[str, Any] = {
    "budget": {"calls": 150, "iterations": 50},
    "operators": [],
    "policies": {"stopping": {"name": "never"}, "rating": {"most": 0}},
    "sealed": {"tasks": 20},
}
"""The sealed test keeps 60 calls: 20 each for seed and champion, 10 each for two controls."""


def test_as_long_as_nothing_is_learned_the_calls_of_controls_are_for_learning(lab: Laboratory) -> None:
    lab.model.answer = lambda _body: "no idea"
    report = lab.run("run", **LATE)
    assert report.sealed is not None
    assert {"seed", "champion"} == report.sealed.arms.keys()
    assert 120 < report.total.calls <= 130, "the champion's are kept, which would have been needed"


@pytest.mark.parametrize(
    ("first", "controls"), [(1, {DRAWN, SHUFFLED}), (80, {DRAWN, SHUFFLED}), (90, {DRAWN}), (106, set())]
)
def test_what_is_learned_late_has_the_controls_that_are_affordable(
    lab: Laboratory, first: int, controls: set[str]
) -> None:
    lab.model.answer = lambda body: (
        code_of(posed(body) or "") if len(lab.model.bodies) >= first and posed(body) else "no idea"
    )
    report = lab.run("run", **LATE)
    assert report.sealed is not None
    assert {DRAWN, SHUFFLED} & report.sealed.arms.keys() == controls
    assert report.sealed.arms["champion"].tasks == report.sealed.arms["seed"].tasks == 20
    assert report.total.calls <= 150
    result = verify(open_run(lab.folder / "run"))
    assert result.holds, result.problems


def test_a_run_that_is_killed_as_it_spends_the_calls_of_controls_comes_to_the_same_end(lab: Laboratory) -> None:
    lab.model.answer = lambda _body: "no idea"
    whole = lab.run("whole", **LATE)
    assert lab.killed("run", 97, **LATE) == -SIGKILL
    report = lab.resume("run")
    assert [one.attempts for one in report.iterations][:-1] == [one.attempts for one in whole.iterations][:-1]
    assert report.total.calls <= 130, "those in flight were lost, and the last iteration is smaller by them"


@pytest.mark.parametrize(
    ("limit", "given", "pattern"),
    [
        ("calls", 10, r"give at least (\d+)"),
        ("tokens", 1000, r"at least (\d+) tokens"),
        ("tokens", 12_000, r"at least (\d+) tokens"),
        ("usd", 0.001, r"([\d.]+) USD,"),
    ],
)
def test_too_little_is_refused_before_anything_is_spent_and_the_least_it_names_works(
    lab: Laboratory, limit: str, given: float, pattern: str
) -> None:
    with pytest.raises(BudgetTooSmall) as refused:
        lab.run("small", models=priced(lab), budget={limit: given}, **TINY)
    assert lab.model.bodies == []
    found = re.search(pattern, str(refused.value))
    assert found, str(refused.value)
    least = float(found[1])
    report = lab.run("least", models=priced(lab), budget={limit: int(least) if limit != "usd" else least}, **TINY)
    assert report.finished
    assert any(line.node == "attempt" for line in report.usage)


def test_no_time_at_all_is_refused_before_anything_is_spent(lab: Laboratory) -> None:
    with pytest.raises(BudgetTooSmall, match=r"give at least .* s"):
        lab.run("small", budget={"seconds": 0.5})
    assert lab.model.bodies == []


def test_a_refused_budget_leaves_its_directory_free_for_another_try(lab: Laboratory) -> None:
    with pytest.raises(BudgetTooSmall):
        lab.run("small", budget={"calls": 10}, **TINY)
    assert lab.run("small", budget={"calls": 500}, **TINY).finished


@pytest.mark.parametrize("calls", [110, 117, 124])
def test_with_looks_at_proposals_too_the_last_iteration_fits_the_budget(lab: Laboratory, calls: int) -> None:
    small: dict[str, Any] = {"sealed": {"tasks": 10}, "sampling": {"tasks": 8, "samples": 1}}
    report = lab.run("run", budget={"calls": calls, "iterations": 50}, policies={"rating": {"most": 4}}, **small)
    assert report.stopped == "the budget buys no further iteration"
    assert sum(line.usage.calls for line in report.usage if line.node == "rewrite") > 1
    assert report.total.calls <= calls


@pytest.mark.parametrize("tokens", [62_000, 64_000, 67_000, 71_000])
def test_nothing_that_was_answered_is_lost_where_tokens_end_a_run(lab: Laboratory, tokens: int) -> None:
    policies = {"stopping": {"name": "never"}, "rewriting": {"trial_tasks": 2}, "rating": {"most": 4}}
    budget = {"tokens": tokens, "iterations": 1000}
    report = lab.run("run", budget=budget, policies=policies, sealed={"tasks": 5})
    assert sum(record.attempts for record in report.iterations) == _answered(lab, "attempt")
    assert report.stopped == "the budget buys no further iteration"
    assert report.total.tokens <= tokens


@pytest.mark.parametrize("calls", [5, 8, 13, 16, 19, 22, 25, 28, 33, 40, 60])
def test_wherever_the_budget_ends_within_an_iteration_its_answers_are_kept(
    lab: Laboratory, monkeypatch: pytest.MonkeyPatch, calls: int
) -> None:
    reserve = Ledger.reserve

    def fails(ledger: Ledger, worst: Amount) -> None:
        if ledger.spent.calls >= calls and vars(ledger)["_held"] != Amount():  # not yet the sealed test's turn
            raise BudgetExhausted("all at once", limit="calls")
        reserve(ledger, worst)

    monkeypatch.setattr(Ledger, "reserve", fails)
    policies = {"rewriting": {"trial_tasks": 2}, "stopping": {"name": "never"}}
    report = lab.run("run", policies=policies)
    assert sum(record.attempts for record in report.iterations) == _answered(lab, "attempt") > 0
    assert report.finished


def _answered(lab: Laboratory, node: str) -> int:
    sql = "SELECT COUNT(*) FROM calls WHERE node = ? AND state = 'done'"
    return int(query(lab.folder / "run", sql, node)[0][0])


def _failing(lab: Laboratory, of_test: int, every: int) -> None:
    """Every so many requests fail, and the first so many about test tasks, each after the model has worked."""
    numbers, left = count(1), [of_test]

    def answer(body: Body) -> str | ScriptedReply:
        if split_of(posed(body) or "") == "test" and left[0]:
            left[0] -= 1
            return ScriptedReply(status=500)
        return ScriptedReply(status=500) if next(numbers) % every == 0 else learner(body)

    lab.model.answer = answer


def test_what_is_held_back_for_the_sealed_test_allows_for_the_faults_seen(
    lab: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuit, "LONGEST_WAIT", 0.01)
    _failing(lab, of_test=0, every=5)
    report = lab.run("run", **LATE)
    assert report.sealed is not None
    assert {DRAWN, SHUFFLED} < report.sealed.arms.keys(), "as many controls as without faults"
    assert report.sealed.arms["champion"].tasks == 20
    assert report.total.calls <= 150


def test_a_sealed_test_that_the_budget_cuts_short_counts_what_was_answered(
    lab: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuit, "LONGEST_WAIT", 0.01)
    _failing(lab, of_test=48, every=10**6)
    report = lab.run("run", **LATE)
    assert report.sealed is not None
    assert 0 < report.sealed.arms["champion"].tasks < 12, "not even the first few could be answered by all"
    assert report.sealed.arms["seed"].tasks == report.sealed.arms["champion"].tasks
    assert report.total.calls <= 150
    assert verify(open_run(lab.folder / "run")).holds


def test_a_sealed_test_of_which_nothing_was_answered_is_not_opened_and_closes_nothing(
    lab: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuit, "LONGEST_WAIT", 0.01)
    _failing(lab, of_test=10**6, every=10**6)
    with pytest.raises(BudgetExhausted):
        lab.run("run", **LATE)
    before = len(open_run(lab.folder / "run").iterations())
    lab.model.answer = learner
    report = lab.resume("run", calls=400)
    assert len(report.iterations) > before, "with more calls it learns on"
    assert report.sealed is not None
    assert report.sealed.arms["champion"].tasks == 20
    assert verify(open_run(lab.folder / "run")).holds
