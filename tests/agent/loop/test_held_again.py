"""Failed tasks are tried again: held to the form of answers, or to those of a list that were not wrong."""

from __future__ import annotations

import re
from collections import Counter

from codes import Codes
from laboratory import Body, Laboratory, is_rating, is_reflection

from burnish.agent.record.run import open_run
from burnish.types import Feedback, Task

COLOURS = ("amber", "green", "red", "white")


class Colours(Codes):
    """A colour for each thing, of which the model by itself thinks of one only."""

    def form(self, _task: Task) -> str:
        """One of the colours."""
        return "|".join(COLOURS)

    def score(self, task: Task, answer: str) -> Feedback:
        """Right or wrong."""
        right = answer == _colour(task.prompt)
        return Feedback(float(right), verified=right, text="" if right else "that is not its colour")


def _colour(prompt: str) -> str:
    return COLOURS[sum(map(ord, prompt)) % 4]


def amber(body: Body) -> str:
    """The first of the answers that it is held to, or else amber."""
    if is_rating(body) or is_reflection(body):
        return "3"
    listed = re.findall(r'"(\w+)"', str(body.get("grammar", "")))
    return listed[0] if listed else "amber"


def test_what_the_model_never_says_by_itself_is_learned(lab: Laboratory) -> None:
    lab.model.answer = amber
    task = {"url": lab.url, "grammars": True}
    report = lab.run_with("colours", Colours(), models={"task": task}, sampling={"tasks": 12, "samples": 1})
    with open_run(lab.folder / "colours").journal() as journal:
        judged = journal.judged("attempt")
        wrong: dict[str, set[str]] = {}
        others = 0
        for _, attempt, feedback in judged:
            if attempt.rung == "others":
                others += 1
                assert attempt.answer not in wrong[attempt.task_id]
            if not feedback.verified:
                wrong.setdefault(attempt.task_id, set()).add(attempt.answer)
        by_iteration = Counter(number for number, attempt, _ in judged if attempt.rung == "others")
        learned = {exemplar.answer for exemplar in journal.exemplars()}
    assert others > 0
    assert max(by_iteration.values()) <= 6, "half of the tasks"
    assert 1 not in by_iteration, "before the first right answer it is a search"
    assert len(learned) > 1
    assert any(tried.rung == "others" and tried.verified for tried in report.tried)


def test_a_server_without_grammars_is_not_asked(lab: Laboratory) -> None:
    lab.model.answer = amber
    report = lab.run_with("colours", Colours(), sampling={"tasks": 12, "samples": 1})
    assert "others" not in {tried.rung for tried in report.tried}


class Sizes(Codes):
    """A number for each thing, which the model by itself says in a sentence."""

    def form(self, _task: Task) -> str:
        """Three digits."""
        return "[0-9]{3}"

    def score(self, task: Task, answer: str) -> Feedback:
        """Right or wrong."""
        right = answer == _size(task.prompt)
        return Feedback(float(right), verified=right, text="" if right else "the answer must be its size")


def _size(prompt: str) -> str:
    return f"{100 + sum(map(ord, prompt)) % 900}"


def talkative(body: Body) -> str:
    """Says the number alone where it is held to it, and of some things by itself."""
    if is_rating(body) or is_reflection(body):
        return "3"
    size = _size(str(body["messages"][-1]["content"]).rpartition("\n\n")[2])
    return size if body.get("grammar") or int(size) % 3 == 0 else f"Its size is {size}."


def test_an_answer_that_has_not_the_form_is_given_again_held_to_it(lab: Laboratory) -> None:
    lab.model.answer = talkative
    task = {"url": lab.url, "grammars": True}
    lab.run_with("sizes", Sizes(), models={"task": task}, sampling={"tasks": 12, "samples": 1}, operators=[])
    with open_run(lab.folder / "sizes").journal() as journal:
        judged = [one for one in journal.judged("attempt") if one[0] > 1]
        first = {(number, a.task_id): a.answer for number, a, _ in judged if a.slot == 0}
        again = [(number, a, f) for number, a, f in judged if a.slot > 0]
        learned = {exemplar.answer for exemplar in journal.exemplars()}
    assert again
    assert all(first[number, a.task_id].startswith("Its") for number, a, _ in again)
    assert all(f.verified and a.rung == "form" for _, a, f in again)
    assert any(int(answer) % 3 for answer in learned)
