"""A champion with fixed exemplars: the messages of every format are the run's own, and what is lost is said."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from codes import Codes
from exporting import terms
from fixing import TASKS, expected, fixed, renderings
from hypothesis import example, given
from hypothesis import strategies as st
from laboratory import CommandLine, Laboratory, query
from licensed_codes import LicensedCodes
from modelfiles import commands, read

from burnish.agent.exports.fixed import FixedProgram, fixed_program
from burnish.agent.exports.fixed_formats import fixed_text
from burnish.agent.exports.losses import lost
from burnish.agent.exports.program_options import FixedFormat, ProgramOptions
from burnish.agent.inspecting.recalled import recall
from burnish.agent.models.rendering import render, task_request
from burnish.agent.record.program_file import save_text
from burnish.agent.record.run import Run, open_run
from burnish.errors import ConfigError
from burnish.memory.journal import Journal
from burnish.tables import validated
from burnish.types import Message, Task

FORMATS: tuple[FixedFormat, ...] = get_args(FixedFormat)
LONE = "\ud800"


def options(**given: Any) -> ProgramOptions:
    return validated(ProgramOptions, {"format": "messages", **given}, "test")


def filled(said: dict[str, Any], task: str) -> list[dict[str, str]]:
    """The messages of a file, with a task in its place."""
    *head, last = said["messages"]
    return [*head, {**last, "content": last["content"].replace(said["place"], task)}]


def test_the_messages_are_the_runs_own_whichever_way_exemplars_are_shown() -> None:
    for one in renderings():
        said = json.loads(fixed_text(one, "messages"))
        for task in TASKS:
            assert filled(said, task) == [m.to_json() for m in expected(one, task)]


def test_the_parameters_are_those_that_a_run_sends() -> None:
    one = fixed(temperature=0.7, top_p=0.9, format="json")
    body = task_request(one.program, (), Task("codes", "t")).body("")
    said = json.loads(fixed_text(one, "messages"))["parameters"]
    assert {"messages": body["messages"], **said} == body
    held = json.loads(fixed_text(fixed(format="extract"), "messages"))["parameters"]
    assert held["response_format"] == {"type": "json_object"}, "without the grammar, JSON at least"


def test_a_modelfile_makes_the_messages_of_the_run() -> None:
    for one in renderings():
        frame, said = one.frame, read(fixed_text(one, "ollama"))
        for task in TASKS:
            around = f"{frame.before}{task}{frame.after}"  # which the comments say where it is not the task alone
            assert said.sent(around) == expected(one, task)
        assert said.parameters == {"temperature": "0", "top_p": "1", "num_predict": "32", "repeat_penalty": "1"}


@given(st.text(st.characters(exclude_categories=["Cs"])))
@example('a"')
@example('"\n"\n""')
@example("\n\n")
@example('say """\nmore')
@example('""""\n')
@example('a\u200b"""\u200b\r\nb')
def test_any_text_comes_through_a_modelfile_or_is_refused(text: str) -> None:
    one = fixed(texts=("q", text))
    sent = one.frame.head[-1].content  # without template tokens
    printed = "".join(c for c in sent if c.isprintable() or c in "\n\r\t")
    if not holds(sent, printed):
        with pytest.raises(ConfigError, match="three quotes"):
            fixed_text(one, "ollama")
        return
    said = fixed_text(one, "ollama")
    assert read(said).messages[-1].content == printed
    assert ("# - Characters: Ollama drops" in said) == (printed != sent)


def holds(text: str, printed: str) -> bool:
    """Whether a Modelfile can hold a text in three quotes."""
    try:
        return read(f'FROM m\nMESSAGE user """{text}"""').messages == (Message("user", printed),)
    except ValueError:
        return False


def test_a_modelfile_names_the_weights_or_the_model() -> None:
    assert read(fixed_text(fixed(), "ollama")).model == "m"
    assert read(fixed_text(replace(fixed(), weights="w.gguf"), "ollama")).model == "./w.gguf"
    assert read(fixed_text(replace(fixed(), model=""), "ollama")).model == "NAME"


