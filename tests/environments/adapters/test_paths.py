"""Files that are named where none is, or none that can be read."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from burnish.environments.adapters.jsonl import Jsonl
from burnish.environments.registry import load
from burnish.errors import PluginError

LINES = "\n".join(f'{{"prompt": "{number}?", "answer": "{number}"}}' for number in range(40))


@pytest.mark.parametrize("scheme", ["jsonl", "humaneval"])
def test_what_is_no_regular_file_is_called_what_it_is(tmp_path: Path, scheme: str) -> None:
    (tmp_path / "folder.jsonl").mkdir()
    os.mkfifo(tmp_path / "pipe.jsonl")
    said = {
        f"{tmp_path}/gone.jsonl": f"there is no file {tmp_path}/gone.jsonl (looked in {tmp_path})",
        f"{tmp_path}/folder.jsonl": f"{tmp_path}/folder.jsonl is no regular file but a folder; name a file",
        f"{tmp_path}/pipe.jsonl": "pipe.jsonl is no regular file but a pipe, socket or device; name a file",
        "/dev/null": "/dev/null is no regular file but a pipe, socket or device; name a file",
        f"{tmp_path}/{'x' * 300}": "cannot be read: File name too long",
        "nothing\x00": "there is no file nothing",
    }
    for path, message in said.items():
        with pytest.raises(PluginError) as caught:
            load(f"{scheme}:{path}", {})
        assert message in str(caught.value)


def test_a_compressed_file_is_to_be_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "tasks.jsonl.gz"
    path.write_bytes(gzip.compress(LINES.encode()))
    with pytest.raises(PluginError, match=rf"{path} is compressed; unpack it \(`gunzip --keep {path}`\)"):
        load(f"jsonl:{path}", {})


def test_an_option_that_names_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "tasks.jsonl").write_text(LINES, encoding="utf-8")
    (tmp_path / "judge.py").mkdir()
    with pytest.raises(PluginError, match=r"^function: .*judge\.py is no regular file but a folder"):
        load(f"jsonl:{tmp_path}/tasks.jsonl", {"scorer": "function", "function": f"{tmp_path}/judge.py:judge"})


def test_lines_may_end_as_on_other_systems(tmp_path: Path) -> None:
    for ending in ("\r\n", "\r", "\n"):
        path = tmp_path / f"tasks{len(ending)}{ord(ending[-1])}.jsonl"
        path.write_bytes(b"\xef\xbb\xbf" + LINES.replace("\n", ending).encode())
        assert list(Jsonl(str(path)).tasks("train", 0))
