"""Everything that the page on an environment of one's own shows is run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from strength import thorough_but

from burnish.config import RunConfig
from burnish.environments.kit import check

PAGE = (Path(__file__).parents[1] / "docs" / "own-environment.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"```python\n# (\w+\.py)\n(.*?)```", PAGE, re.DOTALL))
COMMANDS = re.findall(r"^\$ (.+)$", PAGE, re.MULTILINE)
ENVIRONMENTS = {
    "prices.py:Prices": set[str](),
    "levelled.py:Levelled": {"levels"},
    "seeded.py:Seeded": {"seeds"},
    "formed.py:Formed": {"forms"},
    "stepwise.py:Stepwise": {"step labels"},
    "authored.py:Authored": {"authoring", "variants"},
    "tooled.py:Tooled": {"tools"},
    "varied.py:Varied": {"tools", "variants"},
    "evolving.py:Evolving": {"evolving"},
    "guessing.py:Guessing": {"episodes"},
}
PLAINEST = {"prices.py:Prices", "guessing.py:Guessing"}
"""One of single answers and one of episodes; the others are checked by `make test-all`."""
SCRIPTS = ("checked.py", "rehearsal.py")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every file of the page."""
    made = tmp_path_factory.mktemp("page")
    for name, code in BLOCKS.items():
        (made / name).write_text(code, encoding="utf-8")
    return made


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    path = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(command, cwd=folder, env=path, capture_output=True, text=True)


def test_every_block_is_tried() -> None:
    assert PAGE.count("```python") == len(BLOCKS)
    named = {spec.partition(":")[0] for spec in ENVIRONMENTS}
    assert BLOCKS.keys() == {*named, *SCRIPTS, "questions.py", "test_prices.py"}


@pytest.mark.parametrize("spec", thorough_but(PLAINEST, ENVIRONMENTS))
def test_every_environment_keeps_its_promises(folder: Path, spec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    conformance = check(spec)
    assert [f.text for f in conformance.findings if f.outcome in {"broken", "advice"}] == []
    assert {*ENVIRONMENTS[spec], "answers", "licence"} <= set(conformance.abilities)


def test_the_async_one_has_too_few_tasks_as_the_page_says(folder: Path) -> None:
    (finding,) = check(f"{folder}/questions.py:Questions", only=["tasks"]).findings
    assert "too few distinct tasks" in finding.detail
    assert check(f"{folder}/questions.py:Questions", only=["any text is judged"]).broken == ()


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.thorough
def test_every_script_runs(folder: Path, script: str) -> None:
    done = run(folder, sys.executable, script)
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.thorough
def test_every_command_works_or_has_its_options(folder: Path) -> None:
    for command in COMMANDS:
        words = shlex.split(command)
        if words[:2] == ["burnish", "env"] or words[0] == "pytest":
            done = run(folder, *words, *(["-p", "no:asyncio"] if words[0] == "pytest" else []))
            assert done.returncode == 0, command + done.stdout + done.stderr
        else:  # these need a model
            shown = run(folder, *words[:2], "--help").stdout
            assert [word for word in words if word.startswith("--") and word not in shown] == []


def test_settings_are_settings() -> None:
    (toml,) = re.findall(r"```toml\n(environment = .*?)```", PAGE, re.DOTALL)
    assert RunConfig.parse(tomllib.loads(toml)).environment == "prices.py:Prices"
