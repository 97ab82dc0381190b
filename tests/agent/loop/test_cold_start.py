"""The last rungs of the ladder where nothing was ever right: easier tasks, and hints."""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice
from statistics import fmean
from typing import Any

import pytest
from codes import Codes, code_of
from laboratory import Body, Laboratory, is_rating, is_reflection

from burnish.agent.record.history import WARM
from burnish.agent.record.run import open_run
from burnish.environments.built_in.dates import Dates
from burnish.types import Feedback, Task

HINTED = re.compile(r"(?P<task>[^\n]*)\n\nHint: a right answer ends with (?P<end>\S+)$")
COLD: dict[str, Any] = {"sampling": {"tasks": 6}, "budget": {"iterations": 5}}


def never(body: Body) -> str:
    return "3" if is_rating(body) or is_reflection(body) else "no idea"


class Known(Codes):
    """Codes to which the environment knows the answers."""

    def solve(self, task: Task) -> str:
        """The code."""
        return code_of(task.prompt)


def hinted(body: Body) -> str:
    """Remembers the code once it is told half of it."""
    found = HINTED.search(str(body["messages"][-1]["content"]))
    code = code_of(found["task"]) if found else ""
    return code if found and code.endswith(found["end"]) and len(found["end"]) == len(code) // 2 else never(body)


def test_after_two_iterations_in_vain_tasks_are_the_shortest_of_the_easiest_level(lab: Laboratory) -> None:
    lab.model.answer = never
    lab.run("cold", environment="dates", **COLD)
    dates = Dates()
    easiest = {task.cell for task in islice(dates.at_level(dates.levels[0]).tasks("train", 0), 200)}
    with open_run(lab.folder / "cold").journal() as journal:
        judged = journal.judged("attempt")
        tasks = [{a.task_id: journal.task(a.task_id) for n, a, _ in judged if n == number} for number in range(1, 6)]
        assert [kind for _, kind, _ in journal.events()].count("easier tasks") == 3
    assert {t.cell for drawn in tasks[2:] for t in drawn.values()} <= easiest
    lengths = [fmean(len(t.prompt) for t in drawn.values()) for drawn in tasks]
    assert max(lengths[2:]) < min(lengths[:2])


@pytest.mark.parametrize(("hints", "first"), [(4, 4), (0, None)])
def test_after_three_iterations_in_vain_failed_tasks_are_tried_with_a_hint(
    lab: Laboratory, hints: int, first: int | None
) -> None:
    lab.model.answer = hinted
    report = lab.run_with("cold", Known(), **COLD, policies={"cold_start": {"hints": hints}})
    found = report.first_success
    assert (found.iteration if found else None) == first
    if found:
        assert found.rung == "hint"
        assert all(e.origin == "hinted" and "Hint" not in e.prompt for e in open_run(lab.folder / "cold").memory()[:4])


class Shown(Codes):
    """Says by an example what an answer looks like."""

    def score(self, task: Task, answer: str) -> Feedback:
        right = answer == f"code/{code_of(task.prompt)}"
        return Feedback(float(right), verified=right, text="" if right else "give it as in code/41c2a7")


def shaped(body: Body) -> str:
    """Knows the code where it is held to the shape of the example, and never by itself."""
    if 'root ::= ("' not in str(body.get("grammar", "")) or '"/"' not in str(body["grammar"]):
        return never(body)
    return f"code/{code_of(str(body['messages'][-1]['content']))}"


def test_answers_are_held_to_an_example_in_the_feedback_until_memory_holds_what_a_program_shows(
    lab: Laboratory,
) -> None:
    lab.model.answer = shaped
    report = lab.run_with("run", Shown(), **COLD, models={"task": {"grammars": True}})
    assert report.first_success is not None
    assert report.first_success.rung == "shape"
    with open_run(lab.folder / "run").journal() as journal:
        rungs = {n: Counter(a.rung for k, a, _ in journal.judged("attempt") if k == n) for n in range(1, 6)}
    cold = [r.number for r in report.iterations[1:] if report.iterations[r.number - 1].memory < WARM]
    warm = [n for n in rungs if n not in cold]
    assert len(cold) > 1
    assert warm
    assert all(rungs[n]["shape"] for n in cold[1:])
    assert not any(rungs[n]["shape"] for n in warm)


def test_the_instruction_stands_beside_the_task_for_some_rungs_always_and_for_others_by_turns(lab: Laboratory) -> None:
    lab.model.answer = never
    lab.run_with("turns", Codes(), **COLD, operators=["memory"], models={"task": {"grammars": True}})
    with open_run(lab.folder / "turns").journal() as journal:
        beside = {
            rung: [
                journal.program(a.program_id).decoding.rendering == "beside"
                for _, a, _ in journal.judged("attempt")
                if a.rung == rung
            ]
            for rung in ("", "words", "edit", "beside", "hot")
        }
    assert all(beside.values()), "all were tried"
    assert not any(beside[""] + beside["hot"])
    assert all(beside["edit"] + beside["beside"])
    assert abs(2 * sum(beside["words"]) - len(beside["words"])) <= 5, "every second, in each iteration"
    assert any(beside["words"])


def test_after_an_iteration_in_vain_what_the_program_says_has_a_turn_like_all_other_ways(lab: Laboratory) -> None:
    lab.model.answer = never
    lab.run("vain", **COLD, operators=["memory"])
    with open_run(lab.folder / "vain").journal() as journal:
        plain = Counter(number for number, a, _ in journal.judged("attempt") if not a.rung)
        total = Counter(number for number, _, _ in journal.judged("attempt"))
    assert plain[1] * 2 == total[1]
    assert all(0 < plain[number] * 3 <= total[number] for number in range(2, 6))


def test_what_is_in_trial_has_answers_of_the_program_to_be_compared_with(lab: Laboratory) -> None:
    lab.model.answer = never
    lab.run("tried", **COLD, policies={"rewriting": {"look": 0}})
    with open_run(lab.folder / "tried").journal() as journal:
        compared = {number for number, _, _ in journal.judged("compare")}
        plain = Counter(number for number, a, _ in journal.judged("attempt") if not a.rung and a.slot == 0)
    assert compared
    assert all(plain[number] == 6 for number in compared)
