"""Memory that follows by itself: it is seen when it does harm, and then it is taken back."""

from __future__ import annotations

from codes import code_of
from laboratory import Body, Laboratory, is_rating, shown_exemplars

from burnish.agent.record.run import open_run
from burnish.agent.verification.verify import verify


def misled(body: Body) -> str:
    """Knows every code, but not once it is shown more than two exemplars."""
    if is_rating(body):
        return "3"
    prompt = body["messages"][-1]["content"].rpartition("\n\n")[2]
    return code_of(prompt) if len(shown_exemplars(body)) < 3 else "no idea"


def test_exemplars_that_do_harm_are_taken_back_and_raced_from_then_on(lab: Laboratory) -> None:
    lab.model.answer = misled
    report = lab.run("run", operators=[], budget={"iterations": 8})
    harmed = [r for r in report.iterations if r.harmful]
    assert len(harmed) == 1
    before, after = report.iterations[harmed[0].number - 1], harmed[0]
    assert before.memory > 4
    assert after.memory == 0
    assert [c.kind for c in after.comparisons] == ["earlier memory"]
    assert report.exemplars_shown == 0, "what is learned later waits for a race"
    assert all(r.verified == r.attempts for r in report.iterations[after.number + 1 :])
    run = open_run(lab.folder / "run")
    with run.journal() as journal:
        reasons = {e.death for e in journal.exemplars() if e.died == after.number}
    assert reasons == {"rolled back to revision 0: newer exemplars did harm"}
    assert verify(run).holds, verify(run).problems


def test_without_a_watch_nobody_sees_it(lab: Laboratory) -> None:
    lab.model.answer = misled
    report = lab.run("run", operators=[], budget={"iterations": 8}, policies={"watching": {"tasks": 0}})
    assert not any(r.harmful or r.comparisons for r in report.iterations)
    assert report.exemplars_shown > 4
