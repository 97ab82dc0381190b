"""From names in the configuration to the operators, expanders, provers and settings they stand for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from burnish.agent.expanding.backtranslation import Backtranslation
from burnish.agent.expanding.base import Expander
from burnish.agent.expanding.evol import Evol
from burnish.agent.judges.constitution import read_constitution
from burnish.agent.models.embedded import model_file
from burnish.agent.models.endpoint import check_server
from burnish.agent.models.lora_adapters import adapter_file
from burnish.agent.models.prices import full_price_of
from burnish.agent.models.reading import Tokens
from burnish.agent.operators.bank import BankOperator
from burnish.agent.operators.base import Operator
from burnish.agent.operators.compile import CompileOperator
from burnish.agent.operators.exemplars import ExemplarsOperator
from burnish.agent.operators.memory import MemoryOperator
from burnish.agent.operators.merge import MergeOperator
from burnish.agent.operators.reflection import ReflectionOperator
from burnish.agent.operators.rules import RulesOperator
from burnish.agent.operators.settings import SettingsOperator
from burnish.agent.operators.train import TrainOperator
from burnish.agent.proofs.abstraction import AbstractionProver
from burnish.agent.proofs.backtranslation import RoundTripProver
from burnish.agent.proofs.base import Prover
from burnish.agent.proofs.compile import CompileProver
from burnish.agent.proofs.constitution import ConstitutionProver
from burnish.agent.proofs.curation import CurationProver
from burnish.agent.proofs.evol import EvolProver
from burnish.agent.proofs.hints import HintsProver
from burnish.agent.proofs.steps import StepsProver
from burnish.agent.proofs.values import ValuesProver
from burnish.agent.proofs.weak_to_strong import StudentJudgeProver, StudentProver
from burnish.agent.record.program_file import load_program
from burnish.agent.training.libraries import check_libraries
from burnish.config import RunConfig
from burnish.errors import ConfigError
from burnish.memory.embedding import open_embedder
from burnish.policies.constitution import Principle
from burnish.spelling import nearest

EXPANDERS: Mapping[str, Callable[[], Expander]] = {"evol": Evol, "backtranslation": Backtranslation}
"""By the name `expanding.methods` uses."""

PROVERS: Mapping[str, Callable[[], Prover]] = {
    "abstraction": AbstractionProver,
    "backtranslation": RoundTripProver,
    "compile": CompileProver,
    "constitution": ConstitutionProver,
    "curation": CurationProver,
    "evol": EvolProver,
    "hints": HintsProver,
    "steps": StepsProver,
    "values": ValuesProver,
    "weak-to-strong": StudentProver,
    "student": StudentJudgeProver,
}
"""By the name `proofs` uses."""

OPERATORS: Mapping[str, Callable[[RunConfig], Operator]] = {
    "memory": lambda _: MemoryOperator(),
    "rules": lambda _: RulesOperator(),
    "bank": lambda _: BankOperator(),
    "merge": lambda _: MergeOperator(),
    "settings": lambda _: SettingsOperator(),
    "exemplars": lambda _: ExemplarsOperator(),
    "reflection": lambda _: ReflectionOperator(),
    "compile": lambda config: CompileOperator(config.compiling),
}
"""By the name `operators` uses."""

NAMES: Mapping[str, Collection[str]] = {"operators": OPERATORS, "expanding.methods": EXPANDERS, "proofs": PROVERS}
"""By key of the configuration, the names that it takes."""


def choose_operators(config: RunConfig) -> list[Operator]:
    """The operators a configuration names, in its order, and that of `train` where it trains.

    Raises:
        ConfigError: an unknown name.

    """
    _check_names("operators", config.operators)
    chosen = [OPERATORS[name](config) for name in config.operators]
    return [*chosen, TrainOperator()] if config.train.every else chosen


def choose_expanders(config: RunConfig) -> list[Expander]:
    """The expanders a configuration names; none below level 6.

    Raises:
        ConfigError: an unknown name.

    """
    _check_names("expanding.methods", config.expanding.methods)
    return [EXPANDERS[name]() for name in config.expanding.methods] if config.level == 6 else []


def choose_provers(config: RunConfig) -> list[Prover]:
    """The provers a configuration names.

    Raises:
        ConfigError: an unknown name.

    """
    _check_names("proofs", config.proofs)
    return [PROVERS[name]() for name in config.proofs]


def _check_names(key: str, names: Collection[str]) -> None:
    for name in names:
        if name not in NAMES[key]:
            raise ConfigError(f"{key}: {name!r} is not known; {nearest(name, NAMES[key])}")


def choose_principles(config: RunConfig) -> list[Principle]:
    """The principles of the constitution a configuration names, none where it names none.

    Raises:
        ConfigError: its file is wrong.

    """
    return read_constitution(Path(config.constitution.file)) if config.constitution.file else []


def check_parts(config: RunConfig) -> None:
    """Look for the operators, model files, keys and the embedder that a configuration names, before a run is made.

    Raises:
        ConfigError: one of them is not there.

    """
    choose_operators(config)
    models = config.models.by_role.values()
    if config.budget.usd is not None:
        _check_prices(config)
    if config.program:
        load_program(config.program)
        for table in ("prompt", "retrieval", "decoding"):
            if table in config.model_fields_set:
                raise ConfigError(f"program = {config.program!r} brings its own [{table}]; leave out one of the two")
    _check_training(config)
    open_embedder(config.memory.embedder)
    choose_expanders(config)
    choose_principles(config)
    choose_provers(config)
    for model in models:
        for server in (model, model.second):
            if server is not None:
                check_server(server)
        if model.file:
            model_file(model.file)


def _check_prices(config: RunConfig) -> None:
    """A limit in dollars limits nothing where nobody knows what a call costs."""
    dear = False
    for role, model in config.models.by_role.items():
        for server in filter(None, (model, model.second)):
            price = full_price_of(server)
            if price is None:
                named = f"the model {server.name!r} at {server.url}" if server.name else f"the model at {server.url}"
                raise ConfigError(
                    f"budget.usd: no price is known of {named}; set models.{role}.usd_per_million_prompt_tokens and "
                    "usd_per_million_completion_tokens (0 where it costs nothing), or leave the limit out"
                )
            dear = dear or price(Tokens(10**6, 10**6)) > 0
    if not dear:
        raise ConfigError(
            "budget.usd limits nothing while every price is 0; set models.task.usd_per_million_prompt_tokens and "
            "usd_per_million_completion_tokens, or leave the limit out"
        )


def _check_training(config: RunConfig) -> None:
    task = config.models.task
    if task.url != "embedded":
        if task.adapter:
            raise ConfigError("models.task.adapter is for the embedded model; a server of your own loads its own")
        if config.train.every:
            raise ConfigError(
                "train.every trains the embedded model, and models.task.url is a server; leave one of them out, or "
                "train a folder of weights by `burnish train RUN --model FOLDER` and serve what comes of it"
            )
    if task.adapter:
        adapter_file(task.adapter)
    if config.train.every:
        check_libraries()
