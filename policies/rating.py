"""Which attempts the judge rates. A judge that has not earned a vote is only audited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from burnish.limits import Count


class RatingPolicy(Protocol):
    """Chooses the attempts to rate."""

    @property
    def most(self) -> int | None:
        """The most ratings of one iteration; None for as many as there are attempts."""
        ...

    def choose(self, verified: Sequence[bool], *, vote: bool, rated: int, rng: np.random.Generator) -> list[int]:
        """Indices of attempts to rate, given their verdicts, whether the judge has a vote, and how many were rated in
        the run so far.
        """
        ...


@dataclass(frozen=True)
class AuditRating:
    """Rates a sample of the attempts, verified and refuted ones alike as far as there are both.

    A sample suffices to measure agreement; rating all would cost as many calls as answering. A judge that has a vote
    rates the verified first: only among those can its rating decide.
    """

    name: Literal["audit"] = "audit"
    most: Count | None = 2
    """Most ratings of an iteration."""
    audit: Count = 16
    """Ratings after which a judge that has no vote is asked no more."""

    def choose(self, verified: Sequence[bool], *, vote: bool, rated: int, rng: np.random.Generator) -> list[int]:
        """See `RatingPolicy.choose`."""
        if not vote and rated >= self.audit:
            return []
        most = len(verified) if self.most is None else self.most
        order = rng.permutation(len(verified)).tolist()
        yes = [i for i in order if verified[i]]
        no = [i for i in order if not verified[i]]
        share = most if vote else max(most // 2, most - len(no))
        chosen = yes[:share]
        return sorted(chosen + no[: most - len(chosen)])


@dataclass(frozen=True)
class RateAll:
    """Rates every attempt."""

    name: Literal["all"] = "all"
    most: Count | None = None
    """Leave it out: every attempt is rated. A number here only lowers what an iteration is expected to cost."""

    def choose(self, verified: Sequence[bool], *, vote: bool, rated: int, rng: np.random.Generator) -> list[int]:  # noqa: ARG002
        """All of them."""
        return list(range(len(verified)))
