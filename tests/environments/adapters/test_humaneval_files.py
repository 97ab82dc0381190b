"""`humaneval:` with files in its format, which need no library."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from burnish.environments.adapters.humaneval import HumanEval
from burnish.environments.registry import load
from burnish.errors import PluginError
from burnish.types import SPLITS, Task

PROMPT = '"""Number {number}."""\n\ndef half(x):\n    """Return x / 2."""\n'
TEST = "def check(candidate):\n    assert candidate(4) == 2\n"


def problem(number: int = 0, **changed: str) -> dict[str, Any]:
    row = {"prompt": PROMPT.format(number=number), "entry_point": "half", "test": TEST}
    return {**row, "canonical_solution": "    return x / 2\n", **changed}


def written(folder: Path, *rows: dict[str, Any], name: str = "own.jsonl") -> str:
    path, content = folder / name, "\n".join(map(json.dumps, rows)).encode()
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return f"humaneval:{path}"


def problems(spec: str) -> tuple[HumanEval, list[Task]]:
    own = load(spec, {"licence": "CC0-1.0"})
    assert isinstance(own, HumanEval)
    assert own.licence == "CC0-1.0"
    return own, [task for split in SPLITS for task in own.tasks(split, 0)]


@pytest.mark.parametrize("name", ["own.jsonl", "own.jsonl.gz"])
def test_a_file_in_its_format_may_be_plain_or_packed(tmp_path: Path, name: str) -> None:
    own, tasks = problems(written(tmp_path, *map(problem, range(40)), name=name))
    assert len(tasks) == 40
    for task in tasks[:2]:
        assert own.score(task, str(own.solve(task))).verified
        assert not own.score(task, "def half(x):\n    return x").verified


@pytest.mark.parametrize("head", ["def half(x):\n", "def half(x):\n    # a half\n", "def half(x):"])
def test_a_head_alone_is_a_prompt(tmp_path: Path, head: str) -> None:
    rows = [problem(prompt=f"# {number}\n{head}") for number in range(40)]
    own, tasks = problems(written(tmp_path, *rows))
    assert own.score(tasks[0], "def half(x):\n    return x / 2").verified


@pytest.mark.parametrize(
    "test",
    [
        "from checks import check",
        "from checks import *",
        "check = print",
        "def check(f, x=1, *, y=2): pass",
        "def check(*f): pass",
        "if True:\n    def check(f): pass",
        "'\\d'\n" + TEST,
    ],
)
def test_the_check_may_come_to_its_name_in_any_way(tmp_path: Path, test: str) -> None:
    assert problems(written(tmp_path, *(problem(number, test=test) for number in range(40))))


GOOD = problem()
BAD: list[tuple[dict[str, Any], str]] = [
    (problem(1, test="def check(candidate:\n    pass"), 'has a field "test" that is not Python ('),
    (problem(1, test="assert half(4) == 2"), 'has a field "test" without a function check(candidate)'),
    (problem(1, test="def test():\n    def check(c): pass"), "without a function check(candidate)"),
    (problem(1, test="def check(candidate, x):\n    pass"), "without a function check(candidate)"),
    (problem(1, test="def check():\n    pass"), "without a function check(candidate)"),
    (problem(1, test="def check(candidate, *, x):\n    pass"), "without a function check(candidate)"),
    (problem(1, test="async def check(candidate):\n    assert False"), "without a function check(candidate)"),
    (problem(1, test="x = '\x00'"), 'has a field "test" that is not Python ('),
    (problem(1, prompt="Halve it.\ndef half(x):\n"), 'has a field "prompt" that is not Python ('),
    (problem(1, entry_point="hal"), 'has a prompt that does not define its entry point "hal"'),
    (problem(1, entry_point="double"), 'has a prompt that does not define its entry point "double"'),
    (problem(0, test=TEST + "#"), "has the prompt of line 1; leave one of them out"),
    ({"prompt": "p"}, 'has no field "entry_point"; it has prompt'),
]


@pytest.mark.parametrize(("row", "message"), BAD, ids=range(len(BAD)))
@pytest.mark.parametrize("name", ["own.jsonl", "own.jsonl.gz"])
def test_a_bad_line_is_named(tmp_path: Path, row: dict[str, Any], message: str, name: str) -> None:
    with pytest.raises(PluginError) as caught:
        load(written(tmp_path, GOOD, row, name=name), {})
    assert str(caught.value).startswith(f"{tmp_path / name}, line 2: ")
    assert message in str(caught.value)


def test_nothing_of_a_file_is_run_to_look_at_it(tmp_path: Path) -> None:
    touch = f"open({str(tmp_path / 'touched')!r}, 'w')\n"
    rows = [problem(number, prompt=touch + PROMPT.format(number=number), test=touch + TEST) for number in range(40)]
    assert problems(written(tmp_path, *rows))
    assert not (tmp_path / "touched").exists()


def test_a_file_without_a_task_for_each_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"has too few tasks: \d for train, \d for validation, \d for test"):
        load(written(tmp_path, GOOD), {})
    with pytest.raises(PluginError, match="is empty"):
        load(written(tmp_path), {})


def test_a_packed_file_that_is_cut_off_is_named(tmp_path: Path) -> None:
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(b"{}" * 99)[:-9])
    with pytest.raises(PluginError, match=r"cut\.jsonl\.gz cannot be read: Compressed file ended"):
        load(f"humaneval:{tmp_path}/cut.jsonl.gz", {})
