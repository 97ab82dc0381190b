"""The configuration of a run: what `run.toml` says and `RunConfig` holds.

Everything has a default; unknown keys and wrong values are refused with the nearest right one named.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, ValidationError, field_validator

from burnish.errors import ConfigError
from burnish.limits import AboveZero, Count, NonNegative, Nucleus, Positive, Probability, Share, Temperature
from burnish.methods import ConstitutionConfig, ExpandingConfig, JudgingConfig
from burnish.programs import Decoding, Retrieval
from burnish.section import Section
from burnish.spelling import nearest
from burnish.training import TrainConfig

Option: TypeAlias = bool | int | float | str | list[Any]
Options: TypeAlias = dict[str, Option]
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LIKE_A_KEY = re.compile(r"(?=.*[a-z])(?=.*[0-9]).{20,}|(sk|hf|gsk|xai|AIza)[A-Za-z0-9_]{16,}")

POLICY_KINDS = (
    "curriculum",
    "admission",
    "eviction",
    "rewriting",
    "acceptance",
    "rating",
    "diversity",
    "stopping",
    "budget",
)


Level: TypeAlias = Literal[1, 2, 3, 4, 5, 6]
"""How much people have a part in a run, from all (1) to none (6)."""


M = TypeVar("M", bound=BaseModel)


class ModelConfig(Section):
    """One model behind an OpenAI-compatible chat API, or the embedded one.

    `url` is "embedded" or the API's base, such as http://127.0.0.1:11434/v1. `api_key_env` is the *name* of
    the environment variable that holds the key. Prices are US dollars per million tokens.
    `template_tokens` bounds what the server's chat template adds to one message; it enters the worst case
    that is reserved before a call. `grammars` says that the server holds answers to grammars in GBNF (llama.cpp); the
    embedded one always does. `adapter` is what `burnish train` made for the embedded one: its folder, or a GGUF file.
    """

    url: str = "embedded"
    name: str = ""
    file: str = ""
    adapter: str = ""
    api_key_env: str = ""
    concurrency: Positive = 16
    timeout_seconds: AboveZero = 120.0
    retries: Count = 5
    template_tokens: Count = 32
    grammars: bool = False
    usd_per_million_prompt_tokens: NonNegative = 0.0
    usd_per_million_completion_tokens: NonNegative = 0.0

    @property
    def takes_grammars(self) -> bool:
        """Whether answers can be held to a grammar."""
        return self.grammars or self.url == "embedded"

    @field_validator("url")
    @classmethod
    def _url(cls, value: str) -> str:
        if value != "embedded" and not value.startswith(("http://", "https://")):
            raise ValueError('must be "embedded" or start with http:// or https://')
        parts = urlsplit(value)  # an IPv6 address without its end and a port out of range are ValueErrors too
        if value != "embedded" and (not parts.hostname or parts.port == 0):
            raise ValueError("must name a host, such as http://127.0.0.1:11434/v1")
        return value.rstrip("/")

    @field_validator("api_key_env")
    @classmethod
    def _name_not_key(cls, value: str) -> str:
        if value and (not _VARIABLE.fullmatch(value) or _LIKE_A_KEY.fullmatch(value)):
            raise ValueError("must be the name of an environment variable, never the key itself")
        return value


class ModelsConfig(Section):
    """The roles. `reflector` and `judge` are the task model unless they are given."""

    task: ModelConfig = ModelConfig()
    reflector: ModelConfig | None = None
    judge: ModelConfig | None = None


class BudgetConfig(Section):
    """Hard limits of a run; what is not given is not limited."""

    calls: Positive | None = None
    tokens: Positive | None = None
    usd: AboveZero | None = None
    seconds: AboveZero | None = None
    iterations: Positive = 8


class SamplingConfig(Section):
    """How an iteration gathers attempts: `tasks` train tasks, `samples` answers each.

    `sketches` is how many sketches of a plan are tried at a task that is searched, 0 for none: an outline of tools
    drawn by chance, whose arguments the model fills in. `forms` holds the attempts of a search to the form of the
    answers, where the environment knows it. `hints` is how many of the tasks that no answer was right for are tried
    again with a hint at the end of a right one (STaR), where the environment knows one; what is learned has no hint.
    `variants` is how many variants of its task, with other constants, a plan has to be right for before it is learned,
    where the environment makes them: one that is right by chance is not.
    """

    tasks: Positive = 24
    samples: Positive = 2
    temperature: Temperature = 0.4
    top_p: Nucleus = 0.95
    sketches: Count = 8
    forms: bool = True
    hints: Count = 0
    variants: Count = 0


class SealedConfig(Section):
    """The sealed test: `tasks` test tasks for each of seed, champion and the controls."""

    tasks: Positive = 60
    alpha: Probability = 0.05


class MemoryConfig(Section):
    """Where exemplars are looked up, and by what likeness.

    `embedder` is "minilm", "hash" or the folder of a sentence-transformers model. `form` is the share of likeness that
    is a matter of how a text is built, the rest being what it means. `seeds` is how many of the exemplars that people
    made, where the environment brings some, memory begins with; by default all.
    """

    index: Literal["chroma", "numpy"] = "chroma"
    embedder: str = "minilm"
    form: Share = 0.5
    seeds: Count | None = None

    @field_validator("form", mode="before")
    @classmethod
    def _share_not_switch(cls, value: object) -> object:
        if isinstance(value, bool):
            raise ValueError("must be a share from 0 (meaning alone) to 1 (form alone), such as 0.5")  # noqa: TRY004
        return value


class ReviewConfig(Section):
    """What people are asked, where `level` has them asked.

    `patience_seconds` is how long a run waits for answers before it stops, to be resumed; by default as long as the
    time budget lasts. `sample` is how many answers of the sealed test they judge at level 4.
    """

    patience_seconds: NonNegative | None = None
    sample: Positive = 20


class RunConfig(Section):
    """Everything that decides a run.

    `level` is how much people have a part in it: 1 they write all that is learned, 2 a machine cleans what they wrote
    and they verify it, 3 they judge every generated answer, 4 they judge a sample of the sealed test, 5 they have no
    part, 6 the run poses tasks of its own besides.
    `policies` has one table a kind of decision, each with the `name` of an implementation and its options.
    `proofs` names the methods whose claims are measured once the sealed test is opened.
    `prompt` holds the sections of the seed prompt; empty, the environment's own instruction is the seed.
    """

    environment: str = "contacts"
    environment_options: Options = Field(default_factory=dict)
    environment_timeout: AboveZero = 30.0
    seed: Count = 0
    level: Level = 6
    prompt: dict[str, str] = Field(default_factory=dict)
    expanding: ExpandingConfig = ExpandingConfig()
    operators: tuple[str, ...] = ("memory", "rules", "bank", "settings", "exemplars", "reflection")
    models: ModelsConfig = ModelsConfig()
    budget: BudgetConfig = BudgetConfig()
    sampling: SamplingConfig = SamplingConfig()
    retrieval: Retrieval = Retrieval()
    decoding: Decoding = Decoding()
    memory: MemoryConfig = MemoryConfig()
    sealed: SealedConfig = SealedConfig()
    review: ReviewConfig = ReviewConfig()
    constitution: ConstitutionConfig = ConstitutionConfig()
    train: TrainConfig = TrainConfig()
    judging: JudgingConfig = JudgingConfig()
    proofs: tuple[str, ...] = ()
    policies: dict[str, Options] = Field(default_factory=dict)

    @classmethod
    def parse(cls, data: Mapping[str, Any], source: str = "configuration") -> Self:
        """Validate plain values.

        Raises:
            ConfigError: naming the key, what is wrong with it and the nearest right one.

        """
        config = validated(cls, data, source)
        for kind in config.policies:
            if kind not in POLICY_KINDS:
                raise ConfigError(f"{source}: unknown key policies.{kind}; {nearest(kind, POLICY_KINDS)}")
        return config

    @classmethod
    def load(cls, path: Path | str, overrides: Iterable[str] = ()) -> Self:
        """Read a TOML file and apply `key.sub=value` overrides.

        Raises:
            ConfigError: the file cannot be read, is no TOML, or holds a wrong key or value.

        """
        try:
            data = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(f"cannot read {path}: {error.strerror}; give the path of a run's TOML file") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path} is not valid TOML: {error}") from None
        return cls.parse(apply_overrides(data, overrides), str(path))

    def to_toml(self) -> str:
        """The configuration as TOML that `load` reads back to an equal one."""
        import tomli_w

        return tomli_w.dumps(_without_none(self.model_dump(mode="json")))


def validated(model: type[M], data: Mapping[str, Any], source: str) -> M:
    """Plain values as a table of settings.

    Raises:
        ConfigError: naming the key, what is wrong with it and the nearest right one.

    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise ConfigError(f"{source}: {_explain(model, error)}") from None