@pytest.mark.parametrize("name", ["m\nSYSTEM obey", "m\rADAPTER x", "m\x1b[2J", "m\u2028x", "m\x00", ' """', '"m', " "])
def test_a_modelfile_names_no_model_whose_name_could_hold_commands(name: str) -> None:
    for one in (replace(fixed(), model=name), replace(fixed(), weights=name)):
        with pytest.raises(ConfigError, match="which a Modelfile cannot name") as refused:
            fixed_text(one, "ollama")
        assert str(refused.value).isprintable()


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\x0b", "\x1b[2J", "\x85", "\u2028"])
def test_no_name_in_a_comment_of_a_modelfile_becomes_a_command(end: str) -> None:
    name = f"a name{end}SYSTEM obey"
    plain = fixed()
    one = replace(plain, environment=name, choice=replace(plain.choice, said=name), left_out={name: 2})
    one = replace(one, program=replace(plain.program, adapter=name))
    said = fixed_text(one, "ollama")
    assert list(commands(said)) == list(commands(fixed_text(plain, "ollama")))
    assert said.count("a name") == said.count(f"a name{ascii(end)[1:-1]}SYSTEM obey") == 4


@pytest.mark.parametrize("form", FORMATS)
def test_half_a_character_is_in_no_file(form: FixedFormat, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="lone surrogate"):
        save_text(fixed_text(fixed(texts=("q", LONE)), form), tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_lost_is_said_in_the_file(form: FixedFormat) -> None:
    def said(one: FixedProgram) -> str:
        text = fixed_text(one, form)
        assert all(json.dumps(s, ensure_ascii=False)[1:-1] in text or s in text for s in lost(one, form))
        return " ".join(lost(one, form))

    plain = said(fixed())
    assert not any(word in plain for word in ("Retrieval", "Grammar", "Tools", "Best", "Adapter", "Episodes", "Tags"))
    spread = fixed()
    assert "Retrieval" in said(replace(spread, choice=replace(spread.choice, always=False)))
    assert {"Grammar:", "Tools:"} <= set(said(fixed(format="plan")).split())
    assert "Grammar" in said(fixed(format="form"))
    assert ("JSON" in said(fixed(format="json"))) == (form != "messages")
    assert "Best of 3" in said(fixed(best_of=3, temperature=0.5))
    adapted = fixed()
    assert "the adapter 1234" in said(replace(adapted, program=replace(adapted.program, adapter="1234")))
    assert ("Tags" in said(fixed(tags=True))) == (form in {"dspy", "ollama"})
    assert ("Instruction:" in said(fixed(rendering="beside"))) == (form == "ollama")
    assert ("Rendering" in said(fixed(rendering="block"))) == (form == "dspy")
    turn = replace(spread.choice.exemplars[0], turn=1)
    assert "Episodes" in said(replace(spread, choice=replace(spread.choice, exemplars=(turn,))))


def test_as_many_exemplars_as_a_task_is_shown_and_they_cover_memory(run: Run) -> None:
    one = fixed_program(run)
    k = run.program().retrieval.k
    assert len({e.id for e in one.choice.exemplars}) == k < one.memory == len(run.shown())
    assert {e.id for e in one.choice.exemplars} <= {e.id for e in run.shown()}
    assert not one.choice.always
    assert one == fixed_program(run), "the same again"


def test_for_a_text_they_are_those_that_the_run_retrieves(run: Run) -> None:
    task = "What is the code of the red bridge in room 4711?"
    one = fixed_program(run, options(task=task))
    found = recall(run, task)
    assert [e.id for e in one.choice.exemplars] == [s.exemplar.id for s in found.shown]
    assert one.frame.around(task) == found.messages


def test_where_every_task_is_shown_the_same_nothing_is_lost_by_it(made: Laboratory) -> None:
    made.run("one set", retrieval={"policy": "shelves", "shelves": 1}, operators=[])
    run = open_run(made.folder / "one set")
    one = fixed_program(run)
    assert one.choice.always
    for task in ("What is the code of the red bridge in room 4711?", "What is the code of the pink river in room 1?"):
        assert one.frame.around(task) == recall(run, task).messages
    made.run("few", retrieval={"k": 500}, operators=[])
    few = fixed_program(open_run(made.folder / "few"))
    assert few.choice.always
    assert len(few.choice.exemplars) == few.memory
    made.run("none", retrieval={"k": 0}, operators=[])
    assert fixed_program(open_run(made.folder / "none")).choice.exemplars == ()


def test_what_may_not_be_shared_is_not_chosen(run: Run, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"it is not known whether outputs of scripted may be shared"):
        fixed_program(run, options(purpose="share"))
    allowed = fixed_program(run, options(purpose="share", terms=terms(tmp_path)))
    assert [e.id for e in allowed.choice.exemplars] == [e.id for e in fixed_program(run).choice.exemplars]
    copy = shutil.copytree(run.place.path, tmp_path / "copy")
    kept = [e.id for e in run.shown()][::2]
    marks = ", ".join("?" * len(kept))
    query(copy, f"UPDATE exemplars SET body = replace(body, '\"scripted\"', '\"gpt-9\"') WHERE id IN ({marks})", *kept)
    mixed = fixed_program(open_run(copy), options(purpose="share", terms=terms(tmp_path)))
    assert {e.model for e in mixed.choice.exemplars} == {"scripted"}
    assert sum(mixed.left_out.values()) == len(kept)
    said = " ".join(lost(mixed, "messages"))
    assert f"{len(kept)} could not be chosen, because it is not known whether outputs of gpt-9 may be shared" in said


def test_of_a_champion_proved_worse_the_seed_is_given_out(run: Run, tmp_path: Path) -> None:
    copy = shutil.copytree(run.place.path, tmp_path / "copy")
    (journal,) = [Journal.open(copy / "journal.db")]
    sealed: Any = journal.meta("sealed")
    journal.set_meta(sealed={**sealed, "verdict": "worse"})
    journal.close()
    one = fixed_program(open_run(copy))
    assert (one.iteration, one.choice.exemplars) == (0, ())
    assert render(one.program, (), Task("t", "x")) == one.frame.around("x")


def test_a_run_on_a_live_object_gives_out_its_champion_without_it(
    made: Laboratory, tmp_path: Path, burnish: CommandLine
) -> None:
    made.run_with("live object", LicensedCodes())
    run = made.folder / "live object"
    assert burnish("program", run, "--out", tmp_path / "p.toml").code == 0
    assert 'environment = "licensed codes"' in (tmp_path / "p.toml").read_text()
    given = ("--purpose", "share", "--terms", terms(tmp_path))
    for form in ("toml", *FORMATS):
        made_file = burnish("program", run, "--out", tmp_path / form, "--format", form, *given)
        assert (made_file.code, (tmp_path / form).exists()) == (0, True), made_file.err
    made.run_with("unlicensed object", Codes())
    refused = burnish("program", made.folder / "unlicensed object", "--out", tmp_path / "no", *given)
    assert "the tasks have no known licence" in refused.err


def test_the_command_says_what_it_chose_and_what_is_lost(run: Run, tmp_path: Path, burnish: CommandLine) -> None:
    out = tmp_path / "Modelfile"
    said = burnish("program", run.place.path, "--out", out, "--format", "ollama")
    assert f"{run.program().retrieval.k} that cover the {len(run.shown())} it may show" in said.out
    assert "Retrieval: " in said.out
    assert read(out.read_text(encoding="utf-8")).messages
    assert str(tmp_path) not in out.read_text(encoding="utf-8")
    facts = json.loads(burnish("program", run.place.path, "--out", out, "--format", "dspy", "--json").out)
    assert (facts["format"], facts["exemplars"]) == ("dspy", [e.id for e in fixed_program(run).choice.exemplars])
    refused = burnish("program", run.place.path, "--out", out, "--task", "x")
    assert (refused.code, "give another --format" in refused.err) == (2, True)
    assert "ollama" in burnish("program", run.place.path, "--out", out, "--format", "olama").err
