"""The embedded model unpacked once, which takes half a minute, and examples so few that a step takes seconds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from burnish.agent.models.embedded import brief_spins, model_file
from burnish.agent.training.base import unpacked
from burnish.agent.training.data import Example
from burnish.agent.training.libraries import quietly

with brief_spins():
    import torch  # noqa: F401  (before anything else brings it)

COLOURS = {"car": "red", "house": "blue", "tree": "green", "dog": "black"}


@pytest.fixture(autouse=True)
def _quietly() -> Iterator[None]:
    """The libraries warn of each other's older names."""
    with quietly():
        yield


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with quietly():
        return unpacked(model_file(None), tmp_path_factory.mktemp("base") / "model")


@pytest.fixture(scope="session")
def examples() -> list[Example]:
    """Answers in a form that the model would never give by itself."""
    return [
        {
            "prompt": [
                {"role": "system", "content": "Name the colour."},
                {"role": "user", "content": f"The {thing} is {colour}."},
            ],
            "completion": [{"role": "assistant", "content": f"COLOUR: {colour} !"}],
        }
        for thing, colour in COLOURS.items()
    ]
