"""By template, no sentence template is in two splits."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import islice

import pytest

from burnish.environments.built_in.arithmetic import Arithmetic
from burnish.environments.built_in.code import Code
from burnish.environments.built_in.contacts import Contacts
from burnish.environments.built_in.dates import Dates
from burnish.environments.built_in.labels import Labels
from burnish.environments.built_in.remarks import FRAMES
from burnish.environments.built_in.scenes import ONE_STEP, TWO_STEPS
from burnish.environments.built_in.templates import Splits
from burnish.environments.registry import load
from burnish.errors import ConfigError
from burnish.protocols import Environment, Shifted
from burnish.types import SPLITS, Split, Task

_HOLE = re.compile(r"\\\{\w+\\\}")


def made_from(template: str, prompt: str) -> bool:
    """Whether a prompt begins with a sentence of a template."""
    return re.match(_HOLE.sub("(.+?)", re.escape(template)), prompt) is not None


def frame(task: Task) -> str:
    kind, turned = str(task.data["kind"]), task.data["level"] == "hard"
    frames = FRAMES[kind]["turned" if turned else "plain"]
    # of frames that are parts of others the longest
    return max((one for one in frames if made_from(one, task.prompt)), key=len)


def scene(task: Task) -> str:
    return max((s.text for s in (*ONE_STEP, *TWO_STEPS) if made_from(s.text, task.prompt)), key=len, default="")


TEMPLATES: dict[str, Callable[[Task], str]] = {
    "arithmetic": scene,
    "code": lambda task: re.sub(r"-?\d+", "#", task.prompt.splitlines()[0]),
    "contacts": lambda task: task.cell,
    "dates": lambda task: task.cell,
    "labels": frame,
}
CLASSES: dict[str, Callable[..., Environment]] = {
    "arithmetic": Arithmetic, "code": Code, "contacts": Contacts, "dates": Dates, "labels": Labels,
}  # fmt: skip


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_template_is_in_two_splits(name: str) -> None:
    environment = load(name, {"splits": "by template"})
    assert isinstance(environment, Shifted)
    assert environment.shifted, "races on train tasks would say nothing of the others"
    seen: dict[Split, set[str]] = {}
    for split in SPLITS:
        tasks = list(islice(environment.tasks(split, 0), 300))  # type: ignore[arg-type]
        assert {task.split for task in tasks} == {split}
        seen[split] = {TEMPLATES[name](task) for task in tasks}
    assert not seen["train"] & seen["validation"]
    assert not seen["train"] & seen["test"]
    assert not seen["validation"] & seen["test"]
    assert len(seen["train"]) > len(seen["test"]) >= 1


@pytest.mark.parametrize("name", TEMPLATES)
def test_by_task_is_as_it_was_and_templates_are_shared(name: str) -> None:
    plain, said = load(name, {}), load(name, {"splits": "by task"})
    tasks = list(islice(plain.tasks("train", 3), 100))  # type: ignore[arg-type]
    assert tasks == list(islice(said.tasks("train", 3), 100))  # type: ignore[arg-type]
    seen = {split: {TEMPLATES[name](t) for t in islice(plain.tasks(split, 0), 300)} for split in SPLITS}  # type: ignore[arg-type]
    assert seen["train"] & seen["test"]


def test_one_level_stays_split_by_template() -> None:
    environment = Labels(splits="by template").at_level("easy")
    assert environment.shifted


def test_what_cannot_be_split_says_so() -> None:
    with pytest.raises(ConfigError, match='no way of splitting is called "by templates"; did you mean "by template"'):
        Contacts(splits="by templates")
    with pytest.raises(ConfigError, match="2 templates are too few to split by template; choose more levels"):
        Splits("mine", "by template").of(["one", "two"], "test")
