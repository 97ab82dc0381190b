"""What the server does not answer and what the environment fails to judge are no wrong answers."""

from __future__ import annotations

import threading
from itertools import pairwise

import pytest
from codes import Codes, code_of, split_of
from laboratory import Body, CommandLine, Laboratory, is_rating, is_reflection, learner, posed, query, shown_exemplars

from burnish.agent.models.scripted import ScriptedReply
from burnish.agent.record.run import open_run
from burnish.agent.verification.verify import verify
from burnish.errors import ModelUnavailable
from burnish.types import Feedback, Status, Task


def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No time to mend is given."""
    monkeypatch.setattr("burnish.agent.rollouts.rollout.WAITS", (0.01, 0.02))
    monkeypatch.setattr("burnish.agent.models.circuit.LONGEST_WAIT", 0.02)


def knower(body: Body) -> str:
    """Knows every code once it is shown an exemplar, and of a third of things by itself."""
    if is_rating(body) or is_reflection(body):
        return "3"
    prompt = body["messages"][-1]["content"].rpartition("\n\n")[2]
    return code_of(prompt) if shown_exemplars(body) or hash_of(prompt) % 3 == 0 else "no idea"


def hash_of(text: str) -> int:
    return sum(map(ord, text))


def test_a_server_that_fails_for_a_while_changes_nothing(lab: Laboratory, monkeypatch: pytest.MonkeyPatch) -> None:
    quick(monkeypatch)
    lab.model.answer = knower
    well = lab.run("well")
    left, lock = [17], threading.Lock()

    def reloading(body: Body) -> str | ScriptedReply:
        with lock:
            if shown_exemplars(body) and split_of(posed(body) or "") == "test" and left[0]:
                left[0] -= 1
                return ScriptedReply(status=404, text="model not found, try pulling it first")
        return knower(body)

    lab.model.answer = reloading
    report = lab.run("reloading")
    assert left == [0]
    assert report.verdict == well.verdict == "improved"
    assert report.sealed is not None
    assert well.sealed is not None
    assert report.sealed.arms == well.sealed.arms
    faults = query(lab.folder / "reloading", "SELECT waited, body FROM calls WHERE state = 'failed'")
    assert len(faults) == 17
    assert all(0 <= waited <= 0.02 for waited, _ in faults)
    assert all("model not found" in said for _, said in faults)
    assert verify(open_run(lab.folder / "reloading")).holds


def test_what_the_server_never_answers_is_counted_and_leaves_the_verdict_open(
    lab: Laboratory, burnish: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)

    def short_of_context(body: Body) -> str | ScriptedReply:
        if shown_exemplars(body) and split_of(posed(body) or "") == "test" and hash_of(posed(body) or "") % 2:
            return ScriptedReply(status=400, text="the prompt is too long for the context")
        return knower(body)

    lab.model.answer = short_of_context
    report = lab.run("short")
    assert report.sealed is not None
    champion = report.sealed.arms["champion"]
    assert champion.unanswered > 4
    assert champion.tasks == 20 - champion.unanswered
    assert champion.passes == champion.tasks, "what was not answered is not wrong"
    assert report.verdict == "undecided"
    assert f"failed on {champion.unanswered} of the champion" in report.sealed.reason
    assert verify(open_run(lab.folder / "short")).holds
    said = burnish("report", lab.folder / "short").out
    assert "UNDECIDED" in said
    assert f"{champion.unanswered}, 0" in said


def test_a_server_that_answers_nothing_stops_the_run_and_what_there_is_is_kept(
    lab: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    lab.model.answer = lambda body: (
        ScriptedReply(status=402, text="no credit") if split_of(posed(body) or "") == "test" else knower(body)
    )
    impatient = {"task": {"url": lab.url, "patience_seconds": 0.2}}
    with pytest.raises(ModelUnavailable, match=r"402.*no credit.* tries; see what it says and that it runs, then"):
        lab.run("empty", models=impatient)
    lab.model.answer = knower
    assert lab.resume("empty").verdict == "improved"


class Touchy(Codes):
    """Raises on what is wrong, if it is said in a certain way, once or always."""

    def __init__(self, *, once: bool = False) -> None:
        super().__init__()
        self._once, self._seen, self._lock = once, set[str](), threading.Lock()

    def score(self, task: Task, answer: str) -> Feedback:
        with self._lock:
            if answer.startswith("touchy") and not (self._once and answer in self._seen):
                self._seen.add(answer)
                raise RuntimeError("cannot be read")
        return super().score(task, answer)


def worse_by_exemplars(body: Body) -> str:
    """Right half of the time by itself and a quarter of the time with exemplars, where what is wrong is touchy."""
    if is_rating(body) or is_reflection(body):
        return "3"
    prompt = body["messages"][-1]["content"].rpartition("\n\n")[2]
    if not shown_exemplars(body) or split_of(prompt) != "test":
        return code_of(prompt) if hash_of(prompt) % 2 else "wrong"
    return code_of(prompt) if hash_of(prompt) % 4 == 1 else f"touchy {prompt}"


def test_verdicts_that_are_missing_where_the_champion_is_wrong_prove_no_gain(lab: Laboratory) -> None:
    lab.model.answer = worse_by_exemplars
    report = lab.run_with("touchy", Touchy())
    assert report.sealed is not None
    assert report.sealed.arms["champion"].unjudged > 10
    assert report.verdict == "undecided"
    assert "more than 20%, so nothing can be said" in report.sealed.reason


def test_an_environment_that_fails_once_is_asked_again(lab: Laboratory) -> None:
    lab.model.answer = worse_by_exemplars
    report = lab.run_with("once", Touchy(once=True))
    assert report.sealed is not None
    assert report.sealed.arms["champion"].unjudged == 0
    assert report.sealed.arms["champion"].tasks == 20


class Fussy(Codes):
    """Raises on text that is not of its form."""

    def score(self, task: Task, answer: str) -> Feedback:
        int(answer, 16)
        return super().score(task, answer)


class Generous(Codes):
    """Knows its answers, and verifies them at half the reward."""

    def solve(self, task: Task) -> str:
        return str(task.data["code"])

    def score(self, task: Task, answer: str) -> Feedback:
        right = answer == task.data["code"]
        return Feedback(0.5 * right, verified=right)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        (Fussy(), "does not judge an answer such as '' (score raised ValueError: invalid literal for int()"),
        (Generous(), "(score returned a Feedback that is verified at reward 0.5; only an answer of reward 1 may be)"),
    ],
)
def test_an_environment_that_breaks_a_promise_is_said_to_before_anything_is_spent(
    lab: Laboratory, environment: Codes, said: str
) -> None:
    lab.model.answer = lambda body: "3" if posed(body) is None else code_of(posed(body) or "")[:11] + "0"
    report = lab.run_with("broken", environment, budget={"iterations": 1}, sealed={"tasks": 4})
    (told,) = [event for event in lab.events if event.kind == "broken"]
    assert told.requests == 0
    assert said in told.facts["promises"][0]
    assert told.facts["promises"][0] in report.obstacles


def test_an_attempt_that_was_not_answered_is_no_attempt_at_its_task(
    lab: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    lab.model.answer = lambda body: (
        ScriptedReply(status=400, text="too long") if hash_of(posed(body) or "") % 3 == 1 else learner(body)
    )
    lab.run("some", budget={"iterations": 2})
    with open_run(lab.folder / "some").journal() as journal:
        judged = journal.judged("attempt")
        faults = [f for _, a, f in judged if a.fault]
        assert faults
        assert {f.status for f in faults} == {Status.UNANSWERED}
        assert not any(f.verified for f in faults)
        assert not any("too long" in str(e.answer) for e in journal.exemplars())
        record = journal.iterations()[1]
        answered = [f for n, a, f in judged if n == 1 and not a.fault]
        assert record.statuses["unanswered"] == record.attempts - len(answered) > 0
        assert record.mean_reward == pytest.approx(sum(f.reward for f in answered) / len(answered))


def test_the_nearest_verified_answer_is_an_arm_that_costs_no_call(lab: Laboratory, burnish: CommandLine) -> None:
    lab.model.answer = knower
    report = lab.run("run")
    assert report.sealed is not None
    arm = report.sealed.arms["nearest answer"]
    assert (arm.passes, arm.tasks) == (0, 20), "every thing has a code of its own"
    assert report.sealed.controls["nearest answer"].difference == report.sealed.arms["champion"].rate
    assert not any(line.node == "sealed nearest answer" for line in report.usage)
    with open_run(lab.folder / "run").journal() as journal:
        known = {exemplar.answer for exemplar in journal.exemplars()}
        assert {a.answer for _, a, _ in journal.judged("sealed nearest answer")} <= known
    assert verify(open_run(lab.folder / "run")).holds
    said = burnish("report", lab.folder / "run").out
    assert "Compared with the best that needs no learned program, " in said


def test_sealed_arms_are_answered_task_by_task_in_random_order(lab: Laboratory) -> None:
    lab.model.answer = knower
    lab.run("run", models={"task": {"url": lab.url, "concurrency": 1}})
    (opened,) = [event.requests for event in lab.events if event.kind == "sealed"]
    asked = [bool(shown_exemplars(body)) for body in lab.model.bodies[opened:]]
    changes = sum(a != b for a, b in pairwise(asked))
    assert changes > len(asked) / 4
    tasks = [posed(body) for body in lab.model.bodies[opened : opened + 36]]
    assert len(set(tasks)) == 12, "a few tasks at a time"
    assert tasks[:12] != tasks[12:24]
