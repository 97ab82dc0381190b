"""An export is on disk whole, or not at all."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from burnish.agent.exports.writing import Records, new_folder, write
from burnish.errors import ExportExists, StorageError

RECORDS: Records = [{"text": f"line {n}"} for n in range(10_000)]


@pytest.fixture
def little_room() -> Iterator[None]:
    """The kernel refuses each byte of a file past the limit, as a full disk would."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.usefixtures("little_room")
def test_where_the_room_ends_nothing_is_left(tmp_path: Path) -> None:
    with (
        pytest.raises(StorageError, match=r"cannot write .*data: File too large; make room or give another --out"),
        new_folder(tmp_path / "data") as folder,
    ):
        write(RECORDS, folder / "train", "jsonl", {"text": "string"})
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_export_left_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / ".data.part").mkdir()
    (tmp_path / ".data.part" / "train.jsonl").write_text("half")
    with new_folder(tmp_path / "data") as folder:
        write(RECORDS[:1], folder / "train", "jsonl", {"text": "string"})
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    assert (tmp_path / "data" / "train.jsonl").read_text() == '{"text": "line 0"}\n'


def test_the_folder_one_is_in_will_do_while_it_is_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with new_folder(Path()) as folder:
        write(RECORDS[:1], folder / "train", "jsonl", {"text": "string"})
    assert (tmp_path / "here" / "train.jsonl").exists()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(ExportExists), new_folder(Path()):
        pass


def test_lone_surrogates_are_no_hindrance(tmp_path: Path) -> None:
    write([{"text": "\ud800"}], tmp_path / "train", "jsonl", {"text": "string"})
    assert (tmp_path / "train.jsonl").read_text(encoding="utf-8") == '{"text": "?"}\n'
