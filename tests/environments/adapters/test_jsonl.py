import json
from pathlib import Path
from typing import Any

import pytest

from burnish.environments.adapters.jsonl import Jsonl
from burnish.environments.boundary import GuardedEnvironment
from burnish.environments.registry import load
from burnish.errors import BurnishError, ConfigError, PluginError
from burnish.protocols import Levels, Licensed, Solvable, abilities
from burnish.types import SPLITS, Status, Task, canonical_json

Rows = list[dict[str, Any]]
CAPITALS = [("France", "Paris"), ("Peru", "Lima"), ("Norway", "Oslo"), ("Japan", "Tokyo"), ("Cuba", "Havana")]
MANY: Rows = [
    {"prompt": f"{number}. What is the capital of {country}?", "answer": capital, "cell": "europe", "level": level}
    for number in range(12)
    for (country, capital), level in zip(CAPITALS, ("easy", "hard") * 3, strict=False)
]


def written(folder: Path, rows: Rows, name: str = "tasks.jsonl") -> str:
    path = folder / name
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n", encoding="utf-8")
    return str(path)


def environment(folder: Path, answers: list[Any], **options: Any) -> Jsonl:
    rows = [{"prompt": f"Question {n}?", "answer": answers[n % len(answers)]} for n in range(60)]
    return Jsonl(written(folder, rows), **options)


def first(environment: Jsonl, expected: Any) -> Task:
    return next(t for t in environment.tasks("train", 0) if t.data["answer"] == expected)


async def test_every_line_is_a_task_of_one_split_and_its_answer_is_verified(tmp_path: Path) -> None:
    loaded = load(f"jsonl:{written(tmp_path, MANY)}", {"licence": "CC0-1.0"})
    guarded = GuardedEnvironment(loaded)
    drawn = {split: await guarded.draw(split, 0, 100) for split in SPLITS}
    assert sorted(t.prompt for tasks in drawn.values() for t in tasks) == sorted(row["prompt"] for row in MANY)
    assert isinstance(loaded, Solvable)
    assert isinstance(loaded, Licensed)
    assert (loaded.name, loaded.licence) == ("jsonl:tasks.jsonl", "CC0-1.0")
    restored = [Task.from_json(json.loads(canonical_json(t.to_json()))) for t in drawn["train"]]
    verdicts = await guarded.judge_all([(t, str(loaded.solve(t))) for t in restored])
    assert all(verdict.verified for verdict in verdicts)


def test_order_follows_the_seed(tmp_path: Path) -> None:
    loaded = Jsonl(written(tmp_path, MANY))
    once, again, other = (list(loaded.tasks("train", seed)) for seed in (1, 1, 2))
    assert once == again != other
    assert {t.id for t in once} == {t.id for t in other}


def test_levels_are_those_of_the_file(tmp_path: Path) -> None:
    loaded = Jsonl(written(tmp_path, MANY))
    assert isinstance(loaded, Levels)
    assert loaded.levels == ("easy", "hard")
    hard = loaded.at_level("hard")
    assert {t.cell for t in hard.tasks("train", 0)} == {"europe/hard"}
    assert list(hard.tasks("train", 0)) == list(Jsonl(written(tmp_path, MANY), level="hard").tasks("train", 0))
    with pytest.raises(ConfigError, match='no level "hrad"; did you mean "hard"'):
        loaded.at_level("hrad")
    flat = Jsonl(written(tmp_path, [{k: row[k] for k in ("prompt", "answer")} for row in MANY]))
    assert "levels" not in abilities(flat)


