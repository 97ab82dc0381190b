"""Exported records as examples, and what is refused before anything is trained."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from burnish.agent.training.data import read_examples
from burnish.errors import ConfigError


def written(folder: Path, records: Sequence[Mapping[str, Any]]) -> Path:
    file = folder / "train.jsonl"
    file.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return file


def said(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def conversation(*answers: str) -> dict[str, Any]:
    turns = [m for answer in answers for m in (said("user", f"before {answer}"), said("assistant", answer))]
    return {"messages": [said("system", "Play."), *turns], "provenance": {}}


def test_each_turn_of_an_episode_is_learnt_after_those_before_it(tmp_path: Path) -> None:
    first, second = read_examples(written(tmp_path, [conversation("left", "right")]), "sft")
    assert first == {
        "prompt": [said("system", "Play."), said("user", "before left")],
        "completion": [said("assistant", "left")],
    }
    assert second["prompt"] == [*first["prompt"], *first["completion"], said("user", "before right")]
    assert second["completion"] == [said("assistant", "right")]


def test_pairs_keep_what_trl_reads(tmp_path: Path) -> None:
    pair = {"prompt": [said("user", "q")], "chosen": [said("assistant", "a")], "rejected": [said("assistant", "b")]}
    assert read_examples(written(tmp_path, [{**pair, "provenance": {}}] * 2), "dpo") == [pair, pair]


def test_one_row_is_too_little(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is 1 example to train on, and 2 are the least"):
        read_examples(written(tmp_path, [conversation("left")]), "sft")


def test_rows_of_one_class_are_refused(tmp_path: Path) -> None:
    rows = [conversation("POS"), conversation("POS"), conversation("POS")]
    with pytest.raises(ConfigError, match="all 3 examples have the same answer"):
        read_examples(written(tmp_path, rows), "sft")
