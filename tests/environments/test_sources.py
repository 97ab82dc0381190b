"""Files of environments are found from any folder, and known by what is in them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import SimpleNamespace

import pytest

from burnish.environments.sources import changed, digests
from burnish.paths import anywhere, option_anywhere
from burnish.types import JsonValue


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("sums.jsonl", "shop.py", "task.yaml", "more.csv", "prompt"):
        (tmp_path / name).write_text(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("shop.py:Shop", "{}/shop.py:Shop"),
        ("./shop.py:Shop", "{}/shop.py:Shop"),
        ("gone.py:Shop", "{}/gone.py:Shop"),
        ("jsonl:sums.jsonl", "jsonl:{}/sums.jsonl"),
        ("inspect:shop.py@sums", "inspect:{}/shop.py@sums"),
        ("jsonl:gone.jsonl", "jsonl:gone.jsonl"),
        ("rg:leg_counting", "rg:leg_counting"),
        ("contacts", "contacts"),
        ("", ""),
        ("jsonl:" + "x" * 5000, "jsonl:" + "x" * 5000),
    ],
)
def test_a_specification_from_anywhere(folder: Path, spec: str, expected: str) -> None:
    assert anywhere(spec) == expected.format(folder)


def test_only_options_that_name_a_function_are_files(folder: Path) -> None:
    assert option_anywhere("shop.py:render") == f"{folder}/shop.py:render"
    others: list[JsonValue] = ["prompt", "sums.jsonl", "a: b.py:", 3, True, None, ["shop.py:render"]]
    for other in others:
        assert option_anywhere(other) == other


def test_digests_are_of_every_file_and_tell_of_changes(folder: Path) -> None:
    environment = SimpleNamespace(files=[str(folder / "more.csv")])
    known = digests("jsonl:sums.jsonl", {"function": "shop.py:right", "cell": "prompt"}, environment)
    assert known == {
        str(folder / name): hashlib.sha256(name.encode()).hexdigest() for name in ("sums.jsonl", "shop.py", "more.csv")
    }
    assert digests("contacts", {}, object()) == {}
    assert changed(known) == []
    (folder / "shop.py").write_text("changed")
    (folder / "more.csv").unlink()
    assert changed(known) == [folder / "shop.py", folder / "more.csv"]
    assert changed(None) == []  # a run of an older version