EXACT = ["Paris", "Lima"]
CASES: list[tuple[dict[str, Any], list[Any], Any, str, float, bool]] = [
    ({}, EXACT, "Paris", "Paris", 1.0, True),
    ({}, EXACT, "Paris", "I think. <answer> Paris\n</answer> Yes.", 1.0, True),
    ({}, EXACT, "Paris", "Paris it is", 0.0, False),
    ({}, EXACT, "Paris", "paris", 0.0, False),
    ({"ignore_case": True}, EXACT, "Paris", "pARIS", 1.0, True),
    ({"scorer": "number"}, [1200, "0.1"], "1200", "1,200.0", 1.0, True),
    ({"scorer": "number"}, [1200, "0.1"], "1200", "It is 1200.", 0.5, False),
    ({"scorer": "number"}, [35, "-3.5"], "35", "3,5", 0.0, False),
    ({"scorer": "number"}, [35, "-3.5"], "35", "<answer>3,,5</answer>", 0.0, False),
    ({"scorer": "number"}, [35, "-3.5"], "35", "It is 3,5 or 35.", 0.0, False),
    ({"scorer": "number"}, [35, "-3.5"], "-3.5", "\u22123.5", 1.0, True),
    ({"scorer": "number"}, [1200, "0.1"], "1200", "It is 1201.", 0.0, False),
    ({"scorer": "number"}, [1200, "0.1"], "0.1", "1e-1", 1.0, True),
    ({"scorer": "number", "tolerance": 0.01}, [1200, "0.1"], "0.1", "0.105", 1.0, True),
    ({"scorer": "contains"}, EXACT, "Paris", "That would be paris!", 1.0, True),
    ({"scorer": "contains"}, EXACT, "Paris", "Paris or Lima", 0.5, False),
    ({"scorer": "contains"}, EXACT, "Paris", "Paris, Paris", 0.5, False),
    ({"scorer": "contains"}, EXACT, "Paris", "Parisian", 0.0, False),
    ({"scorer": "contains"}, EXACT, "Paris", f"Paris {'x' * 99}", 0.5, False),
    ({"scorer": "contains", "slack": 200}, EXACT, "Paris", f"Paris {'x' * 99}", 1.0, True),
    ({"scorer": "regex"}, ["[a-z]{3}", r"\d+"], r"\d+", " 123 ", 1.0, True),
    ({"scorer": "regex"}, ["[a-z]{3}", r"\d+"], r"\d+", "123 or so", 0.0, False),
    ({"scorer": "regex", "pattern": r"\w+ \w+"}, ["a b"], "a b", "cd ef", 1.0, True),
    ({"scorer": "json"}, [{"a": 1, "b": "x"}], {"a": 1, "b": "x"}, '{"b": "x", "a": 1.0}', 1.0, True),
    ({"scorer": "json"}, [{"a": 1, "b": "x"}], {"a": 1, "b": "x"}, '{"b": "y", "a": 1}', 0.5, False),
    ({"scorer": "json"}, [{"a": 1, "b": "x"}], {"a": 1, "b": "x"}, 'Here: {"b": "x", "a": 1}', 1.0, False),
    ({"scorer": "json"}, [{"a": 1, "b": "x"}], {"a": 1, "b": "x"}, '{"b": "x", "a": 1, "c": 2}', 1.0, False),
    ({"scorer": "json"}, [{"a": 1, "b": "x"}], {"a": 1, "b": "x"}, '{"b": "x", "a": true}', 0.5, False),
    ({"scorer": "json", "fields": ["b"]}, [{"a": 1, "b": "x"}], {"b": "x"}, '{"b": "x"}', 1.0, True),
    ({"scorer": "json"}, [{"a": [{"b": None}]}], {"a": [{"b": None}]}, '{"a": [{"b": null}]}', 1.0, True),
]


@pytest.mark.parametrize(("options", "answers", "expected", "answer", "reward", "verified"), CASES)
def test_scorers(
    tmp_path: Path, options: Any, answers: list[Any], expected: Any, answer: str, reward: float, verified: bool
) -> None:
    loaded = environment(tmp_path, answers, **options)
    feedback = loaded.score(first(loaded, expected), answer)
    assert (feedback.reward, feedback.verified) == (reward, verified)
    assert bool(feedback.text) is not verified


