"""What docs/adapters.md says of the adapters is what the code does."""

import re
from pathlib import Path

import pytest

from burnish.environments.adapters import reasoning_sets, worlds
from burnish.environments.adapters.gym import READY
from burnish.environments.adapters.scorers import SCORERS

PAGE = (Path(__file__).parents[3] / "docs" / "adapters.md").read_text(encoding="utf-8")


def section(scheme: str) -> str:
    found = re.search(rf"^## `{scheme}:`.*?(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found
    return found[0]


def test_refused_sets_stand_there_with_the_reason() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", section("rg"), re.MULTILINE))
    assert rows == dict(reasoning_sets.REFUSED)


@pytest.mark.parametrize("table", ["FORMS", "GUARDS", "STRICTER", "ORDERED", "SEEDED", "UNSOLVED"])
def test_mended_sets_stand_there(table: str) -> None:
    named = set(re.findall(r"`(\w+)`", section("rg")))
    assert set(getattr(reasoning_sets, table)) <= named


def test_games_and_scorers_stand_there() -> None:
    games = {name.rpartition("-v")[0] for name in re.findall(r"`(\w+-v\d)`", section("gym"))}
    assert set(READY) <= games
    assert set(re.findall(r"^\| `(\w+)` \| [^|]+ \|$", section("tw"), re.MULTILINE)) == set(worlds.WORLDS)
    assert set(worlds.REFUSED) <= set(re.findall(r"`(\w+)`", section("tw")))
    assert set(SCORERS) <= set(re.findall(r"^\| `(\w+)` \|", section("jsonl"), re.MULTILINE))
