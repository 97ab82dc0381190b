"""Proofs: what methods claim, measured on small runs of a scripted model: passed where they work, and only there."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from laboratory import CommandLine, Laboratory, chance, is_rating, query

from burnish.agent.api import resume
from burnish.agent.loop.registry import PROVERS
from burnish.agent.models.scripted import ScriptedReply
from burnish.agent.record.run import open_run
from burnish.agent.verification.verify import verify
from burnish.environments.built_in.arithmetic import Arithmetic
from burnish.environments.built_in.labels import Labels
from burnish.errors import ConfigError
from burnish.records import Proof

SUMS = {"most": 1}
TOOLS = {
    "more": "add", "in all": "add", "sold": "subtract", "but has only": "subtract",
    "holds": "multiply", "every day": "multiply", "shared": "divide", "rows of": "divide",
}  # fmt: skip
HARD = ("shares them", "times as many", "red stripe", "blue tin", "made by hand", "last week")


def counting(body: Any) -> str:
    """Plans one-step problems, some of the time, and gets lost where more is told."""
    asked = str(body["messages"][-1]["content"])
    first, *rest = re.findall(r"\d+", asked) or [""]
    if is_rating(body) or not first:
        return "3"
    tool = next((tool for sign, tool in TOOLS.items() if sign in asked), "")
    lost = 0.3 + 0.35 * sum(sign in asked for sign in HARD) + 0.3 * any(len(n) > 2 for n in (first, *rest))
    if not tool or not rest or chance(asked, body.get("seed")) < lost:
        return f"y1 = multiply({first}, {first})"
    return f"y1 = {tool}({first}, {rest[0]})"


def proofs(lab: Laboratory, name: str, **tables: Any) -> dict[str, Proof]:
    """The proofs of a run by their claims."""
    report = lab.run(name, proofs=[name], **tables)
    assert report.finished
    again = verify(open_run(lab.folder / name))
    assert again.holds, again.problems
    assert again.proofs == len(report.proofs)
    found = {proof.claim: proof for proof in report.proofs}
    assert {proof.method for proof in found.values()} == {name}
    return found


def test_stored_plans_hold_for_other_numbers_and_those_of_other_problems_do_not(lab: Laboratory) -> None:
    lab.model.answer = counting
    found = proofs(lab, "abstraction", environment="arithmetic", environment_options=SUMS, sampling={"variants": 2})
    right, placebo = found.values()
    assert (right.passed, right.figure) == (True, 1.0)
    assert placebo.passed
    assert placebo.figure == 0.0


async def test_a_plan_that_is_right_by_chance_is_found_out() -> None:
    from burnish.environments.boundary import GuardedEnvironment
    from burnish.types import Task

    guarded = GuardedEnvironment(Arithmetic())
    plan = "y1 = subtract(4, 2)"
    task = Task("arithmetic", "A shop had 4 eggs and sold 2 of them. How many are left?", {"answer": 2, "plan": plan})
    assert (await guarded.judge(task, "y1 = divide(4, 2)")).verified
    assert await guarded.holds(task, plan, range(3)) is True
    assert await guarded.holds(task, "y1 = divide(4, 2)", range(3)) is False
    assert await guarded.holds(task, "2", range(3)) is None


@pytest.mark.thorough
def test_evolved_tasks_are_harder_and_answered(lab: Laboratory) -> None:
    lab.model.answer = counting
    found = proofs(
        lab,
        "evol",
        environment="arithmetic",
        environment_options=SUMS,
        expanding={"methods": ["evol"], "drafts": 24},
        sampling={"tasks": 24, "samples": 2, "temperature": 1.0},
        budget={"iterations": 5},
    )
    harder, answered = found.values()
    assert harder.passed, harder.detail
    assert answered.passed


@pytest.mark.thorough
def test_a_judge_that_knows_earns_trust_and_one_that_always_says_five_does_not(lab: Laboratory) -> None:
    reader = Labels()

    def labeller(body: Any, *, honest: bool) -> str:
        asked = str(body["messages"][-1]["content"])
        if is_rating(body):
            task = reader.parse(asked.removeprefix("Task: ").split("\n\nAnswer: ")[0])
            right = task is not None and f"Answer: {task.data['label']}\n" in asked
            return "5" if right or not honest else "1"
        task = reader.parse(asked)
        return str(task.data["label"]) if task and chance(asked, body.get("seed")) < 0.6 else "wrong"

    verdicts = {}
    for honest in (True, False):
        lab.model.answer = lambda body, honest=honest: labeller(body, honest=honest)  # type: ignore[misc]
        report = lab.run(
            f"honest {honest}", environment="labels", proofs=["curation"], judging={"shown": 2}, sampling={"tasks": 16}
        )
        verdicts[honest] = [proof.passed for proof in report.proofs][:3]
    assert verdicts == {True: [True, True, True], False: [False, False, False]}


@pytest.mark.thorough
def test_a_constitution_that_is_kept_is_proved_and_an_unrelated_one_is_not(lab: Laboratory, tmp_path: Path) -> None:
    def answering(body: Any) -> str:
        """Talks less once it is shown answers of one word."""
        if is_rating(body):
            return "3"
        asked = str(body["messages"][-1]["content"])
        task = Labels().parse(asked)
        shown = [m for m in body["messages"] if m["role"] == "assistant"]
        label = str(task.data["label"]) if task else "none"
        return label if shown or chance(asked, body.get("seed")) < 0.4 else f"It is {label}."

    lab.model.answer = answering
    passed = {}
    for name, predicate in (("brief", "most_words = 1"), ("polite", 'contains = ["please"]')):
        file = tmp_path / f"{name}.toml"
        file.write_text(f'[[principle]]\nname = "{name}"\ntext = "Be {name}."\n{predicate}\n')
        report = lab.run(
            name, environment="labels", proofs=["constitution"], constitution={"file": str(file), "answers": 2}
        )
        passed[name] = [proof.passed for proof in report.proofs]
    assert passed == {"brief": [True, True, None], "polite": [False, True, None]}


@pytest.mark.thorough
def test_values_from_a_log_beat_those_who_wandered(lab: Laboratory) -> None:
    def wandering(body: Any) -> str:
        moves = ("up", "down", "left", "right")
        return moves[int(4 * chance(body["messages"][-1]["content"], body.get("seed"), len(body["messages"])))]

    lab.model.answer = wandering
    found = proofs(
        lab,
        "values",
        environment="grid",
        environment_options={"level": "open"},
        operators=["memory"],
        retrieval={"policy": "value"},
        sampling={"tasks": 60, "samples": 2, "temperature": 1.0, "forms": False, "own_first": False},
        sealed={"tasks": 4},
        budget={"iterations": 2},
    )
    offline, placebo, online = found.values()
    assert offline.passed, offline.detail
    assert placebo.passed, placebo.detail
    assert online.passed, online.detail


@pytest.mark.thorough
def test_a_student_outgrows_labels_that_are_often_wrong(lab: Laboratory) -> None:
    reader = Labels()

    def weak(body: Any) -> str:
        asked = str(body["messages"][-1]["content"])
        task = reader.parse(asked)
        if is_rating(body) or task is None:
            return "3"
        choices = reader.form(task).split("|")
        right = chance(asked) < 0.3
        return str(task.data["label"]) if right else choices[int(chance(asked, "other") * len(choices))]

    lab.model.answer = weak
    found = proofs(lab, "weak-to-strong", environment="labels", budget={"iterations": 1}, memory={"embedder": "minilm"})
    recovered, against = found.values()
    assert recovered.figure is not None
    assert recovered.figure > 0.1, recovered.detail
    assert against.figure is not None
    assert against.figure > 0.3, against.detail


@pytest.mark.thorough
def test_what_a_run_has_nothing_of_is_neither_passed_nor_failed(lab: Laboratory) -> None:
    report = lab.run("bare", proofs=sorted(PROVERS), budget={"iterations": 1})
    assert report.finished
    telling = {proof.method for proof in report.proofs if proof.passed is not None}
    assert telling <= {"curation", "compile", "weak-to-strong"}
    assert {proof.method for proof in report.proofs} == set(PROVERS)


def test_proofs_are_printed_and_come_again_with_a_resumed_run(lab: Laboratory, burnish: CommandLine) -> None:
    lab.model.answer = counting
    settings: dict[str, Any] = {
        "environment": "arithmetic",
        "environment_options": SUMS,
        "proofs": ["abstraction", "curation"],
    }
    whole = lab.run("whole", **settings)
    asked = len(lab.model.bodies)
    assert lab.killed("cut", asked - 3, **settings) != 0
    assert not open_run(lab.folder / "cut").report().finished
    again = lab.resume("cut")
    assert again.finished
    assert again.proofs == whole.proofs
    printed = burnish("report", str(lab.folder / "cut"))
    assert "✓ abstraction: a stored plan" in printed.out


def test_a_proof_that_was_changed_or_rests_on_nothing_is_found_out(lab: Laboratory) -> None:
    lab.model.answer = counting
    lab.run("run", environment="arithmetic", environment_options=SUMS, proofs=["curation"])
    run = open_run(lab.folder / "run")
    lab.model.clear()
    assert verify(run).holds
    assert lab.model.bodies == []
    query(run.place.path, "UPDATE meta SET value = json_set(value, '$[0].figure', 0.9) WHERE key = 'proofs'")
    assert any(re.search(r'"proofs" differs: \[0\]\.figure was 0\.9 and is ', one) for one in verify(run).problems)
    query(run.place.path, "DELETE FROM calls WHERE key LIKE '%proof curation%'")
    assert any("the journal does not hold the call of node proof curation" in one for one in verify(run).problems)


def test_an_unknown_proof_is_refused(lab: Laboratory) -> None:
    with pytest.raises(ConfigError, match="proofs: 'abstracion' is not known; did you mean \"abstraction\""):
        lab.run("run", proofs=["abstracion"])


@pytest.mark.thorough
def test_calls_that_were_refused_in_a_proof_are_no_disagreement(lab: Laboratory) -> None:
    def refusing(body: Any) -> str | ScriptedReply:
        refused = is_rating(body) and chance(body["messages"][-1]["content"]) < 0.5
        return ScriptedReply(status=400) if refused else counting(body)

    lab.model.answer = refusing
    lab.run("run", environment="arithmetic", environment_options=SUMS, proofs=["curation"])
    run = open_run(lab.folder / "run")
    (refused,) = query(
        run.place.path, "SELECT COUNT(*) FROM calls WHERE node = 'proof curation' AND state IN ('rejected', 'faulty')"
    )
    assert refused[0] > 5
    assert verify(run).holds, verify(run).problems


@pytest.mark.thorough
def test_a_run_whose_budget_ended_within_its_proofs_takes_more_and_makes_them(lab: Laboratory) -> None:
    lab.model.answer = counting
    whole = lab.run("cut", proofs=["abstraction"], environment="arithmetic", environment_options=SUMS)
    with closing(sqlite3.connect(lab.folder / "cut" / "journal.db")) as journal, journal:
        journal.execute("delete from meta where key = 'proofs'")
    more = resume(lab.folder / "cut", budget={"calls": 100_000})
    assert more.proofs == whole.proofs != ()
    with pytest.raises(ConfigError, match="is finished"):
        resume(lab.folder / "cut", budget={"calls": 200_000})
