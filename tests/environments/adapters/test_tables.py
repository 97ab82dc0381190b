"""Tasks in tables, folders and conversations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from burnish.environments.adapters.jsonl import Jsonl
from burnish.environments.registry import load
from burnish.environments.sources import digests
from burnish.errors import ConfigError, PluginError
from burnish.types import SPLITS

ROWS = [(f'{n}. Who wrote "Faust", part {n}?', f"Goethe, {n}") for n in range(60)]


def drawn(loaded: Any) -> dict[str, str]:
    return {task.prompt: str(task.data["answer"]) for split in SPLITS for task in loaded.tasks(split, 0)}


@pytest.mark.parametrize(("name", "delimiter"), [("a.csv", ","), ("a.csv", ";"), ("a.CSV", "|"), ("a.tsv", "\t")])
def test_a_table_has_a_task_a_row(tmp_path: Path, name: str, delimiter: str) -> None:
    quoted = [[f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row] for row in ROWS]
    lines = [delimiter.join(row) for row in [["question", "who"], *quoted]]
    (tmp_path / name).write_text("\ufeff" + "\r\n".join([*lines[:9], "", *lines[9:]]), encoding="utf-8")
    loaded = load(f"jsonl:{tmp_path / name}", {"prompt": "question", "answer": "who"})
    assert drawn(loaded) == dict(ROWS)


def test_a_cell_may_have_several_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("prompt,answer\n" + "\n".join(f'"two\nlines {n}",{n}' for n in range(60)), encoding="utf-8")
    assert drawn(Jsonl(str(path)))["two\nlines 7"] == "7"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prompt,answer\nTo be, or not,yes\n", "line 2: has 3 cells and there are 2 columns; put quotes round"),
        ('prompt,answer\n"open,yes\n', "is not CSV (unexpected end of data); close its quotes"),
        ("prompt,prompt\na,b\n", "line 1: the columns are"),
        ("text,answer\na,b\n", 'line 2: has no field "prompt"; it has text, answer'),
        ("prompt,answer\na\n", 'line 2: has no field "answer"; it has prompt'),
        ("prompt,answer\n", "is empty; write one JSON object a line, or a row of a table"),
    ],
)
def test_what_is_wrong_in_a_table_is_said_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PluginError) as refused:
        Jsonl(str(path))
    assert said in str(refused.value)


def test_a_file_named_alone_is_told_how_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("prompt,answer\n", encoding="utf-8")
    with pytest.raises(ConfigError, match='did you mean "jsonl:'):
        load(str(path), {})


def test_of_a_folder_all_files_are_read_and_known_by_their_digests(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "README.md").write_text("A data set.")
    one, other = tmp_path / "data" / "train.jsonl", tmp_path / "data" / "test.csv"
    one.write_text("\n".join(json.dumps({"prompt": p, "answer": a}) for p, a in ROWS[:40]), encoding="utf-8")
    other.write_text("prompt,answer\n" + "\n".join(f"q{n},a{n}" for n in range(20)), encoding="utf-8")
    loaded = load(f"jsonl:{tmp_path}", {})
    assert drawn(loaded) == {**dict(ROWS[:40]), **{f"q{n}": f"a{n}" for n in range(20)}}
    assert digests(f"jsonl:{tmp_path}", {}, loaded).keys() == {str(one), str(other)}


def test_a_folder_without_data_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        PluginError, match=r"holds no data: name a folder saved by `datasets`, or one of files in \.csv"
    ):
        Jsonl(str(tmp_path))


def conversation(number: int, kind: str) -> list[dict[str, str]]:
    said = [("system", "Be brief."), ("user", f"What is {number} + 1?"), ("assistant", str(number + 1))]
    if kind == "openai":
        return [{"role": role, "content": text} for role, text in said]
    names = {"system": "system", "user": "human", "assistant": "gpt"}
    return [{"from": names[role], "value": text} for role, text in said]


@pytest.mark.parametrize("kind", ["openai", "sharegpt"])
def test_a_conversation_is_a_prompt_and_its_last_answer_what_is_expected(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "chat.jsonl"
    path.write_text("\n".join(json.dumps({"messages": conversation(n, kind)}) for n in range(60)), encoding="utf-8")
    assert drawn(Jsonl(str(path), prompt="messages"))["Be brief.\n\nWhat is 3 + 1?"] == "4"


def test_the_course_of_a_conversation_is_told_and_a_field_may_have_the_answer(tmp_path: Path) -> None:
    path = tmp_path / "chat.jsonl"
    rows = [
        {
            "prompt": [
                {"role": "user", "content": f"I have {n}."},
                {"role": "assistant", "content": "Fine."},
                {"role": "user", "content": "And one more?"},
            ],
            "answer": n + 1,
        }
        for n in range(60)
    ]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert drawn(Jsonl(str(path)))["User: I have 3.\n\nAssistant: Fine.\n\nUser: And one more?"] == "4"


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ([{"role": "user"}], 'has a field "prompt" that is no text'),
        ([{"role": "assistant", "content": "Hello"}], 'has a conversation "prompt" in which nobody asks anything'),
        ([{"role": "user", "content": "Hello"}], 'has no field "answer"'),
    ],
)
def test_what_is_no_conversation_is_said(tmp_path: Path, messages: Any, said: str) -> None:
    path = tmp_path / "chat.jsonl"
    path.write_text(json.dumps({"prompt": messages}), encoding="utf-8")
    with pytest.raises(PluginError) as refused:
        Jsonl(str(path))
    assert said in str(refused.value)


def test_feedback_says_what_is_wrong_with_an_answer(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(json.dumps({"prompt": f"q{n}", "answer": "New York"}) for n in range(60)))
    loaded = Jsonl(str(path))
    task = next(loaded.tasks("train", 0))
    said = {answer: loaded.score(task, answer).text for answer in ("new york", "It is New York .", "a b c", "Rome")}
    assert said == {
        "new york": "the answer is the expected one but for capitals",
        "It is New York .": "the answer holds more than the expected one; give that alone",
        "a b c": "the answer has too many words; expected are 2 at most",
        "Rome": "the answer is not the expected one",
    }
