"""What the documentation shows exists and runs."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from burnish.agent.cli.main import app
from burnish.agent.cli.steer import LIST
from burnish.agent.recipes.listing import configuration
from burnish.config import RunConfig
from burnish.environments.boundary import GuardedEnvironment
from burnish.environments.registry import load

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_configuration_page_is_what_the_code_says() -> None:
    script = ROOT / "docs" / "generate_configuration.py"
    printed = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True).stdout
    assert (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8") == printed


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def leads_somewhere(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    other = page.parent / path if path else page
    return other.exists() and (not anchor or anchor in anchors(other))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_relative_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(((?!https?:)[^)\s]+)\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not leads_somewhere(page, link)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_named_are_there(page: Path) -> None:
    folders = "agent|benchmarks|core|environments|memory|policies|tests"
    named = re.findall(rf"`((?:{folders})/[\w/.]+)`", page.read_text(encoding="utf-8"))
    assert [name for name in named if "NAME" not in name and not (ROOT / name).exists()] == []


def test_every_page_is_reached_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(readme.splitlines()) < 120
    assert [page.name for page in PAGES if page.parent.name == "docs" and f"(docs/{page.name}" not in readme] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_shown_is_there_with_its_options(page: Path) -> None:
    for line in re.findall(r"^ *\$ burnish (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE):
        command: Any = get_command(app)
        words = shlex.split(line, comments=True)
        while commands := getattr(command, "commands", None):
            name = words.pop(0) if words[0] in commands else LIST
            assert name in commands, line
            command = commands[name]
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if re.match("--?[a-z]", word)} <= known, line
        if command.name == "run" and re.match("examples/|[a-z][a-z-]*$", words[0]):
            RunConfig.load(ROOT / configuration(Path(words[0])))  # refuses what is not there


async def test_the_environment_of_the_readme_works(tmp_path: Path) -> None:
    block = re.search(r"```python\n# shop.py\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert block
    (tmp_path / "shop.py").write_text(block[1], encoding="utf-8")
    shop: Any = load(f"{tmp_path / 'shop.py'}:Shop", {})
    guarded = GuardedEnvironment(shop)
    tasks = await guarded.draw("train", 0, 5)
    assert len(tasks) == 5
    assert all(f.verified for f in await guarded.judge_all([(t, str(t.data["gold"])) for t in tasks]))
    assert not (await guarded.judge(tasks[0], "a lot")).verified
    assert len(list(islice(shop.tasks("train", 0), 3))) == 3
