"""Tasks in Parquet files, and in what the real `datasets` saves to disk."""

from __future__ import annotations

from pathlib import Path

import datasets
import pytest

from burnish.environments.adapters.jsonl import Jsonl
from burnish.errors import PluginError
from burnish.types import SPLITS

ROWS = {"prompt": [f"What is {n} + 1?" for n in range(90)], "answer": [str(n + 1) for n in range(90)]}
EXPECTED = dict(zip(ROWS["prompt"], ROWS["answer"], strict=True))


def drawn(path: Path) -> dict[str, str]:
    loaded = Jsonl(str(path))
    return {task.prompt: str(task.data["answer"]) for split in SPLITS for task in loaded.tasks(split, 0)}


def test_a_parquet_file_has_a_task_a_row(tmp_path: Path) -> None:
    datasets.Dataset.from_dict(ROWS).to_parquet(tmp_path / "a.parquet")
    assert drawn(tmp_path / "a.parquet") == EXPECTED


def test_a_data_set_saved_to_disk_is_read(tmp_path: Path) -> None:
    datasets.Dataset.from_dict(ROWS).save_to_disk(tmp_path / "one", num_shards=3)
    assert drawn(tmp_path / "one") == EXPECTED


def test_so_is_one_of_several_splits(tmp_path: Path) -> None:
    datasets.Dataset.from_dict(ROWS).train_test_split(0.3).save_to_disk(tmp_path / "two")
    assert drawn(tmp_path / "two") == EXPECTED


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_text("no parquet")
    with pytest.raises(PluginError, match=r"a\.parquet cannot be read"):
        Jsonl(str(tmp_path / "a.parquet"))
