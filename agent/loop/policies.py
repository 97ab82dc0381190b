"""The policies of a run."""

from __future__ import annotations

from dataclasses import dataclass

from burnish.policies.acceptance import Acceptance
from burnish.policies.admission import AdmissionPolicy
from burnish.policies.budget import BudgetPolicy
from burnish.policies.curriculum import Curriculum
from burnish.policies.eviction import Eviction
from burnish.policies.guard import Guard
from burnish.policies.rating import RatingPolicy
from burnish.policies.rewriting import Rewriting
from burnish.policies.stopping import Stopping


@dataclass(frozen=True)
class Policies:
    """One decision of each kind."""

    curriculum: Curriculum
    admission: AdmissionPolicy
    eviction: Eviction
    rewriting: Rewriting
    acceptance: Acceptance
    rating: RatingPolicy
    diversity: Guard
    stopping: Stopping
    budget: BudgetPolicy
