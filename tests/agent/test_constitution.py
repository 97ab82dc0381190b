"""A constitution is read, and what is wrong with one is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from burnish.agent.constitution import read_constitution
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
