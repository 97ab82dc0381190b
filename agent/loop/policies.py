"""The policies of a run."""

from __future__ import annotations

from dataclasses import dataclass

from burnish.policies.acceptance import BettingGate
from burnish.policies.admission import NovelAdmission
from burnish.policies.budget import ReservingBudget
from burnish.policies.curriculum import Curriculum
from burnish.policies.eviction import Eviction
from burnish.policies.guard import Guard
from burnish.policies.rating import RatingPolicy
from burnish.policies.rewriting import YieldRewriting
from burnish.policies.stopping import Stopping


@dataclass(frozen=True)
class Policies:
    """One decision of each kind."""

    curriculum: Curriculum
    admission: NovelAdmission
    eviction: Eviction
    rewriting: YieldRewriting
    acceptance: BettingGate
    rating: RatingPolicy
    diversity: Guard
    stopping: Stopping
    budget: ReservingBudget
