"""The commands on environments, for people and for machines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from laboratory import CommandLine
from strength import thorough_but

from burnish.environments.kit import Conformance
from burnish.environments.kit.showing import Showing

FLAWED = Path(__file__).parents[2] / "helpers" / "flawed.py"
ABLE = FLAWED.with_name("flawed_abilities.py")


def test_list_names_environments_and_adapters(burnish: CommandLine) -> None:
    entries = json.loads(burnish("env", "list", "--json").out)
    assert {"contacts", "dates", "null"} <= {entry["name"] for entry in entries}
    assert "contacts" in burnish("env", "list").out


def test_list_warns_of_a_broken_plug_in_and_imports_none(
    burnish: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = tmp_path / "gadgets-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: gadgets\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[burnish.environments]\nhalf = burnish_no_such_module\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    shown = burnish("env", "list")
    assert shown.code == 0
    assert "warning: half (gadgets: burnish_no_such_module): its entry point" in shown.out
    (entry,) = [entry for entry in json.loads(burnish("env", "list", "--json").out) if entry["name"] == "half"]
    assert "names no object" in entry["warning"]


def test_show_prints_three_tasks_and_what_is_said_of_answers(burnish: CommandLine) -> None:
    shown = burnish("env", "show", f"{ABLE}:Levelled")
    assert shown.code == 0, shown.err
    for said in ("levels     easy, hard", "licence    CC0-1.0", "train, cell sum", "verified, reward 1", "(nothing)"):
        assert said in shown.out
    showing = Showing.from_json(json.loads(burnish("env", "show", f"{ABLE}:Levelled", "--json").out))
    assert [task.split for task in showing.tasks] == ["train", "validation", "test"]
    for task in showing.tasks:
        assert [judged.kind for judged in task.answers] == ["gold", "empty", "wrong"]
        assert [judged.feedback.verified for judged in task.answers] == [True, False, False]


def test_show_says_what_is_not_said_and_takes_options(burnish: CommandLine) -> None:
    shown = burnish("env", "show", "contacts", "-o", "shapes=1")
    assert shown.code == 0, shown.err
    assert "cell plain" in shown.out
    refused = burnish("env", "show", "contacts", "-o", "shape=1")
    assert refused.code == 2
    assert 'did you mean "shapes"' in refused.err


def test_show_does_not_let_a_task_command_the_terminal(burnish: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "loud.py"
    file.write_text(
        "from burnish.types import Feedback, Task\n\n\nclass Loud:\n    name, instruction = 'loud', 'Say it.'\n\n"
        "    def tasks(self, split, seed):\n"
        "        return [Task('loud', f'\\x1b[31m[bold]{n}[/bold]') for n in range(30)]\n\n"
        "    def score(self, task, answer):\n        return Feedback(0.0, verified=False, text='\\x1b[2J[red]no')\n"
    )
    shown = burnish("env", "show", f"{file}:Loud")
    assert shown.code == 0, shown.err
    assert "\x1b[31m" not in shown.out
    assert "\\x1b[31m[bold]" in shown.out
    assert "\\x1b[2J[red]no" in shown.out


def test_check_prints_a_line_a_promise_and_exits_with_0(burnish: CommandLine) -> None:
    shown = burnish("env", "check", f"{FLAWED}:Sums")
    assert shown.code == 0, shown.out + shown.err
    assert "✓ gold pays  60 own answers verified" in shown.out
    assert "✓ offline" in shown.out
    assert "not applicable" in shown.out.splitlines()[-2]


def test_check_shows_the_smallest_example_and_exits_with_4(burnish: CommandLine) -> None:
    shown = burnish("env", "check", f"{FLAWED}:Generous", "--only", "hostile unpaid")
    assert shown.code == 4
    assert "✗ hostile unpaid" in shown.out
    assert "promised: no hostile answer pays" in shown.out
    assert "given:    'x'" in shown.out
    machine = burnish("env", "check", f"{FLAWED}:Generous", "--only", "hostile unpaid", "--json")
    assert machine.code == 4
    conformance = Conformance.from_json(json.loads(machine.out))
    assert [finding.promise for finding in conformance.broken] == ["hostile unpaid"]


def test_check_tells_one_flaw_once_and_what_else_it_broke(burnish: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "grumpy.py"
    file.write_text(
        "from burnish.types import Task\n\n\nclass Grumpy:\n    name, instruction = 'grumpy', 'Say it.'\n\n"
        "    def tasks(self, split, seed):\n        return [Task('grumpy', f'{n}') for n in range(600)]\n\n"
        "    def score(self, task, answer):\n        return task.data['gold']\n"
    )
    shown = burnish("env", "check", f"{file}:Grumpy")
    assert shown.code == 4
    told = [line for line in shown.out.splitlines() if line.startswith("✗") and "score raised" in line]
    assert told == ["✗ json  score raised KeyError: 'gold' (grumpy.py, line 11)"]
    (like,) = [line for line in shown.out.splitlines() if line.endswith("broken like json")]
    assert "feedback speaks" in like


def test_check_without_the_time_for_all_of_it_is_no_success(burnish: CommandLine, tmp_path: Path) -> None:
    shown = burnish("env", "check", f"{FLAWED}:Slow", "--seconds", 1)
    assert shown.code == 4
    assert "give it more with --seconds" in shown.out


def test_options_are_taken_as_for_a_run_too(burnish: CommandLine) -> None:
    assert "cell plain" in burnish("env", "show", "contacts", "-o", "environment_options.shapes=1").out
    refused = burnish("run", "--dir", "never", "-o", "shapes=1")
    assert refused.code == 2
    assert "environment_options.shapes" in refused.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("contcts",), 2, 'did you mean "contacts"'),
        (("contacts", "-o", "shapes"), 2, "not of the form"),
        (("contacts", "--only", "gold"), 2, 'no promise "gold"'),
        (("gone.py:Gone",), 4, "there is no file gone.py"),
    ],
)
def test_what_cannot_be_checked_is_said_in_a_sentence(
    burnish: CommandLine, arguments: tuple[str, ...], code: int, said: str
) -> None:
    refused = burnish("env", "check", *arguments)
    assert refused.code == code
    assert said in refused.err
    assert "Traceback" not in refused.err


class TestNew:
    @pytest.fixture
    def folder(self, burnish: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.chdir(tmp_path)
        written = burnish("env", "new", "word-sums")
        assert written.code == 0, written.err
        assert "burnish env check ./word-sums/src/burnish_word_sums.py:WordSums" in written.out
        return tmp_path / "word-sums"

    def test_what_is_written_passes_at_once(self, burnish: CommandLine, folder: Path) -> None:
        shown = burnish("env", "check", "./word-sums/src/burnish_word_sums.py:WordSums")
        assert shown.code == 0, shown.out
        assert "!" not in shown.out
        assert burnish("env", "show", "./word-sums/src/burnish_word_sums.py:WordSums").code == 0

    @pytest.mark.thorough
    def test_its_own_tests_pass(self, folder: Path) -> None:
        tested = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:asyncio", folder],
            capture_output=True,
            text=True,
        )
        assert tested.returncode == 0, tested.stdout + tested.stderr

    @pytest.mark.thorough
    def test_installed_it_has_a_name(self, burnish: CommandLine, folder: Path, tmp_path: Path) -> None:
        target = tmp_path / "installed"
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*pip, "--no-build-isolation", "--no-index", "--target", target, folder], check=True)
        command = [sys.executable, "-c", "from burnish.agent.cli.main import main; main()", "env"]
        path = {**os.environ, "PYTHONPATH": str(target)}
        listed = subprocess.run([*command, "list", "--json"], env=path, capture_output=True, text=True, check=True)
        (entry,) = [entry for entry in json.loads(listed.stdout) if entry["name"] == "word-sums"]
        assert entry["source"] == "burnish-word-sums: burnish_word_sums:WordSums"
        assert entry["warning"] == ""
        checked = subprocess.run(
            [*command, "check", "word-sums", "--only", "gold pays"], env=path, capture_output=True, text=True
        )
        assert checked.returncode == 0, checked.stdout + checked.stderr

    @pytest.mark.parametrize("name", ["Shop", "2nd", "a--b", "a_", "a.b", "contacts", "x" * 41, "é"])
    def test_names_that_will_not_do_are_refused(self, burnish: CommandLine, tmp_path: Path, name: str) -> None:
        refused = burnish("env", "new", tmp_path / name)
        assert refused.code == 2
        assert refused.err.count("\n") == 1
        assert not (tmp_path / name).exists()

    def test_a_folder_that_is_there_is_left_alone(self, burnish: CommandLine, tmp_path: Path) -> None:
        (tmp_path / "shop").mkdir()
        refused = burnish("env", "new", tmp_path / "shop")
        assert refused.code == 2
        assert "is there already" in refused.err
        assert list((tmp_path / "shop").iterdir()) == []

    @pytest.mark.parametrize("name", thorough_but(["task"], ["task", "none", "feedback", "random", "a_b-c", "re"]))
    def test_a_name_that_means_something_in_python_works_too(
        self, burnish: CommandLine, tmp_path: Path, name: str
    ) -> None:
        written = burnish("env", "new", tmp_path / name)
        assert written.code == 0, written.err
        spec = written.out.split("burnish env check ")[1].splitlines()[0]
        assert burnish("env", "check", spec, "--only", "gold pays").code == 0
