"""What a model sees of an environment is what a run sends."""

from __future__ import annotations

import json

import pytest
from laboratory import CODES, CommandLine, Laboratory

from burnish.agent.inspecting.as_model import as_model


def test_the_first_attempt_is_what_a_run_asks_first(lab: Laboratory, burnish: CommandLine) -> None:
    lab.run("run", budget={"iterations": 1}, operators=[])
    asked = [[(m["role"], m["content"]) for m in body["messages"]] for body in lab.model.bodies]
    seen = as_model(CODES, {}, grammars=False)
    assert (seen.first[0].role, seen.first[0].content) in asked[0]
    said = burnish("env", "show", CODES, "--as-model")
    assert said.code == 0, said.err
    for message in (*seen.first, *seen.later):
        for line in message.content.splitlines():
            assert line in said.out


def test_a_later_attempt_shows_exemplars_of_other_tasks() -> None:
    seen = as_model("contacts", {}, grammars=True)
    assert [m.role for m in seen.first] == ["system", "user"]
    assert seen.later[-1] == seen.first[-1]
    assert len(seen.later) > len(seen.first)
    assert seen.first[-1].content not in [m.content for m in seen.later[:-1]]


def test_of_an_episode_the_second_turn_is_shown() -> None:
    seen = as_model("grid", {}, grammars=False)
    assert seen.first[-1].content != seen.later[-1].content


def test_tools_are_told_of_where_no_grammar_holds_an_answer_to_them() -> None:
    told = as_model("arithmetic", {}, grammars=False).first[0].content
    assert "- add(" in told
    assert "Answer with a plan" in told
    held = as_model("arithmetic", {}, grammars=True)
    assert "Answer with a plan" not in held.first[0].content


def test_it_is_json_for_machines_too(burnish: CommandLine) -> None:
    said = burnish("env", "show", "contacts", "--as-model", "--json")
    assert json.loads(said.out)["first"][0]["role"] == "system"


@pytest.mark.parametrize("spec", ["nul", "contacts:x"])
def test_an_environment_that_is_not_there_is_refused(burnish: CommandLine, spec: str) -> None:
    assert burnish("env", "show", spec, "--as-model").code in {2, 4}
