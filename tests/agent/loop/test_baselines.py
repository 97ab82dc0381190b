"""What a gain is worth: programs that need no learning, and sealed tasks that memory all but holds."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from laboratory import Body, CommandLine, Laboratory, is_rating, is_reflection, learner, posed, shown_exemplars

from burnish.agent.record.run import open_run
from burnish.agent.verification.verify import verify
from burnish.memory.journal_reader import JournalReader
from burnish.records import BASELINES, DRAWN, IN_FORM, SHUFFLED
from burnish.types import Feedback, Split, Task

FACTS = {
    f"the {thing} of {place}": f"{name} {number}"
    for number, place in enumerate(("Avalon", "Ruritania", "Laputa", "Erewhon", "Utopia", "Brobdingnag", "Lilliput"))
    for thing, name in (("founder", "Ada"), ("oldest bridge", "Long"), ("patron saint", "Bruno"), ("river", "Wye"))
}
WORDINGS = ("Name {}.", "What is {} called?", "Please tell me what {} is called.", "How is {} called?")


class Facts:
    """Give facts, each of which is asked in several wordings: the hash of the wording decides the split."""

    name = "facts"
    instruction = "Answer in two words."

    def tasks(self, split: Split, seed: int) -> Iterator[Task]:
        rng = random.Random(f"facts {split} {seed}")
        asked = [(wording.format(fact), answer) for fact, answer in FACTS.items() for wording in WORDINGS]
        rng.shuffle(asked)
        for prompt, answer in asked:
            task = Task("facts", prompt, {"answer": answer})
            if task.split == split:
                yield task

    def score(self, task: Task, answer: str) -> Feedback:
        right = answer == task.data["answer"]
        return Feedback(float(right), verified=right, text="" if right else "that is not so")


def knowing(body: Body) -> str:
    """Now and then knows a fact by itself, and always where it is shown in another wording."""
    if is_rating(body) or is_reflection(body):
        return "3"
    task = posed(body) or ""
    (answer,) = [answer for fact, answer in FACTS.items() if fact in task]
    known = answer in {a for _, a in shown_exemplars(body)}
    drawn = random.Random(f"{task} {body.get('seed')}").random() < (0.4 if body["temperature"] else 0.1)
    return answer if known or drawn else "no idea"


TWINS: dict[str, Any] = {
    "memory": {"embedder": "minilm", "index": "numpy"},
    "sampling": {"tasks": 24},
    "budget": {"iterations": 6},
}


def test_a_fact_in_other_words_is_told_of_and_the_figure_given_without_it(
    lab: Laboratory, burnish: CommandLine
) -> None:
    lab.model.answer = knowing
    report = lab.run_with("run", Facts(), **TWINS)
    assert report.sealed is not None
    twins = report.sealed.twins
    assert twins is not None
    assert twins.share > 0.5, "most facts of the sealed test are in memory in other words"
    run = open_run(lab.folder / "run")
    known = {exemplar.answer for exemplar in run.shown()}
    with run.journal() as journal:
        rows = [(journal.task(a.task_id), f.verified) for _, a, f in journal.judged("sealed champion")]
        assert all(journal.task(id_).data["answer"] in known for id_ in twins.sealed)
    left = [passed for task, passed in rows if task.id not in twins.sealed]
    assert (twins.left, twins.champion) == (len(left), sum(left))
    assert twins.champion < report.sealed.arms["champion"].passes
    said = burnish("report", lab.folder / "run").out
    assert f"Near-twins in memory: {len(twins.sealed)} of {twins.tasks} sealed tasks" in said
    assert "may be copied" in " ".join(said.split())
    assert verify(run, Facts()).holds


def test_tasks_that_read_alike_and_have_other_answers_are_no_twins(learned: Laboratory) -> None:
    assert learned.report.sealed is not None
    twins = learned.report.sealed.twins
    assert twins is not None
    assert (twins.tasks, twins.sealed, twins.left) == (20, (), 20)
    assert (twins.seed, twins.champion) == tuple(learned.report.sealed.arms[n].passes for n in ("seed", "champion"))


def test_baselines_that_need_no_learned_program_answer_half_of_the_tasks(lab: Laboratory) -> None:
    asked: list[Body] = []

    def answer(body: Body) -> str:
        asked.append(body)
        return learner(body)

    lab.model.answer = answer
    report = lab.run("run", seed=3, models={"task": {"grammars": True}}, sealed={"tasks": 24})
    assert report.sealed is not None
    arms = report.sealed.arms
    assert {IN_FORM, DRAWN, SHUFFLED} <= arms.keys()
    assert all(arms[name].tasks == 12 for name in (IN_FORM, DRAWN, SHUFFLED))
    assert all(arms[name].tasks == 24 for name in ("seed", "champion", "nearest answer"))
    run = open_run(lab.folder / "run")
    with run.journal() as journal:
        known = {a.task_id: f.verified for _, a, f in journal.judged("sealed champion")}
        for name in {IN_FORM, DRAWN}:
            rows = [(a, f) for _, a, f in journal.judged(f"sealed {name}")]
            gain = sum(known[a.task_id] - f.verified for a, f in rows) / len(rows)
            assert report.sealed.controls[name].difference == pytest.approx(gain)
            program = journal.program(rows[0][0].program_id)
            assert program.prompt == report.seed_program.prompt
        drawn = {a.exemplar_ids for _, a, _ in journal.judged(f"sealed {DRAWN}")}
        assert {frozenset(ids) for ids in drawn} == {frozenset(only(journal))}
        assert not any(a.exemplar_ids for _, a, _ in journal.judged(f"sealed {IN_FORM}"))
    held = [body for body in asked if "grammar" in body and len(body["messages"]) == 2]
    assert held, "answers of the seed are held to the form of those in memory"
    assert verify(run).holds
    assert set(report.sealed.controls) >= {name for name in BASELINES if name in arms}


def only(journal: JournalReader) -> tuple[str, ...]:
    """The exemplars that were drawn for the seed."""
    _, attempt, _ = journal.judged(f"sealed {DRAWN}")[0]
    return journal.program(attempt.program_id).only
