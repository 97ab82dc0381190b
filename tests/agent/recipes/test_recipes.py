"""Recipes: each is a valid configuration that proves something, and runs by its name."""

from __future__ import annotations

from pathlib import Path

import pytest
from laboratory import CommandLine, Laboratory

from burnish.agent.loop.policies import resolved
from burnish.agent.loop.registry import PROVERS, check_parts, choose_principles
from burnish.agent.recipes.listing import configuration, recipe, recipes
from burnish.config import RunConfig
from burnish.environments.registry import load
from burnish.errors import ConfigError

PROMISED = {
    "constitution", "evol", "backtranslation", "steps", "abstraction", "weak-to-strong", "offline-reward", "compile",
    "autonomous",
}  # fmt: skip


def test_every_promised_recipe_is_there_and_says_what_for() -> None:
    known = {one.name: one for one in recipes()}
    assert known.keys() >= PROMISED
    assert all(len(one.purpose) > 20 for one in known.values())
    assert "principles" not in known


@pytest.mark.parametrize("name", [one.name for one in recipes()])
def test_a_recipe_is_valid_bounded_and_proves_something(name: str) -> None:
    config = RunConfig.load(recipe(name).path)
    check_parts(config)
    load(config.environment, config.environment_options)
    assert config.proofs
    assert set(config.proofs) <= set(PROVERS)
    assert config.budget.seconds is not None
    assert config.budget.seconds <= 600
    assert config.models.task.url == "embedded"


def test_a_file_goes_before_a_recipe_and_an_unknown_name_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "evol.toml"
    file.write_text("seed = 1\n")
    assert configuration(file) == file
    assert configuration(Path("evol")) == Path(recipe("evol").path)
    with pytest.raises(ConfigError, match="there is no recipe 'evl'; did you mean \"evol\""):
        configuration(Path("evl"))


def test_the_command_lists_them_and_prints_one(burnish: CommandLine) -> None:
    listed = burnish("recipes")
    assert listed.code == 0
    assert "weak-to-strong" in listed.out
    printed = burnish("recipes", "evol")
    assert printed.out == recipe("evol").text


def test_a_recipe_runs_by_its_name(lab: Laboratory, burnish: CommandLine) -> None:
    place = lab.folder / "run"
    small = ["-o", "sealed.tasks=4", "-o", "sampling.tasks=4", "-o", "memory.embedder=hash", "--iterations", "1"]
    done = burnish("run", "hints", "--dir", place, "--model", f"{lab.url}#scripted", "--budget-calls", "500", *small)
    assert done.code == 0, done.err
    assert "hints: the champion solves more of the sealed tasks than without" in " ".join(done.out.split())


def test_a_printed_recipe_is_read_from_anywhere(tmp_path: Path) -> None:
    for one in recipes():
        copy = tmp_path / f"{one.name}.toml"
        copy.write_text(one.text, encoding="utf-8")
        choose_principles(resolved(RunConfig.load(copy)))
