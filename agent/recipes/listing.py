"""The recipes that come with Burnish: TOML files beside this module, each with a comment first that says what for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from burnish.errors import ConfigError
from burnish.spelling import nearest
from burnish.types import Record

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Recipe(Record):
    """A recipe by its name: what it is for, and its file."""

    name: str
    purpose: str
    path: str

    @property
    def text(self) -> str:
        """The configuration, as TOML that is read from anywhere: a file beside the recipe is named with its path."""
        text = Path(self.path).read_text(encoding="utf-8")
        for file in FOLDER.glob("*.toml"):
            text = text.replace(f'"{file.name}"', json.dumps(str(file)))
        return text


def recipes() -> list[Recipe]:
    """All recipes by name. A file beside them that a recipe reads is none."""
    found = [_recipe(path) for path in sorted(FOLDER.glob("*.toml"))]
    return [recipe for recipe in found if recipe.purpose]


def recipe(name: str) -> Recipe:
    """The recipe of that name.

    Raises:
        ConfigError: there is none.

    """
    known = {one.name: one for one in recipes()}
    if name not in known:
        raise ConfigError(f"there is no recipe {name!r}; {nearest(name, known)}")
    return known[name]


def configuration(given: Path) -> Path:
    """The file that a command means: the one that is there, else the recipe of that name.

    Raises:
        ConfigError: there is neither.

    """
    if given.exists() or given.suffix or len(given.parts) > 1:
        return given
    return Path(recipe(str(given)).path)


def _recipe(path: Path) -> Recipe:
    lines = path.read_text(encoding="utf-8").splitlines()
    comment = []
    for line in lines:
        if not line.startswith("# "):
            break
        comment.append(line.removeprefix("# "))
    return Recipe(path.stem, " ".join(comment), str(path))