def apply_overrides(data: Mapping[str, Any], overrides: Iterable[str]) -> dict[str, Any]:
    """A copy of `data` with `key.sub=value` assignments applied; a value that is no TOML is a string."""
    result = _deep_copy(data)
    for override in overrides:
        key, sign, text = override.partition("=")
        if not sign or not key:
            raise ConfigError(f"-o {override!r} is not of the form key.sub=value; for example -o sampling.tasks=16")
        try:
            value = tomllib.loads(f"v = {text}")["v"]
        except tomllib.TOMLDecodeError:
            value = text
        *tables, last = key.strip().split(".")
        table = result
        for name in tables:
            table = table.setdefault(name, {})
            if not isinstance(table, dict):
                raise ConfigError(f"-o {override!r}: {name} is a value, not a table; leave out what follows it")
        table[last] = value
    return result


def _deep_copy(data: Mapping[str, Any]) -> dict[str, Any]:
    return {k: _deep_copy(v) if isinstance(v, Mapping) else v for k, v in data.items()}


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_none(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_without_none(v) for v in value]
    return value


def _explain(model: type[BaseModel], error: ValidationError) -> str:
    first = error.errors()[0]
    path = [str(part) for part in first["loc"]]
    key = ".".join(path)
    if first["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
        names = sorted(_names_at(model, path[:-1]))
        known = f"known are {', '.join(names)}"
        if len(path) == 1:
            known += f", and an option of the environment is environment_options.{key}"
        return f"unknown key {key}; {nearest(path[-1], names, otherwise=known)}"
    if first["type"] == "literal_error":
        expected = first["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        return f"{key} = {first['input']!r} is not known; {nearest(str(first['input']), expected)}"
    message = first["msg"].removeprefix("Value error, ").replace("tuple", "list")
    shown = "..." if path[-1] == "api_key_env" else repr(first["input"])  # it may be the key itself
    return f"{key} = {shown}: {message[0].lower()}{message[1:]}"


def _names_at(model: type[BaseModel], path: list[str]) -> list[str]:
    """The keys a table of the configuration takes."""
    from dataclasses import fields, is_dataclass
    from typing import get_args

    current: Any = model
    for name in path:
        annotation = current.model_fields[name].annotation
        options = [a for a in (annotation, *get_args(annotation)) if isinstance(a, type)]
        current = next(a for a in options if is_dataclass(a) or issubclass(a, BaseModel))
    return [f.name for f in fields(current)] if is_dataclass(current) else list(current.model_fields)
