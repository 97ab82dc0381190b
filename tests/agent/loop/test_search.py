"""Search in a run, over real HTTP: what answers are held to, and when."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from laboratory import Body, Laboratory, is_rating, is_reflection

from burnish.agent.models.grammar import plan_grammar
from burnish.agent.record.run import open_run
from burnish.environments.built_in.arithmetic import Arithmetic
from burnish.environments.built_in.labels import Labels
from burnish.environments.forms import form_grammar
from burnish.types import Task

ARITHMETIC = Arithmetic()


def never_right(body: Body) -> str:
    return "3" if is_rating(body) else "no idea" if is_reflection(body) else "y1 = add(1, 1)"


def grammars(lab: Laboratory) -> dict[str, list[str]]:
    """What the answers to each prompt were held to, in the order they were asked for."""
    found: dict[str, list[str]] = defaultdict(list)
    for body in lab.model.bodies:
        if not is_rating(body) and not is_reflection(body):
            prompt = body["messages"][-1]["content"].rpartition("\n\n")[2]  # the instruction may stand beside the task
            found[prompt].append(body.get("grammar", ""))
    return found


def free(prompt: str) -> str:
    return plan_grammar(ARITHMETIC.tools, ARITHMETIC.constants(Task("arithmetic", prompt)))


def searched(lab: Laboratory, **sampling: int) -> dict[str, list[str]]:
    """The grammars of a run of one iteration in which nothing is verified."""
    lab.model.answer = never_right
    lab.run(
        "searched",
        environment="arithmetic",
        environment_options={"most": 2},
        memory={"seeds": 0},
        decoding={"format": "plan"},
        sampling=sampling,
        budget={"iterations": 1},
        policies={"curriculum": {"search": 1}, "rewriting": {"look": 0}},
    )
    return grammars(lab)


def test_a_task_of_an_unknown_cell_is_attempted_under_sketches_each_another(lab: Laboratory) -> None:
    asked = searched(lab, tasks=12, samples=2, sketches=4)
    with open_run(lab.folder / "searched").journal() as journal:
        attempts = [a.task_id for _, a, _ in journal.judged("attempt")]
        prompts = [journal.task(task).prompt for task in dict.fromkeys(attempts)]
    assert len(attempts) == 12 * 4
    assert len(prompts) == 12
    for prompt in prompts:
        assert len(set(asked[prompt])) == 4
        assert free(prompt) not in asked[prompt]


def test_the_sealed_test_is_never_sketched(lab: Laboratory) -> None:
    asked = searched(lab, tasks=2, samples=2, sketches=4)
    sealed = {prompt: held for prompt, held in asked.items() if Task("arithmetic", prompt).split == "test"}
    assert len(sealed) > 10
    assert all(set(held) == {free(prompt)} for prompt, held in sealed.items())


def test_without_sketches_the_model_chooses_the_tools(lab: Laboratory) -> None:
    asked = searched(lab, tasks=4, samples=1, sketches=0)
    assert {prompt: set(held) for prompt, held in asked.items()} == {prompt: {free(prompt)} for prompt in asked}


class TestForms:
    """Where the environment knows the form of its answers, the attempts of a search are held to it."""

    def asked(self, lab: Laboratory, *, grammars_taken: bool = True, **sampling: Any) -> dict[str, list[str]]:
        lab.model.answer = lambda body: "3" if is_rating(body) else "no idea"
        lab.run(
            "formed",
            environment="labels",
            models={"task": {"url": lab.url, "grammars": grammars_taken}},
            sampling={"tasks": 6, "samples": 2, **sampling},
            budget={"iterations": 1},
            operators=[],
            policies={"curriculum": {"search": 1}},
        )
        return grammars(lab)

    def of(self, asked: dict[str, list[str]], *splits: str) -> dict[str, list[str]]:
        return {prompt: held for prompt, held in asked.items() if Task("labels", prompt).split in splits}

    def test_second_attempts_at_tasks_of_unknown_cells_are_held_to_the_form(self, lab: Laboratory) -> None:
        labels = Labels()
        train = self.of(self.asked(lab), "train")
        forms = {prompt: {"", form_grammar(labels.form(task))} for prompt in train if (task := labels.parse(prompt))}
        assert len(train) == 6
        assert {prompt: set(held) for prompt, held in train.items()} == forms

    def test_the_sealed_test_is_held_to_nothing(self, lab: Laboratory) -> None:
        sealed = self.of(self.asked(lab), "test")
        assert len(sealed) > 10
        assert {held for grammars in sealed.values() for held in grammars} == {""}

    def test_a_server_that_takes_no_grammars_is_sent_none(self, lab: Laboratory) -> None:
        asked = self.asked(lab, grammars_taken=False)
        assert {held for grammars in asked.values() for held in grammars} == {""}

    def test_they_can_be_left_out(self, lab: Laboratory) -> None:
        assert self.of(self.asked(lab, forms=False), "train")
        with open_run(lab.folder / "formed").journal() as journal:
            rungs = {attempt.rung for _, attempt, _ in journal.judged("attempt")}
        assert "choice" in rungs, "the tasks name their answers"
        assert "form" not in rungs
