"""The commands: help, output for people and for machines, exit codes."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import codes
import pytest
from codes import Codes
from laboratory import CommandLine, Laboratory, is_rating

import burnish as burnish_package
from burnish import __version__
from burnish.agent.models.scripted import ScriptedReply
from burnish.agent.record.directory import RunDirectory
from burnish.agent.record.report import Report

CODES = Path(codes.__file__)

COMMANDS = [
    ("run",), ("resume",), ("status",), ("report",), ("memory",), ("diff",), ("verify",), ("doctor",), ("env", "list"),
    ("env", "show"), ("env", "check"), ("env", "new"), ("export",), ("program",), ("train",), ("config",),
    ("show",), ("why",), ("recall",), ("lineage",), ("tasks",), ("cells",), ("refusals",), ("operators",), ("ratings",),
    ("diversity",), ("spend",), ("compare",), ("races",),
]  # fmt: skip


@pytest.fixture
def finished(learned: Laboratory) -> Path:
    return learned.folder / "run"


@pytest.fixture
def copy(finished: Path, tmp_path: Path) -> Path:
    """A finished run that may be damaged."""
    return Path(shutil.copytree(finished, tmp_path / "copy"))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_helps_with_an_example(burnish: CommandLine, command: tuple[str, ...]) -> None:
    shown = burnish(*command, "--help")
    assert shown.code == 0
    assert shown.err == ""
    example = re.search(r"Example: (burnish .*)", shown.out)
    assert example
    assert example[1].startswith(f"burnish {' '.join(command)}")


def test_help_names_every_command_and_every_exit_code(burnish: CommandLine) -> None:
    shown = burnish("--help")
    assert shown.code == 0
    assert all(command[0] in shown.out for command in COMMANDS)
    assert re.search(r"0 done.*8 verification", shown.out, re.DOTALL)


def test_the_package_is_the_same_command_line() -> None:
    asked = subprocess.run([sys.executable, "-m", "burnish", "--version"], capture_output=True, text=True, check=True)
    assert asked.stdout == f"{__version__}\n"


def test_without_arguments_it_helps(burnish: CommandLine) -> None:
    shown = burnish()
    assert "Usage" in shown.out + shown.err
    assert shown.code in {0, 2}


def test_version(burnish: CommandLine) -> None:
    assert burnish("--version").out.strip() == __version__


def test_run_prints_its_report_and_what_to_do_next(burnish: CommandLine, lab: Laboratory) -> None:
    config = lab.folder / "small.toml"
    config.write_text(lab.config(budget={"iterations": 1}).to_toml())
    done = burnish("run", config, "--dir", lab.folder / "run")
    assert done.code == 0, done.err
    assert "Sealed test (20 tasks, opened once)" in done.out
    assert f"burnish verify {lab.folder / 'run'}" in done.out
    assert "iteration 1" in done.err


def test_the_report_says_what_was_cut_off_and_what_the_environment_said_most(
    burnish: CommandLine, lab: Laboratory
) -> None:
    lab.model.answer = lambda body: ScriptedReply("3" if is_rating(body) else "no idea", finish="length")
    config = lab.folder / "small.toml"
    config.write_text(lab.config(environment="dates", budget={"iterations": 1}).to_toml())
    done = burnish("run", config, "--dir", lab.folder / "run")
    facts = json.loads(burnish("report", lab.folder / "run", "--json").out)
    (said,) = facts["feedback"]
    assert facts["attempts"] == facts["cut_off"] == said[1] > 0
    lines = " ".join(done.out.split())
    assert f"Cut off: {said[1]} of {said[1]} attempts at 96 tokens; raise decoding.max_tokens" in lines
    assert f"Feedback: {said[1]} × {said[0]}" in lines


def test_a_file_of_an_adapter_is_found_from_any_folder(
    burnish: CommandLine, lab: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [json.dumps({"prompt": f"Say {n}.", "answer": f"{n}"}) for n in range(200)]
    (lab.folder / "echo.jsonl").write_text("\n".join(lines))
    monkeypatch.chdir(lab.folder)
    lab.run("run", environment="jsonl:echo.jsonl", budget={"iterations": 1})
    monkeypatch.chdir("/")
    assert burnish("verify", lab.folder / "run").code == 0


def test_a_run_goes_on_with_the_tasks_it_began_with_only(burnish: CommandLine, lab: Laboratory) -> None:
    file = lab.folder / "echo.jsonl"
    lines = [json.dumps({"prompt": f"Say {n}.", "answer": f"{n}"}) for n in range(200)]
    file.write_text("\n".join(lines))
    lab.killed("run", 30, environment=f"jsonl:{file}", budget={"iterations": 1})
    file.write_text("\n".join([*lines[1:], lines[0]]))
    refused = burnish("resume", lab.folder / "run")
    assert refused.code == 2
    assert f"{file} is not the file this run began with" in refused.err
    file.write_text("\n".join(lines))
    assert burnish("resume", lab.folder / "run").code == 0
    assert burnish("verify", lab.folder / "run").code == 0
    file.write_text("\n".join(lines[1:]))
    shown = burnish("verify", lab.folder / "run")
    assert shown.code == 8
    assert "is not the file of tasks" in shown.out
    assert burnish("report", lab.folder / "run").code == 0


def test_code_that_was_mended_between_sittings_is_told_of_and_judged_anew(
    burnish: CommandLine, lab: Laboratory
) -> None:
    file = lab.folder / "mine.py"
    file.write_text(f"import sys\nsys.path.append({str(CODES.parent)!r})\nfrom codes import Codes as Mine\n")
    lab.killed("run", 30, environment=f"{file}:Mine", budget={"iterations": 1})
    file.write_text(file.read_text() + "# mended\n")
    done = burnish("resume", lab.folder / "run")
    assert done.code == 0, done.err
    assert "Changed between sittings: mine.py" in done.out
    file.write_text(file.read_text() + "# and once more\n")
    shown = burnish("verify", lab.folder / "run")
    assert shown.code == 0
    assert "mine.py was changed since the run" in shown.out


def test_a_run_on_a_live_object_is_resumed_and_verified_with_it_only(burnish: CommandLine, lab: Laboratory) -> None:
    codes = Codes()
    codes.name = "contacts"  # one of that name can be loaded, but is another
    lab.run_with("run", codes, budget={"iterations": 1})
    folder = lab.folder / "run"
    assert f"verify {folder}" not in burnish("report", folder).out
    for command in ("verify", "resume"):
        refused = burnish(command, folder)
        assert refused.code == 2
        assert "was an object in Python" in refused.err
    assert burnish_package.verify(burnish_package.open_run(folder), codes).holds
    assert burnish_package.resume(folder, environment=codes).same_outcome(lab.report)


def test_options_of_run_go_into_the_configuration(burnish: CommandLine, lab: Laboratory) -> None:
    config = lab.folder / "small.toml"
    config.write_text(lab.config().to_toml())
    done = burnish(
        "run", config, "--dir", lab.folder / "run", "--json", "--seed", 9, "--iterations", 1, "--budget-calls", 700,
        "--model", f"{lab.url}#scripted", "-o", "sealed.tasks=5",
    )  # fmt: skip
    assert done.code == 0, done.err
    report = Report.from_json(json.loads(done.out))
    assert (report.seed, report.model, len(report.iterations)) == (9, "scripted", 2)
    assert report.sealed is not None
    assert report.sealed.arms["seed"].tasks == 5
    assert {body["model"] for body in lab.model.bodies} == {"scripted"}
    assert done.err == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("resume",),
        ("status",),
        ("report",),
        ("memory",),
        ("memory", "--at", 1),
        ("diff", 0, 3),
        ("verify",),
        ("doctor",),
    ],
    ids=str,
)
def test_json_parses_on_every_reporting_command(
    burnish: CommandLine, learned: Laboratory, copy: Path, arguments: tuple[str | int, ...]
) -> None:
    command, *rest = arguments
    shown = burnish(command, copy, *rest, "--json")
    assert shown.code == 0, shown.err
    assert json.loads(shown.out)
    assert shown.err == ""
    assert burnish(command, copy, *rest).code == 0


def test_report_json_is_the_report(burnish: CommandLine, learned: Laboratory, finished: Path) -> None:
    assert Report.from_json(json.loads(burnish("report", finished, "--json").out)) == learned.report


def test_memory_and_diff_say_what_was_learned(burnish: CommandLine, learned: Laboratory, finished: Path) -> None:
    last = learned.report.iterations[-1]
    assert f"{last.memory} exemplars remembered" in burnish("memory", finished).out
    assert "0 exemplars" in burnish("memory", finished, "--at", 0).out
    shown = burnish("diff", finished, 0, last.number).out
    assert f"memory: 0 → {last.memory} exemplars, {last.memory} born, 0 died" in shown
    assert "accept" in shown


def test_report_draws_a_picture(burnish: CommandLine, finished: Path, tmp_path: Path) -> None:
    shown = burnish("report", finished, "--plot", tmp_path / "curve.png")
    assert shown.code == 0, shown.err
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
    assert f"Drew {tmp_path / 'curve.png'}" in shown.err


def test_a_run_can_be_looked_at_while_it_is_locked(burnish: CommandLine, copy: Path) -> None:
    with RunDirectory(copy).locked():
        for command in ("status", "report", "memory", "verify", "doctor"):
            assert burnish(command, copy).code == 0
        assert f"Process {os.getpid()} is at work" in burnish("status", copy).out
    assert "at work" not in burnish("status", copy).out  # it is finished


def test_looking_at_the_lock_does_not_keep_a_run_from_starting(copy: Path) -> None:
    with (copy / "lock").open("a+") as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        release = threading.Timer(0.02, fcntl.flock, (looking, fcntl.LOCK_UN))
        release.start()
        with RunDirectory(copy).locked():
            assert RunDirectory(copy).holder() == str(os.getpid())
        release.join()


def test_an_unfinished_run_says_how_to_go_on(burnish: CommandLine, lab: Laboratory) -> None:
    lab.killed("killed", 120)
    shown = burnish("report", lab.folder / "killed")
    assert shown.code == 0
    assert "UNFINISHED" in shown.out
    assert "burnish resume" in shown.out
    assert burnish("verify", lab.folder / "killed").code == 0


def test_verify_exits_with_8_when_something_was_changed(burnish: CommandLine, copy: Path) -> None:
    connection = sqlite3.connect(copy / "journal.db")
    with connection:
        connection.execute("UPDATE exemplars SET body = json_set(body, '$.answer', 'made up')")
    connection.close()
    shown = burnish("verify", copy)
    assert shown.code == 8
    assert "is not verified" in shown.out
    assert json.loads(burnish("verify", copy, "--json").out)["problems"]
