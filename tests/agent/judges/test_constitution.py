"""A constitution is read, and what is wrong with one is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from codes import code_of
from laboratory import Laboratory

from burnish.agent.exports.formats import FORMATS
from burnish.agent.exports.rows import rows_of
from burnish.agent.judges.constitution import read_constitution
from burnish.agent.record.run import open_run
from burnish.agent.verification.verify import verify
from burnish.errors import ConfigError, PluginError

GOOD = """
[[principle]]
name = "short"
text = "Answer in at most three words."
most_words = 3

[[principle]]
name = "kind"
text = "Be kind."

[[principle]]
name = "digits"
text = "Answer with digits."
matches = "[0-9]+"

[[principle]]
name = "loud"
text = "Shout."
function = "{folder}/checks.py:loud"
"""


def test_principles_and_their_predicates(tmp_path: Path) -> None:
    (tmp_path / "checks.py").write_text("def loud(answer):\n    return answer[0].isupper()\n")
    (tmp_path / "c.toml").write_text(GOOD.replace("{folder}", str(tmp_path)))
    short, kind, digits, loud = read_constitution(tmp_path / "c.toml")
    assert (short.name, short.text) == ("short", "Answer in at most three words.")
    assert kind.keeps is None
    assert short.keeps
    assert digits.keeps
    assert loud.keeps
    assert [short.keeps(text) for text in ("a b c", "a b c d")] == [True, False]
    assert [digits.keeps(text) for text in (" 42\n", "42!")] == [True, False]
    assert [loud.keeps(text) for text in ("HEY", "hey", "")] == [True, False, False]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no principles; write each as a table"),
        ("[principles]\na = 1", "holds no principles"),
        ("[[principle]", "is not valid TOML"),
        ('[[principle]]\nname = "a"', "principle 1: text = "),
        ('[[principle]]\nname = "a"\ntext = "b"\nmost_word = 3', 'unknown key most_word; did you mean "most_words"?'),
        ('[[principle]]\nname = "a"\ntext = "b"\nmost_words = -3', "principle 1: most_words = -3"),
        ('[[principle]]\nname = "a"\ntext = "b"\nmatches = "("', "matches is no regular expression"),
        (
            '[[principle]]\nname = "a"\ntext = "b"\nmost_words = 3\nlacks = ["x"]',
            "it has most_words and lacks; give one",
        ),
        ('[[principle]]\nname = "a"\ntext = " "', "name and text must not be empty"),
        ('[[principle]]\nname = "a"\ntext = "b"\n' * 2, 'two principles are called "a"'),
        ('[[principle]]\nname = "a"\ntext = "b"\nfunction = "x"', "give a function as path/to/file.py:name"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "c.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_constitution(path)
    assert message in str(caught.value)


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read"):
        read_constitution(tmp_path / "none.toml")
    (tmp_path / "c.toml").write_text(f'[[principle]]\nname = "a"\ntext = "b"\nfunction = "{tmp_path}/none.py:f"')
    with pytest.raises((ConfigError, PluginError), match=r"none\.py"):
        read_constitution(tmp_path / "c.toml")


BRIEF = '[[principle]]\nname = "brief"\ntext = "Answer with the code alone."\nmost_words = 1\n'


def chatty(body: Any) -> str:
    """Knows the codes, talks too much, and mends that when it is told."""
    system, asked = body["messages"][0]["content"], body["messages"][-1]["content"]
    if system.startswith("You rate answers."):
        return "3"
    if "how the answer falls short" in system:
        return "It says more than the code."
    if "Write the answer again" in system:
        return code_of(asked.split("\n\nAnswer: ")[0].removeprefix("Task: "))
    if "Reply with A or B" in system:
        a, b = asked.split("\n\nA: ")[1].split("\n\nB: ")
        return "A" if len(a) < len(b) else "B"
    task = asked.rpartition("\n\n")[2]
    return f"The code is {code_of(task)}."


def test_what_is_revised_by_a_principle_and_better_is_a_preference_pair(lab: Laboratory) -> None:
    (lab.folder / "c.toml").write_text(BRIEF)
    lab.model.answer = chatty
    lab.run("run", constitution={"file": str(lab.folder / "c.toml"), "answers": 3}, budget={"iterations": 2})
    run = open_run(lab.folder / "run")
    with run.journal() as journal:
        pairs: list[Any] = [body for _, kind, body in journal.events() if kind == "pair"]
        rows = list(rows_of(journal, level=6))
    assert [(p["principle"], p["preferred"]) for p in pairs] == [("brief", True)] * 6
    (first, *_) = FORMATS["dpo"](rows, lambda _row: "")
    prompt, chosen, rejected = (first.record[key][0]["content"] for key in ("prompt", "chosen", "rejected"))  # type: ignore[index, call-overload]
    assert chosen == code_of(str(prompt))
    assert rejected == f"The code is {code_of(str(prompt))}."
    assert {e.origin for e in run.memory()} == {"revised"}
    assert verify(run).holds, verify(run).problems


def test_a_judge_that_goes_by_the_order_prefers_nothing(lab: Laboratory) -> None:
    (lab.folder / "c.toml").write_text(BRIEF)
    lab.model.answer = lambda body: "A" if "A or B" in body["messages"][0]["content"] else chatty(body)
    lab.run("run", constitution={"file": str(lab.folder / "c.toml"), "answers": 2}, budget={"iterations": 1})
    with open_run(lab.folder / "run").journal() as journal:
        pairs: list[Any] = [body for _, kind, body in journal.events() if kind == "pair"]
    assert [p["preferred"] for p in pairs] == [None, None]


def test_a_constitution_that_is_wrong_ends_the_run_before_it_begins(lab: Laboratory) -> None:
    (lab.folder / "c.toml").write_text("[[principle]]")
    with pytest.raises(ConfigError, match="principle 1: "):
        lab.run("run", constitution={"file": str(lab.folder / "c.toml")})
    assert not (lab.folder / "run").exists()


def test_a_function_that_fails_is_found_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("def keeps(answer):\n    return len(anwser) < 9\n")
    file = tmp_path / "own.toml"
    file.write_text(f'[[principle]]\nname = "a"\ntext = "b"\nfunction = "{tmp_path}/own.py:keeps"\n')
    with pytest.raises(ConfigError, match=r"principle 1: the function .*own\.py:keeps fails on any answer: NameError"):
        read_constitution(file)