@pytest.mark.parametrize(
    ("options", "answers"),
    [
        ({}, EXACT),
        ({"scorer": "number"}, [1200, 0.5, "-3"]),
        ({"scorer": "contains"}, EXACT),
        ({"scorer": "json"}, [{"a": {"b": [1, 2.5, "é"]}}, '{"c": true}']),
        ({"scorer": "regex", "pattern": "[a-z]+"}, ["abc"]),
    ],
)
def test_the_answer_of_the_file_is_verified(tmp_path: Path, options: Any, answers: list[Any]) -> None:
    loaded = environment(tmp_path, answers, **options)
    for task in loaded.tasks("train", 0):
        solved = loaded.solve(task)
        assert solved is not None
        assert loaded.score(task, solved).verified


def test_a_pattern_alone_has_no_example(tmp_path: Path) -> None:
    loaded = environment(tmp_path, [r"\d+"], scorer="regex")
    assert loaded.solve(first(loaded, r"\d+")) is None


def test_a_pattern_that_backtracks_without_end_is_given_up(tmp_path: Path) -> None:
    loaded = environment(tmp_path, [r"(a|aa)+$|(a*)*b"], scorer="regex")
    feedback = loaded.score(first(loaded, r"(a|aa)+$|(a*)*b"), "a" * 5000 + "!")
    assert (feedback.status, feedback.verified) in {(Status.TIMEOUT, False), (Status.OK, False)}


OWN = """
def judge(prompt, expected, answer):
    assert prompt.startswith("Question")
    return (0.25, "look again") if answer != expected else True

def number(prompt, expected, answer):
    return 7

def words(prompt, expected, answer):
    return "good"
"""


async def test_a_function_of_ones_own_judges(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN)
    loaded = environment(tmp_path, EXACT, scorer="function", function=f"{tmp_path}/own.py:judge")
    task = first(loaded, "Paris")
    assert loaded.score(task, "Paris").verified
    assert loaded.solve(task) is None
    wrong = loaded.score(task, "Lima")
    assert (wrong.reward, wrong.verified, wrong.text) == (0.25, False, "look again")
    for name, said in (("number", "a reward is from 0 to 1"), ("words", "returned str, not a number")):
        wrong_kind = environment(tmp_path, EXACT, scorer="function", function=f"{tmp_path}/own.py:{name}")
        feedback = await GuardedEnvironment(wrong_kind).judge(task, "x")
        assert feedback.status is Status.ERROR
        assert said in feedback.text


HOSTILE = [
    "",
    "\x00",
    "{" * 1_000_000,
    "[" * 100_000,
    "9" * 10_000,
    "\ud800",
    "<answer>" * 100_000,
    "1e999999999",
    "NaN",
]


@pytest.mark.parametrize("scorer", ["exact", "number", "contains", "json", "regex"])
def test_hostile_answers_neither_raise_nor_pay(tmp_path: Path, scorer: str) -> None:
    expected: dict[str, list[Any]] = {"number": [12], "json": [{"a": 12}], "regex": ["[a-z]+"]}
    answers = expected.get(scorer, ["Paris"])
    loaded = environment(tmp_path, answers, scorer=scorer)
    task = next(loaded.tasks("train", 0))
    for answer in HOSTILE:
        feedback = loaded.score(task, answer)
        assert (feedback.reward, feedback.verified) == (0.0, False)
        assert feedback.text


