"""The configuration of a run: what `run.toml` says and `RunConfig` holds.

Everything has a default; unknown keys and wrong values are refused with the nearest right one named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeAlias
from urllib.parse import urlsplit

from annotated_types import Ge
from pydantic import BaseModel, ConfigDict, field_validator

from burnish.errors import ConfigError
from burnish.limits import AboveZero, Count, NonNegative, Nucleus, Positive, Probability, Share, Temperature
from burnish.programs import Decoding, Retrieval
from burnish.spelling import nearest
from burnish.tables import apply_overrides, read_toml, validated, without_none

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


class Section(BaseModel):
    """A table of the configuration: immutable, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")


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


class ExpandingConfig(Section):
    """Tasks that the run makes itself, where `level` is 6 and the environment can read and solve what was written.

    `methods` are "evol" (tasks rewritten into harder ones) and "backtranslation" (tasks written for answers), each with
    `drafts` texts an iteration, of which those that become tasks are tried with the others, `samples` times each. An
    evolved task that is always or never solved is eliminated.
    """

    methods: tuple[str, ...] = ()
    drafts: Positive = 8
    samples: Positive = 4


class ConstitutionConfig(Section):
    """Principles by which answers are criticised and revised.

    `file` is a TOML file of principles; `answers` is how many an iteration are revised, each by at most four of them.
    """

    file: str = ""
    answers: Positive = 4


class CompilingConfig(Section):
    """The search of the operator `compile` over instruction, exemplars, k and retrieval.

    `candidates` combinations are tried on `tasks` train tasks, the better half on as many more, and so on. `size` is
    how many exemplars a chosen set holds, and `sets` how many such sets are drawn by chance beside the most useful and
    the covering one.
    """

    candidates: Positive = 12
    tasks: Positive = 4
    size: Positive = 8
    sets: Count = 2


class JudgingConfig(Section):
    """Who rates answers, and how a model is asked to.

    `by` is "model"; "steps", the step model of what the environment labelled, without a call; or "student", which
    learns from the model's ratings (weak-to-strong) and rates every answer. With `reasons` the model says why before
    it rates. `shown` is how many answers of the iteration before it is shown, half of them verified and half not, with
    the rating each deserved.
    """

    by: Literal["model", "steps", "student"] = "model"
    reasons: bool = False
    shown: Count = 0


class ReviewConfig(Section):
    """What people are asked, where `level` has them asked.

    `patience_seconds` is how long a run waits for answers before it stops, to be resumed; by default as long as the
    time budget lasts. `sample` is how many answers of the sealed test they judge at level 4.
    """

    patience_seconds: NonNegative | None = None
    sample: Positive = 20


Method: TypeAlias = Literal["sft", "dpo"]

LEARNING_RATES: Mapping[Method, float] = {"sft": 5e-4, "dpo": 5e-5}
"""What is used where none is given."""


class TrainConfig(Section):
    """LoRA (Hu et al. 2021) on what a run verified: `method` "sft" on right answers, "dpo" on pairs (Rafailov et al.
    2023).

    In a run every `every` iterations an adapter is trained, from the base model each time, and goes to the gate; 0 is
    never. `steps` of `batch` rows, or with 0 as many as `epochs` take. Rows longer than `max_length` tokens lose their
    end. At most `per_task` answers to a task are learnt (ReST-EM, Singh et al. 2023). `terms` is a file of terms of
    models; `competing` says that what is trained may compete with their makers.
    """

    every: Count = 0
    method: Method = "sft"
    epochs: Positive = 3
    steps: Count = 0
    batch: Positive = 8
    rank: Positive = 8
    learning_rate: AboveZero | None = None
    max_length: Annotated[int, Ge(16)] = 512
    per_task: Positive = 10
    terms: str = ""
    competing: bool = True

    @property
    def rate(self) -> float:
        """The learning rate: the one given, or that of the method."""
        return self.learning_rate or LEARNING_RATES[self.method]


class RunConfig(Section):
    """Everything that decides a run.

    `level` is how much people have a part in it: 1 they write all that is learned, 2 a machine cleans what they wrote
    and they verify it, 3 they judge every generated answer, 4 they judge a sample of the sealed test, 5 they have no
    part, 6 the run poses tasks of its own besides.
    `policies` has one table a kind of decision, each with the `name` of an implementation and its options.
    `program` is a file that `burnish program` wrote, for the run to start from.
    `proofs` names the methods whose claims are measured once the sealed test is opened.
    `prompt` holds the sections of the seed prompt; empty, the environment's own instruction is the seed.
    """

    environment: str = "contacts"
    environment_options: Options = {}
    environment_timeout: AboveZero = 30.0
    seed: Count = 0
    level: Level = 6
    program: str = ""
    prompt: dict[str, str] = {}
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
    compiling: CompilingConfig = CompilingConfig()
    judging: JudgingConfig = JudgingConfig()
    proofs: tuple[str, ...] = ()
    train: TrainConfig = TrainConfig()
    policies: dict[str, Options] = {}

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
        if config.decoding.best_of > 1 and not config.decoding.temperature:
            raise ConfigError(
                f"{source}: decoding.best_of = {config.decoding.best_of} answers are the same at temperature 0; set "
                "decoding.temperature, to 0.7 say"
            )
        return config

    @classmethod
    def load(cls, path: Path | str, overrides: Iterable[str] = ()) -> Self:
        """Read a TOML file and apply `key.sub=value` overrides. A constitution may be named as it stands beside it.

        Raises:
            ConfigError: the file cannot be read, is no TOML, or holds a wrong key or value.

        """
        data = read_toml(path, "the path of a run's TOML file")
        if {"hash", "retrieval", "decoding"} <= data.keys():
            raise ConfigError(f"{path} is a program file; start a run from it by `-o program={path}`")
        return cls.parse(_found_beside(Path(path), apply_overrides(data, overrides)), str(path))

    def to_toml(self) -> str:
        """The configuration as TOML that `load` reads back to an equal one."""
        import tomli_w

        return tomli_w.dumps(without_none(self.model_dump(mode="json")))


def _found_beside(path: Path, data: dict[str, Any]) -> dict[str, Any]:
    """The values with the constitution's file where it is found: from here, else beside the configuration."""
    table = data.get("constitution")
    name = table.get("file") if isinstance(table, dict) else None
    if not isinstance(name, str) or not name or Path(name).exists() or not (path.parent / name).exists():
        return data
    return {**data, "constitution": {**data["constitution"], "file": str(path.parent / name)}}
