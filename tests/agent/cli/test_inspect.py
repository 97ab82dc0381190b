"""The commands that look into a run answer what a person asks of it."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from string import ascii_uppercase, digits

import pytest
from laboratory import CommandLine, Laboratory

from burnish.agent.cli.inspect_tables import print_races
from burnish.agent.cli.terminal import print_rows
from burnish.agent.inspecting.races import race_story, races
from burnish.agent.inspecting.reasons import reasons_of
from burnish.agent.record.run import Run, open_run


@pytest.fixture
def place(learned: Laboratory) -> Path:
    return learned.folder / "run"


@pytest.fixture
def run(place: Path) -> Run:
    return open_run(place)


@pytest.fixture
def ids(run: Run) -> dict[str, str]:
    """An id of each kind."""
    with run.journal() as journal:
        ((key,), *_) = journal.rows("SELECT json_extract(body, '$.call') FROM attempts WHERE node = 'sealed champion'")
        attempt = next(a for _, a, f in journal.judged("attempt") if not f.verified)
        gate = next(g for _, g in races(journal) if g.outcome == "accept")
        return {
            "exemplar": journal.exemplars()[0].id,
            "program": gate.challenger_id,
            "task": attempt.task_id,
            "answer": attempt.id,
            "call": str(key),
            "race": f"race {gate.number}",
            "iteration": "iteration 1",
        }


KINDS = ("exemplar", "program", "task", "answer", "call", "race", "iteration")


@pytest.mark.parametrize("kind", KINDS)
def test_anything_is_shown_by_its_id(burnish: CommandLine, place: Path, ids: dict[str, str], kind: str) -> None:
    shown = burnish("show", place, ids[kind])
    assert shown.code == 0, shown.err
    assert ids[kind].removeprefix("race ").removeprefix("iteration ") in shown.out
    assert json.loads(burnish("show", place, ids[kind], "--json").out)
    whole = burnish("show", place, ids[kind], "--whole")
    assert whole.code == 0, whole.err
    assert "…" not in whole.out


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("exemplar", r"the environment verified it.*It was admitted: "),
        ("program", r"made its prompt.*evidence [\d.]+ of [\d.]+: it was accepted, since the evidence reached"),
        ("task", r"It was answered \d+ times?, \d+ of them right"),
        ("answer", r"did not verify it.*It was not learned: not verified"),
        ("call", r"The words that were sent are those whose digest its key holds.*It led to answer"),
        ("race", r"the challenger did better on \d+ and worse on \d+.*evidence was highest after task"),
        ("iteration", r"\d+ were born, \d+ died, and \d+ answers were not learned"),
    ],
)
def test_why_is_told_in_sentences(burnish: CommandLine, place: Path, ids: dict[str, str], kind: str, said: str) -> None:
    told = burnish("why", place, ids[kind])
    assert told.code == 0, told.err
    assert re.search(said, told.out, re.DOTALL), told.out
    sentences = json.loads(burnish("why", place, ids[kind], "--json").out)["sentences"]
    assert all(sentence[0] in f"{ascii_uppercase}{digits}" and sentence[-1] == "." for sentence in sentences), sentences


def test_a_prompt_is_shown_in_the_words_that_were_sent(
    burnish: CommandLine, place: Path, run: Run, ids: dict[str, str]
) -> None:
    shown = burnish("show", place, ids["call"]).out
    with run.journal() as journal:
        sent = json.loads(journal.request(ids["call"].rpartition("/")[2]) or "{}")
    assert "digest agrees" in shown
    assert all(line in shown for message in sent["messages"] for line in message["content"].splitlines())


def test_an_unknown_id_is_refused_in_a_sentence(burnish: CommandLine, place: Path) -> None:
    for command in ("show", "why"):
        refused = burnish(command, place, "nothing at all")
        assert refused.code == 2
        assert "nothing named 'nothing at all'" in refused.err


TABLES = {
    "lineage": "fared",
    "tasks": "solved",
    "cells": "share solved",
    "refusals": "not verified",
    "operators": "accepted",
    "ratings": "95 % interval",
    "diversity": "Vendi",
    "spend": "prompt tokens",
}


@pytest.mark.parametrize("command", TABLES)
def test_tables_are_one_line_a_row_and_the_same_as_json(burnish: CommandLine, place: Path, command: str) -> None:
    told = burnish(command, place)
    assert told.code == 0, told.err
    assert TABLES[command] in told.out
    assert json.loads(burnish(command, place, "--json").out)


def test_tasks_may_be_only_those_that_were_never_solved(burnish: CommandLine, place: Path) -> None:
    every = json.loads(burnish("tasks", place, "--json").out)
    unsolved = json.loads(burnish("tasks", place, "--unsolved", "--limit", 3, "--json").out)
    assert 0 < len(unsolved) <= 3 < len(every)
    assert all(one["verified"] == 0 for one in unsolved)
    cell = every[0]["cell"]
    assert {one["cell"] for one in json.loads(burnish("tasks", place, "--cell", cell, "--json").out)} == {cell}


def test_what_would_be_retrieved_is_shown_with_its_likeness(burnish: CommandLine, place: Path, run: Run) -> None:
    prompt = run.memory()[0].prompt
    told = json.loads(burnish("recall", place, f"{prompt} again", "--json").out)
    assert told["shown"]
    assert burnish("recall", place, prompt, "--at", 0).out.strip().endswith("would show 0 exemplars")
    assert "cosine" in burnish("recall", place, prompt).out
    assert prompt in burnish("recall", place, prompt, "--whole").out
    assert "there is no iteration 99" in burnish("recall", place, prompt, "--at", 99).err


def test_two_runs_are_compared(burnish: CommandLine, place: Path, lab: Laboratory) -> None:
    lab.run("other", seed=5, budget={"iterations": 1})
    told = burnish("compare", place, lab.folder / "other")
    assert told.code == 0
    assert re.search(r"^setting seed +3 +5$", told.out, re.MULTILINE)
    assert "in both" in told.out
    assert json.loads(burnish("compare", place, lab.folder / "other", "--json").out)["settings"]


def test_memory_is_searched_sorted_and_cut(burnish: CommandLine, place: Path, run: Run) -> None:
    def found(*options: object) -> list[dict[str, object]]:
        return list(json.loads(burnish("memory", place, *options, "--json").out))

    known = run.memory()
    one = known[0]
    assert [e["id"] for e in found()] == [e.id for e in known]
    assert [e["id"] for e in found("--search", one.prompt.upper())] == [e.id for e in known if one.prompt in e.prompt]
    assert found("--search", one.prompt.swapcase())
    assert {e["cell"] for e in found("--cell", one.cell)} == {one.cell}
    assert found("--like", one.id, "--limit", 1)[0]["id"] == one.id
    likeness = [float(str(e["likeness"])) for e in found("--like", one.prompt)]
    assert likeness == sorted(likeness, reverse=True)
    counts = [int(str(e["showings"])) for e in found("--sort", "showings")]
    assert counts == sorted(counts, reverse=True)
    assert {e["id"] for e in found("--champion")} == {e.id for e in run.shown()}
    assert "give --like" in burnish("memory", place, "--sort", "likeness").err
    assert burnish("memory", place, "--search", "never said").out == f"0 of {len(known)} exemplars\n"
    assert f"2 of {len(known)} exemplars remembered" in burnish("memory", place, "--limit", 2).out
    assert burnish("memory", place, "--search", "\udcff").err == (
        "burnish: what was asked for holds bytes that are no text; give it in UTF-8\n"
    )
    assert "names a task; give the id of an exemplar" in burnish("memory", place, "--like", one.task_id).err
    early = found("--at", 1)
    assert sum(int(str(e["showings"])) for e in early) < sum(counts)


def test_the_dead_are_listed_with_the_reason(burnish: CommandLine, lab: Laboratory) -> None:
    lab.run("small", policies={"eviction": {"size": 4}}, budget={"iterations": 4})
    dead = json.loads(burnish("memory", lab.folder / "small", "--dead", "--json").out)
    assert dead
    assert all(one["died"] and one["death"] for one in dead)
    told = burnish("memory", lab.folder / "small", "--dead").out
    assert f"{len(dead)} exemplars that died" in told
    assert all(one["why_died"] in told for one in dead)
    assert "took its place" in told or "that stayed" in told
    assert "leave out --dead" in burnish("memory", lab.folder / "small", "--dead", "--shown").err


def test_races_are_listed(burnish: CommandLine, place: Path, run: Run, lab: Laboratory) -> None:
    with run.journal() as journal:
        numbers = {record.number for _, record in races(journal)}
    assert {one["number"] for one in json.loads(burnish("races", place, "--json").out)} == numbers
    assert "accept" in burnish("races", place).out
    lab.run("short", budget={"iterations": 1}, operators=[])
    assert burnish("races", lab.folder / "short").out == "Nothing was raced.\n"


def on_a_terminal(command: list[str], **variables: str) -> str:
    """What a command writes to a terminal."""
    leader, follower = pty.openpty()
    environment = {**os.environ, "COLUMNS": "200", **variables}
    process = subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower, env=environment)
    os.close(follower)
    written = b""
    with contextlib.suppress(OSError):  # how the end of a terminal reads
        while part := os.read(leader, 65536):
            written += part
    os.close(leader)
    assert process.wait(timeout=60) == 0
    return written.decode().replace("\r\n", "\n")


def test_output_goes_through_a_pager_on_a_terminal_only(place: Path, burnish: CommandLine) -> None:
    command = [sys.executable, "-m", "burnish", "refusals", str(place)]
    lines = on_a_terminal(command, PAGER="sed s/^/>/").splitlines()
    assert lines
    assert all(line.startswith(">") for line in lines)
    assert not on_a_terminal(command, PAGER="").startswith(">")
    assert on_a_terminal(command, PAGER="no-such-pager") == on_a_terminal(command, PAGER="cat")
    assert not burnish("refusals", place).out.startswith(">")


def test_a_pager_that_is_left_early_is_no_fault(place: Path) -> None:
    assert on_a_terminal([sys.executable, "-m", "burnish", "tasks", str(place)], PAGER="head -1").count("\n") == 1


def test_from_an_answer_one_gets_to_its_call(burnish: CommandLine, place: Path, ids: dict[str, str]) -> None:
    told = json.loads(burnish("show", place, ids["answer"], "--json").out)
    call = told["given"][0]["call"]
    for name in (ids["answer"], ids["task"]):
        assert call in burnish("show", place, name).out
        assert call in burnish("show", place, name, "--whole").out
    assert burnish("show", place, call).code == 0


def test_refused_answers_are_listed_by_words(burnish: CommandLine, place: Path) -> None:
    counted = json.loads(burnish("refusals", place, "--json").out)
    most = max(counted, key=lambda one: int(one["answers"]))
    listed = json.loads(burnish("refusals", place, "--reason", "not verified", "--json", "--limit", 1000).out)
    assert len(listed) >= most["answers"]
    told = burnish("refusals", place, "--reason", "NOT VERIFIED", "--limit", 2).out
    assert listed[0]["answer"]["attempt"] in told
    assert listed[0]["answer"]["call"] in told
    assert f"2 of {len(listed)}" in told
    whole = burnish("refusals", place, "--list", "--limit", 1, "--offset", 1, "--whole").out
    assert whole.startswith(f"answer {listed[1]['answer']['attempt']}")
    assert listed[1]["prompt"] in whole
    assert burnish("refusals", place, "--reason", "never said").out.startswith("No answer was refused")


def test_sums_stand_below_what_was_spent(burnish: CommandLine, place: Path) -> None:
    for by in ("node", "role", "iteration", "all"):
        told = burnish("spend", place, "--by", by).out
        assert re.search(r"^all .*100%", told, re.MULTILINE)
        assert "seconds overlap" in told
    assert re.search(r"^node +role +calls", burnish("spend", place, "--by", "all").out)


def test_words_stand_where_they_are_used(burnish: CommandLine, place: Path, run: Run) -> None:
    for command in ("lineage", "operators"):
        assert "of no use: put to a few tasks that had failed" in burnish(command, place).out
    assert re.search(r"The judge has (a|no) vote", burnish("ratings", place).out)
    shown = len(run.shown())
    assert f"of which the champion may show {shown} (" in burnish("memory", place, "--limit", 2).out
    assert re.search(r"^ +id +born +shown +rating", burnish("memory", place, "--sort", "rating").out, re.MULTILINE)
    same = burnish("diff", place, 0, 0).out
    assert 'prompt: unchanged; `burnish show RUN "iteration 0"` or --whole prints it' in same
    assert run.program(0).prompt.sections[0][1] in burnish("diff", place, 0, 0, "--whole").out
    with run.journal() as journal:
        ((control,),) = journal.rows("SELECT id FROM programs WHERE iteration < 0 LIMIT 1")
    assert "first met in the sealed test" in burnish("show", place, str(control)).out


def test_rows_stay_rows_whatever_lines_texts_have(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(("a", "b"), [("  x\ny", "1\r\n2\x853"), ("z" * 100, "w")], uncut=("a",))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[1].split() == ["x", "y", "1", "2", "3"]
    assert "z" * 100 in lines[2]


def test_what_was_changed_by_hand_is_told_in_plain_words(burnish: CommandLine, lab: Laboratory) -> None:
    lab.run("run", budget={"iterations": 2})
    place = lab.folder / "run"
    gone = open_run(place).memory()[0].id
    assert burnish("forget", place, gone, "--because", "a name is in it").code == 0
    why = burnish("why", place, gone).out
    assert re.search(r"taken out by hand by \S+.* because a name is in it; nothing took its place\.", why)
    for told in (burnish("show", place, gone).out, burnish("memory", place, "--dead").out):
        assert "because a name is in it; nothing took its place" in told
    assert "replaced by" not in burnish("show", place, gone).out
    assert "changed by hand: " in burnish("diversity", place).out


def test_a_race_without_a_task_shows_no_score(capsys: pytest.CaptureFixture[str], run: Run) -> None:
    with run.journal() as journal:
        number, record = races(journal)[0]
        story = race_story(journal, record.number)
    empty = replace(record, tasks=0, open=True, outcome="undecided", champion_score=0.0, challenger_score=0.0)
    print_races([empty], as_json=False)
    told = capsys.readouterr().out
    assert "no task yet" in told
    assert "0.00" not in told
    said = reasons_of(replace(story, records=(empty,), items=())).sentences[0]
    assert "No task yet; it goes on." in said
    assert "0.00" not in said
    assert number > 0


def test_calls_stand_beside_the_answers_of_races_where_all_is_wanted(
    burnish: CommandLine, place: Path, ids: dict[str, str]
) -> None:
    told = json.loads(burnish("show", place, ids["race"], "--json").out)
    whole = burnish("show", place, ids["race"], "--whole").out
    assert told["items"]
    assert all(one[side]["call"] in whole for one in told["items"] for side in ("champion", "challenger"))
