"""Compiling end to end: the search in a run, and the program file that comes of it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from laboratory import CODES, CommandLine, Laboratory, laboratory, query

from burnish import load_program
from burnish.agent.exports.program import program_file
from burnish.agent.exports.rows import rows_of
from burnish.agent.record.program_file import EDITED, ProgramFile
from burnish.agent.record.run import open_run
from burnish.agent.verification.verify import verify
from burnish.errors import ConfigError
from burnish.types import Task, content_hash

COMPILING: dict[str, Any] = {
    "operators": ["compile"],
    "proofs": ["compile"],
    "compiling": {"candidates": 6, "tasks": 4, "size": 4},
    "budget": {"iterations": 7},
    "policies": {"rewriting": {"growing": 1.0}, "acceptance": {"cap": 48}},
}


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Laboratory:
    """A laboratory with a finished run in `run` whose champion was compiled, and its program in `program.toml`."""
    folder = tmp_path_factory.mktemp("compiled")
    with laboratory(folder) as lab:
        lab.run("run", **COMPILING)
    (folder / "program.toml").write_text(program_file(open_run(folder / "run")).to_toml(), encoding="utf-8")
    return lab


def searches(lab: Laboratory, name: str = "run") -> list[Any]:
    with open_run(lab.folder / name).journal() as journal:
        return [body for _, kind, body in journal.events() if kind == "search"]


def test_a_search_is_journalled_and_its_winner_goes_through_the_gate(compiled: Laboratory) -> None:
    run = open_run(compiled.folder / "run")
    gates = [g for r in run.iterations() for g in r.gates]
    assert {g.operator for g in gates} == {"compile"}
    assert any(g.outcome == "accept" for g in gates)
    rounds = searches(compiled)[0]
    assert [r["tasks"] for r in rounds] == [4, 8, 16]
    best = max(rounds[-1]["candidates"], key=lambda c: float(c["score"]))
    assert best["score"] > rounds[-1]["floor"]
    assert verify(run).holds


def test_a_search_that_says_other_than_its_answers_is_found_out(compiled: Laboratory, tmp_path: Path) -> None:
    shutil.copytree(compiled.folder / "run", tmp_path / "run")
    changed = "replace(body, '\"score\":', '\"score\":1')"
    query(tmp_path / "run", f"UPDATE events SET body = {changed} WHERE kind = 'search'")
    problems = verify(open_run(tmp_path / "run")).problems
    assert any("otherwise than its answers" in problem for problem in problems)


def test_the_floor_is_proved_on_the_sealed_tasks(compiled: Laboratory) -> None:
    floor, searched = compiled.report.proofs
    assert (floor.method, floor.passed, searched.passed) == ("compile", True, True)
    assert compiled.report.sealed is not None
    assert floor.figure == compiled.report.sealed.difference > 0


def test_the_answers_of_a_search_are_learned_from(compiled: Laboratory) -> None:
    run = open_run(compiled.folder / "run")
    with run.journal() as journal:
        searched = {content_hash(a.task_id, a.answer) for _, a, f in journal.judged("rewrite") if f.verified}
    assert searched & {content_hash(e.task_id, e.answer) for e in run.memory()}


@pytest.mark.thorough
def test_one_seed_gives_one_file_byte_for_byte(compiled: Laboratory, tmp_path: Path, burnish: CommandLine) -> None:
    with laboratory(tmp_path) as lab:
        lab.run("elsewhere", **COMPILING)
    assert burnish("program", tmp_path / "elsewhere", "--out", tmp_path / "again.toml").code == 0
    again = (tmp_path / "again.toml").read_bytes()
    assert again == (compiled.folder / "program.toml").read_bytes()
    assert str(tmp_path).encode() not in again
    with laboratory(tmp_path) as lab:
        lab.run("other", seed=1, **COMPILING)
    assert program_file(open_run(tmp_path / "other")).to_toml().encode() != again


@pytest.mark.thorough
def test_a_search_that_was_killed_goes_on_to_the_same_file(compiled: Laboratory, tmp_path: Path) -> None:
    with laboratory(tmp_path) as lab:
        lab.run("whole", **COMPILING)
        requests = len(lab.model.bodies)
        assert lab.killed("killed", requests // 2, **COMPILING) != 0
        lab.resume("killed")
        assert len(lab.model.bodies) < requests
    again = program_file(open_run(tmp_path / "killed")).to_toml()
    assert again == (compiled.folder / "program.toml").read_text(encoding="utf-8")


@pytest.mark.thorough
def test_where_nothing_can_be_learned_the_program_stays_as_it_is(tmp_path: Path) -> None:
    def chance(body: Any) -> str:
        return content_hash(str(body["messages"]))

    with laboratory(tmp_path, chance) as lab:
        report = lab.run("null", environment="null", **COMPILING)
    assert report.verdict != "improved"
    assert report.champion.variant == report.seed_program.variant
    assert [proof.passed for proof in report.proofs] == [None]


@pytest.mark.thorough
def test_no_call_beyond_the_budget_and_the_sealed_test_is_kept(lab: Laboratory) -> None:
    report = lab.run("run", **COMPILING | {"budget": {"iterations": 4, "calls": 280}})
    assert report.total.calls <= 280
    assert report.finished
    assert searches(lab)


def test_the_file_says_all_and_is_read_back_whole(compiled: Laboratory) -> None:
    file = load_program(compiled.folder / "program.toml")
    champion = open_run(compiled.folder / "run").program()
    assert file.program.prompt.id == champion.prompt.id
    assert (file.retrieval, file.decoding) == (champion.retrieval, champion.decoding)
    assert file.exemplars
    assert {e.model for e in file.exemplars} == {"scripted"}
    assert {e.training for e in file.exemplars} == {"unknown"}
    assert not file.edited


def test_a_run_starts_from_a_file_as_good_as_where_it_came_from(compiled: Laboratory, tmp_path: Path) -> None:
    path = compiled.folder / "program.toml"
    with laboratory(tmp_path) as lab:
        before = compiled.report.sealed
        report = lab.run("next", program=str(path), budget={"iterations": 1})
    assert before is not None
    assert report.sealed is not None
    assert report.sealed.arms["seed"].passes == before.arms["champion"].passes, "on the same sealed tasks"
    run = open_run(tmp_path / "next")
    assert len(run.memory(0)) == len(load_program(path).exemplars)
    assert verify(run).holds
    with run.journal() as journal:
        rows = [row for row in rows_of(journal, level=6) if row.iteration == 0]
    assert {row.models for row in rows} == {("scripted",)}
    assert "few-shot seed" not in report.sealed.arms
    again = program_file(run)
    known = {e.mark: e.id for e in load_program(path).exemplars}
    assert known.keys() <= {e.mark for e in again.exemplars}
    assert {e.again for e in run.memory(0)} == set(known.values()), "and each says which one it is once more"


def test_a_changed_file_is_refused_unless_it_says_that_it_was_edited(compiled: Laboratory, tmp_path: Path) -> None:
    text = (compiled.folder / "program.toml").read_text(encoding="utf-8")
    path = tmp_path / "mine.toml"
    path.write_text(text.replace("Give the code of the thing.", "Give its code."), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"not as it was written.*edited by hand"):
        load_program(path)
    path.write_text("# mine\r\n" + text.replace("\n", "\r\n"), encoding="utf-8", newline="")
    assert load_program(path).exemplars, "comments and line ends are no change"
    edited = re.sub('^hash = ".*"$', f'hash = "{EDITED}"', text, flags=re.MULTILINE)
    path.write_text(edited.replace("Give the code of the thing.", "Give its code."), encoding="utf-8")
    assert load_program(path).program.prompt.operator == "edited"
    with laboratory(tmp_path) as lab:
        report = lab.run("run", program=str(path), budget={"iterations": 1})
    assert report.started_from.endswith("edited by hand")
    assert report.seed_program.prompt.text("task") == "Give its code."


def test_an_exemplar_that_is_not_verified_again_stays_out(compiled: Laboratory, tmp_path: Path) -> None:
    file = load_program(compiled.folder / "program.toml")
    wrong, *others = file.exemplars
    spoilt = file.model_copy(update={"hash": EDITED, "exemplars": (wrong.model_copy(update={"answer": "no"}), *others)})
    (tmp_path / "spoilt.toml").write_text(spoilt.to_toml(), encoding="utf-8")
    with laboratory(tmp_path) as lab:
        report = lab.run("run", program=str(tmp_path / "spoilt.toml"), budget={"iterations": 1})
    assert report.refused["of the program file, not verified again"] == 1
    begun = open_run(tmp_path / "run").memory(0)
    assert len(begun) == len(others)
    assert {e.model for e in begun} == {"scripted"}


def test_an_exemplar_changed_by_hand_is_a_persons(compiled: Laboratory) -> None:
    file = load_program(compiled.folder / "program.toml").model_copy(update={"hash": EDITED})
    first, *others = file.exemplars
    changed = file.model_copy(update={"exemplars": (first.model_copy(update={"answer": "mine"}), *others)})
    found = [lesson.exemplar for lesson in changed.lessons()]
    assert [(e.origin, e.model) for e in found[:2]] == [("person", ""), ("attempt", "scripted")]


def of_task(file: ProgramFile, split: str) -> ProgramFile:
    tasks = (Task("codes", f"What is the code of the red river in room {room}?") for room in range(1000, 2000))
    prompt = next(task.prompt for task in tasks if task.split == split)
    first = file.exemplars[0].model_copy(update={"prompt": prompt})
    return file.model_copy(update={"hash": EDITED, "exemplars": (first, *file.exemplars[1:])})


@pytest.mark.parametrize("split", ["validation", "test"])
def test_a_file_that_answers_held_out_tasks_is_refused(compiled: Laboratory, tmp_path: Path, split: str) -> None:
    file = of_task(load_program(compiled.folder / "program.toml"), split)
    (tmp_path / "leak.toml").write_text(file.to_toml(), encoding="utf-8")
    with laboratory(tmp_path) as lab, pytest.raises(ConfigError, match=f"of the {split} split.*take it out"):
        lab.run("run", program=str(tmp_path / "leak.toml"))


def test_wrong_files_are_refused_in_a_sentence(compiled: Laboratory, tmp_path: Path, burnish: CommandLine) -> None:
    program = compiled.folder / "program.toml"

    def refused(*options: str) -> str:
        made = burnish("run", "--dir", tmp_path / "run", "--env", CODES, *options)
        assert made.code == 2
        return made.err

    assert "cannot read nowhere.toml" in refused("-o", "program=nowhere.toml")
    (tmp_path / "odd.toml").write_text('environment = "codes"\nprompts = "x"\n', encoding="utf-8")
    assert "prompt" in refused("-o", f"program={tmp_path / 'odd.toml'}")
    assert "leave out one of the two" in refused("-o", f"program={program}", "-o", "retrieval.k=2")
    made = burnish("run", "--dir", tmp_path / "run", "--env", "dates", "-o", f"program={program}")
    assert made.code == 2
    assert "is a program for codes, not for dates" in made.err
    assert not (tmp_path / "run").exists()


def test_exemplars_that_may_not_be_shared_leave_in_no_file(
    compiled: Laboratory, tmp_path: Path, burnish: CommandLine
) -> None:
    run, out = compiled.folder / "run", tmp_path / "shared.toml"
    made = burnish("program", run, "--out", out, "--purpose", "share")
    assert made.code == 2
    assert re.search(r"\d+ of its \d+ exemplars: it is not known whether outputs of scripted may be shared", made.err)
    assert not out.exists()
    assert "evaluate" in burnish("program", run, "--out", out, "--purpose", "evalute").err
    assert "there is no iteration 9" in burnish("program", run, "--out", out, "--at", "9").err
    made = burnish("program", run, "--out", tmp_path / "none" / "p.toml")
    assert (made.code, "give another --out" in made.err) == (6, True)


@pytest.mark.parametrize("text", ["two\nlines", "a\r\nb", 'quotes " and \'\'\' and """', "tab\tand \\ back", "naïve ☃"])
def test_any_text_survives_the_file(compiled: Laboratory, tmp_path: Path, text: str) -> None:
    file = load_program(compiled.folder / "program.toml").model_copy(update={"hash": "", "prompt": {"task": text}})
    (tmp_path / "p.toml").write_bytes(file.to_toml().encode())
    assert load_program(tmp_path / "p.toml").prompt == {"task": text}


def test_half_a_character_is_refused(compiled: Laboratory) -> None:
    file = load_program(compiled.folder / "program.toml").model_copy(update={"prompt": {"task": "\ud800"}})
    with pytest.raises(ConfigError, match="lone surrogate"):
        file.to_toml()


def test_data_that_is_none_is_told(compiled: Laboratory) -> None:
    file = load_program(compiled.folder / "program.toml")
    first, *others = file.exemplars
    for wrong in ({"data": "{"}, {"data": "[1]"}, {"task": '{"colour": "red"}'}):
        spoilt = file.model_copy(update={"exemplars": (first.model_copy(update=wrong), *others)})
        with pytest.raises(ConfigError, match="exemplar 1 of the program file"):
            list(spoilt.lessons())
