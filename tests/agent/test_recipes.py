"""The recipes that come with Burnish: one for each proof, all of them sound."""

from __future__ import annotations

import pytest
from laboratory import CommandLine

from burnish.agent import assembly
from burnish.agent.recipes.listing import Recipe, recipes
from burnish.config import RunConfig
from burnish.environments.registry import load

TEN_MINUTES = 600


def test_every_proof_has_a_recipe_of_its_own() -> None:
    alone = [RunConfig.load(recipe.path).proofs for recipe in recipes()]
    assert {(proof,) for proof in assembly.PROVERS} <= set(alone)


@pytest.mark.parametrize("recipe", recipes(), ids=lambda recipe: recipe.name)
def test_a_recipe_names_what_is_there_and_ends_in_time(recipe: Recipe) -> None:
    config = RunConfig.load(recipe.path)
    assert config.proofs
    assert assembly.choose_operators(config)
    assert len(assembly.choose_expanders(config)) == len(config.expanding.methods)
    assert bool(assembly.choose_principles(config)) == bool(config.constitution.file)
    assembly.choose_policies(config)  # these two raise
    load(config.environment, config.environment_options)
    assert config.budget.seconds
    assert config.budget.seconds <= TEN_MINUTES


def test_a_recipe_that_is_not_there_is_refused_with_the_nearest(burnish: CommandLine) -> None:
    done = burnish("run", "evl", "--dir", "nowhere")
    assert done.code == 2
    assert "there is no recipe 'evl'" in done.err
    assert "evol" in done.err


def test_what_is_printed_of_a_recipe_is_its_file(burnish: CommandLine) -> None:
    (evol,) = [recipe for recipe in recipes() if recipe.name == "evol"]
    assert burnish("recipes", "evol").out == evol.text
