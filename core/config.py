"""The configuration of a run: what `run.toml` says and `RunConfig` holds.

Everything has a default; unknown keys and wrong values are refused with the nearest right one named.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import Field

from burnish.config_tables import (
    LEARNING_RATES,
    BudgetConfig,
    CompilingConfig,
    ConstitutionConfig,
    ExpandingConfig,
    JudgingConfig,
    MemoryConfig,
    Method,
    ReviewConfig,
    SamplingConfig,
    SealedConfig,
    TeachingConfig,
    TrainConfig,
)
from burnish.errors import ConfigError
from burnish.limits import AboveZero, Count
from burnish.model_tables import OF_SERVERS, ModelConfig, ModelsConfig
from burnish.paths import FINDS_FUNCTION, EnvironmentSpec, FileName, Places
from burnish.programs import Decoding, Retrieval
from burnish.section import Section
from burnish.tables import apply_overrides, flat, is_endless, read_toml, validated, without_none
from burnish.types import canonical_json

__all__ = [
    "LEARNING_RATES",
    "BudgetConfig",
    "CompilingConfig",
    "Level",
    "Method",
    "ModelConfig",
    "ModelsConfig",
    "Option",
    "Options",
    "RunConfig",
    "Section",
    "TrainConfig",
]

Option: TypeAlias = bool | int | float | str | list[Any]
Options: TypeAlias = dict[str, Option]

Level: TypeAlias = Literal[1, 2, 3, 4, 5, 6]
"""How much people have a part in a run, from all (1) to none (6)."""


class RunConfig(Section):
    """Everything that decides a run."""

    environment: EnvironmentSpec = "contacts"
    """What poses tasks and judges answers: a built-in name, the name of an installed plug-in, `path.py:Class` or
    `scheme:set`. A relative path is looked up in the folder from which a command is given.
    """
    environment_options: dict[str, Annotated[Option, FINDS_FUNCTION]] = Field(default_factory=dict)
    """Keyword arguments for the environment's class."""
    environment_timeout: AboveZero = 30.0
    """Longest time, in seconds, for one verdict, and for one stretch of drawing tasks."""
    seed: Count = 0
    """Seed of all randomness of the loop."""
    level: Level = 6
    """How much people have a part in the run. 1: they write all that is learned. 2: a machine cleans what they wrote,
    and they verify it. 3: they judge every generated answer. 4: they judge a sample of the sealed test. 5: they have no
    part. 6: the run also poses tasks of its own. See docs/levels.md.
    """
    program: FileName = ""
    """A file that `burnish program` wrote, for the run to start from. It brings `prompt`, `retrieval`, `decoding` and
    exemplars. See docs/program.md.
    """
    prompt: dict[str, str] = Field(default_factory=dict)
    """Sections of the seed prompt by name, in order. Empty: one section `task` with the environment's instruction. The
    operators write the sections `task`, `rules` and `style`.
    """
    expanding: ExpandingConfig = ExpandingConfig()
    operators: tuple[str, ...] = ("memory", "rules", "bank", "settings", "exemplars", "reflection", "merge")
    """What proposes challengers, in this order."""
    models: ModelsConfig = ModelsConfig()
    budget: BudgetConfig = BudgetConfig()
    sampling: SamplingConfig = SamplingConfig()
    retrieval: Retrieval = Retrieval()
    decoding: Decoding = Decoding()
    memory: MemoryConfig = MemoryConfig()
    sealed: SealedConfig = SealedConfig()
    review: ReviewConfig = ReviewConfig()
    constitution: ConstitutionConfig = ConstitutionConfig()
    compiling: CompilingConfig = CompilingConfig()
    teaching: TeachingConfig = TeachingConfig()
    judging: JudgingConfig = JudgingConfig()
    proofs: tuple[str, ...] = ()
    """Methods whose claims are measured after the sealed test. See docs/methods.md."""
    train: TrainConfig = TrainConfig()
    policies: dict[str, Options] = Field(default_factory=dict)
    """One table for each kind of decision. Its `name` chooses an implementation, and the other keys are the options of
    that one.
    """

    @classmethod
    def parse(cls, data: Mapping[str, Any], source: str = "configuration", *, places: Places | None = None) -> Self:
        """Validate plain values; the files that they name are looked for in `places`.

        Raises:
            ConfigError: naming the key, what is wrong with it and the nearest right one. The tables of `policies` are
                judged by `burnish.agent.loop.policies`.

        """
        config = validated(cls, data, source, context=places)
        for key, value in flat(config.model_dump(exclude={"budget"})).items():
            if is_endless(value):
                raise ConfigError(f"{source}: {key} is {value!r}; give a number that is finite, or leave the key out")
        if config.decoding.best_of > 1 and not config.decoding.temperature:
            raise ConfigError(
                f"{source}: decoding.best_of = {config.decoding.best_of} answers are the same at temperature 0; set "
                "decoding.temperature, to 0.7 say"
            )
        return config

    @classmethod
    def load(cls, path: Path | str, overrides: Iterable[str] = ()) -> Self:
        """Read a TOML file and apply `key.sub=value` overrides. A file that it names may stand beside it.

        Raises:
            ConfigError: the file cannot be read, is no TOML, or holds a wrong key or value.

        """
        data = read_toml(path, "the path of a run's TOML file")
        if {"hash", "retrieval", "decoding"} <= data.keys():
            raise ConfigError(f"{path} is a program file; start a run from it by `-o program={path}`")
        return cls.parse(apply_overrides(data, overrides), str(path), places=Places(beside=Path(path).parent))

    def to_toml(self) -> str:
        """The configuration as TOML that `load` reads back to an equal one."""
        import tomli_w

        return tomli_w.dumps(without_none(self.model_dump(mode="json")))

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of all that decides what a run does: everything but the budget, and how servers are reached."""
        plain = self.model_dump(mode="json", exclude={"budget": True, "environment_timeout": True, "review": True})
        for model in plain["models"].values():
            for key in OF_SERVERS & set(model or ()):
                del model[key]
        return hashlib.sha256(canonical_json(plain).encode()).hexdigest()

    def anywhere(self) -> Self:
        """The same with absolute paths, so that it means the same from any folder."""
        return self.model_validate(self.model_dump(), context=Places(absolute=True))
