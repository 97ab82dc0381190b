"""The policies of a run, by kind and name: `Policies` is the one list of them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from pydantic import Field, ValidationInfo, field_validator

from burnish.config import Options, RunConfig, Section
from burnish.policies.acceptance import BettingGate
from burnish.policies.admission import NovelAdmission
from burnish.policies.budget import ReservingBudget
from burnish.policies.cold_start import ColdStart
from burnish.policies.curriculum import FrontierCurriculum, UniformCurriculum
from burnish.policies.eviction import CrowdingEviction, OldestEviction
from burnish.policies.guard import LadderGuard, OffGuard
from burnish.policies.rating import AuditRating, RateAll
from burnish.policies.rewriting import YieldRewriting
from burnish.policies.stopping import NeverStopping, PlateauStopping
from burnish.policies.watching import HarmWatch
from burnish.tables import validated

FORMER = {("rewriting", "challengers")}
"""Options that policies of earlier versions had: they stand in old runs, and are passed over."""

BY_NAME: Any = Field(discriminator="name")


class Policies(Section):
    """One policy for each kind of decision. In a configuration its `name` chooses among those of its kind."""

    curriculum: Annotated[FrontierCurriculum | UniformCurriculum, BY_NAME] = FrontierCurriculum()
    """Which train tasks an iteration tries, and how often."""
    cold_start: ColdStart = ColdStart()
    """How a search asks for answers as long as none was ever verified."""
    admission: NovelAdmission = NovelAdmission()
    """Which right answers enter memory."""
    eviction: Annotated[CrowdingEviction | OldestEviction, BY_NAME] = CrowdingEviction()
    """Which exemplars leave memory when it is full."""
    rewriting: YieldRewriting = YieldRewriting()
    """Which proposals of the operators are tried beside the champion, and which of those are raced."""
    watching: HarmWatch = HarmWatch()
    """Whether memory that grows by itself does harm."""
    acceptance: BettingGate = BettingGate()
    """The gate: whether a challenger takes the champion's place."""
    rating: Annotated[AuditRating | RateAll, BY_NAME] = AuditRating()
    """Which attempts the judge rates."""
    diversity: Annotated[LadderGuard | OffGuard, BY_NAME] = LadderGuard()
    """The guard: what is done when diversity falls below what the run began with."""
    stopping: Annotated[PlateauStopping | NeverStopping, BY_NAME] = PlateauStopping()
    """When a run has nothing left to find."""
    budget: ReservingBudget = ReservingBudget()
    """Whether the budget affords another iteration."""

    @field_validator("*", mode="before")
    @classmethod
    def _default_by_default(cls, options: object, info: ValidationInfo) -> object:
        """A table without a `name` is of the kind's default policy."""
        kind = str(info.field_name)
        default = cls.model_fields[kind].default
        if not isinstance(options, dict):
            return options
        return {"name": default.name, **{key: v for key, v in options.items() if (kind, key) not in FORMER}}


def choose_policies(config: RunConfig) -> Policies:
    """The policies a configuration names.

    Raises:
        ConfigError: an unknown kind, name or option, or an option of the wrong type.

    """
    return validated(Policies, config.policies, "", table="policies")


def resolved(config: RunConfig) -> RunConfig:
    """The configuration with every policy's name and options written out.

    Raises:
        ConfigError: as `choose_policies`.

    """
    policies: dict[str, Options] = {}
    for kind, policy in choose_policies(config):
        options = {key: value for key, value in asdict(policy).items() if value is not None}
        policies[kind] = {"name": policy.name, **options}
    return config.model_copy(update={"policies": policies})