GOOD = '{"prompt": "p", "answer": "a"}\n'
BAD: list[tuple[str, str]] = [
    ("", "is empty; write one JSON object a line"),
    (
        GOOD + "\n{oops}\n",
        "line 3: is not JSON (Expecting property name enclosed in double quotes: column 2); write one JSON object",
    ),
    (
        GOOD + f'{{"prompt": "q", "answer": -{"9" * 5000}}}',
        "line 2: holds a number of 5000 digits, more than can be read",
    ),
    (GOOD + '{"prompt": "q", "answer": 1e999}', "line 2: holds the number 1e999, larger than can be reckoned with"),
    (GOOD + "[" * 100_000, "line 2: is nested too deeply to be read; write it with fewer levels"),
    (
        GOOD + '{"prompt": "q", "answer": {"a": 1, "b": 2, "a": 1}}',
        'line 2: holds the key "a" more than once in one object; leave one of them out',
    ),
    (GOOD + "[1]\n", "line 2: is not a JSON object but a list"),
    (
        GOOD + '{"promt": "q", "answer": "a"}',
        'line 2: has no field "prompt"; did you mean "promt"? it has promt, answer',
    ),
    (GOOD + '{"prompt": " ", "answer": "a"}', 'line 2: has a field "prompt" that is no text'),
    (GOOD + '{"prompt": "q"}', 'line 2: has no field "answer"; it has prompt'),
    (GOOD + '{"prompt": "q", "answer": ""}', 'line 2: has a field "answer" that must be a text or a number'),
    (GOOD + '{"prompt": " p ", "answer": "b"}', "line 2: has the prompt of line 1; leave one of them out"),
    (GOOD + '{"prompt": "q", "answer": NaN}', "line 2: is not JSON (NaN is no JSON value)"),
    (GOOD + '{"prompt": "\\ud800", "answer": "a"}', "line 2: holds half a character"),
    (GOOD + '{"prompt": "q", "answer": "a", "cell": []}', 'line 2: has a field "cell" that is no text'),
    (GOOD, "has too few tasks: "),
]


@pytest.mark.parametrize(("text", "message"), BAD)
def test_a_bad_file_is_named_with_the_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PluginError) as caught:
        load(f"jsonl:{path}", {})
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_bytes_that_are_no_text_are_named_with_the_line(tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_bytes(GOOD.encode() + b"\xff\xfe\n")
    with pytest.raises(PluginError, match="line 2: is not UTF-8"):
        Jsonl(str(tmp_path / "bad.jsonl"))


def test_too_few_tasks_are_counted_by_split(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"\d+ for train, \d+ for validation, \d+ for test.* at least 40"):
        Jsonl(written(tmp_path, MANY), at_least=40)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scorer": "exakt"}, 'there is no scorer "exakt"; did you mean "exact"? known are contains, exact'),
        ({"tolerance": 1}, 'the scorer "exact" has no option "tolerance"; it is for scorer=number or scorer=json'),
        ({"tolerence": 1}, 'no option "tolerence"; did you mean "tolerance"? it is for scorer=number or scorer=json'),
        ({"scroer": "json", "fields": ["a"]}, 'jsonl: there is no option "scroer"; did you mean "scorer"? known are'),
        (
            {"ignore_csae": True},
            'there is no option "ignore_csae"; did you mean "ignore_case"? known are answer, at_least',
        ),
        ({"ignore_case": "yes"}, "the option \"ignore_case\" is 'yes'; give true or false"),
        ({"scorer": "number", "tolerance": -1}, "tolerance is -1; give a number that is not negative"),
        ({"scorer": "json", "fields": "name"}, "fields is 'name'; give a list of keys"),
        ({"scorer": "regex", "pattern": "("}, "pattern is no regular expression"),
        ({"scorer": "function"}, "function is ''; give a function as path/to/file.py:name"),
        ({"scorer": "function", "function": "gone.py:f"}, "function: there is no file gone.py"),
        ({"level": "deep"}, 'has no level "deep"; known are easy, hard'),
        ({"scorer": "contains", "slack": -1}, "slack is -1; give the characters"),
        ({"at_least": 0}, "at_least is 0; every split needs a task"),
        ({"at_least": -4}, "at_least is -4; every split needs a task"),
    ],
)
def test_wrong_options_say_what_is_right(tmp_path: Path, options: Any, message: str) -> None:
    with pytest.raises(BurnishError) as caught:
        load(f"jsonl:{written(tmp_path, MANY)}", options)
    assert message in str(caught.value)


def test_a_file_that_is_missing_or_a_function_that_is(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"there is no file .*gone\.jsonl"):
        load(f"jsonl:{tmp_path}/gone.jsonl", {})
    (tmp_path / "own.py").write_text(OWN)
    with pytest.raises(PluginError, match='no function "jugde"; did you mean "judge"'):
        environment(tmp_path, EXACT, scorer="function", function=f"{tmp_path}/own.py:jugde")
