"""How far the model's own ratings (1 to 5) can be trusted, measured against the environment's verdicts."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from burnish.policies.acceptance import capital
from burnish.policies.statistics import Interval, Resampled

RESAMPLES = 2000
_NUMBER = r"(?:[-−]|(?<!\w))\w*\d\w*(?:[.,]\d+)*"
_OF_FIVE = r"(?:\s*(?:/|out\s+of|of)\s*5(?![\w/%]|[.,]\d))?"
_WRAP = r"[\s*_`\"'(\[<]{0,8}"
_LABEL = re.compile(
    rf"\b(?:score|rating)\b[\s*_]{{0,4}}(?:\([^)\n]{{0,40}}\))?{_WRAP}(?:[:：=]|\bis\b|\bof\b|(?=\d)){_WRAP}(?P<rest>[^\n]*)",
    re.IGNORECASE,
)
_LEADING = re.compile(rf"(?P<number>{_NUMBER}){_OF_FIVE}(?P<after>.*)", re.DOTALL)
_GOES_ON = re.compile(r"\s*(?:%|(?:-|–|~|/|to\b|or\b|of\b|out\s+of\b)\s*\d)", re.IGNORECASE)
_RATING = re.compile("[1-5]")
_BLANKS = " \t\r\n▁Ġ"
_MARKS = "*_`\"'()[]<> "


@dataclass(frozen=True)
class AucInterval(Interval):
    """Area under the ROC curve of ratings against verdicts, of which so many were `verified` and `refuted`."""

    verified: int = 0
    refuted: int = 0


def auc_interval(ratings: Sequence[float], verdicts: Sequence[bool], *, level: float = 0.95) -> AucInterval | None:
    """How well ratings tell verified attempts from others: the chance that a verified one is rated higher, ties 1/2.

    None while either kind is missing. The interval is Newcombe's (2006, part 2, method 5): the values from which the
    estimate is within z standard errors, each with its own error, so it keeps its width at an AUC of 1, where
    DeLong's has none. At 1/2 its error is that of the Mann-Whitney test without ties, hence cautious with them.
    Attempts count as independent. Raises ValueError when the lists differ in length or a rating is not finite.
    """
    values, truth = np.asarray(ratings, dtype=np.float64), np.asarray(verdicts, dtype=bool)
    if values.shape != truth.shape or not np.isfinite(values).all():
        raise ValueError(
            f"Calibration needs one finite rating a verdict, but got {values.size} ratings and {truth.size} verdicts; "
            "leave out attempts without a rating."
        )
    verified, refuted = int(truth.sum()), int((~truth).sum())
    if not verified or not refuted:
        return None
    auc = _auc(values, truth)
    lower = _lower(auc, verified, refuted, level)
    return AucInterval(auc, lower, 1 - _lower(1 - auc, verified, refuted, level), level, verified, refuted)


def auc_gain(
    before: Sequence[float], after: Sequence[float], verdicts: Sequence[bool], *, seed: int = 0
) -> Resampled | None:
    """AUC of the ratings `after` less that of those `before`, of the same attempts.

    Attempts of either kind are resampled apart. None while either kind is missing.
    """
    truth = np.asarray(verdicts, dtype=bool)
    if truth.all() or not truth.any():
        return None
    both = np.array([before, after], dtype=np.float64)
    rng = np.random.default_rng(seed)

    def gain(chosen: npt.NDArray[np.intp]) -> float:
        old, new = (_auc(ratings[chosen], truth[chosen]) for ratings in both)
        return new - old

    kinds = [np.flatnonzero(truth), np.flatnonzero(~truth)]
    drawn = [gain(np.concatenate([rng.choice(kind, len(kind)) for kind in kinds])) for _ in range(RESAMPLES)]
    return Resampled(gain(np.arange(len(truth))), np.array(drawn))


def _auc(values: npt.NDArray[np.float64], truth: npt.NDArray[np.bool_]) -> float:
    """The chance that a verified one is rated higher, ties 1/2; of neither kind none may be missing."""
    below, above = np.sort(values[~truth]), values[truth]
    wins = np.searchsorted(below, above, "left") + np.searchsorted(below, above, "right")
    return float(wins.sum()) / 2 / (len(below) * len(above))


def _lower(auc: float, verified: int, refuted: int, level: float) -> float:
    """The smallest AUC compatible with the one seen, by bisection."""
    from scipy.special import ndtri

    z = float(ndtri((1 + level) / 2))
    half_n = (verified + refuted) / 2
    low, high = 0.0, auc
    for _ in range(50):
        t = (low + high) / 2
        spread = 1 + (half_n - 1) * ((1 - t) / (2 - t) + t / (1 + t))
        error = math.sqrt(t * (1 - t) * spread / (verified * refuted))
        low, high = (low, t) if auc - t <= z * error else (t, high)
    return high


def has_vote(ratings: Sequence[float], verdicts: Sequence[bool], *, level: float = 0.05, minimum: int = 5) -> bool:
    """Whether ratings, in the order in which they were given, may decide anything: they tell verified attempts from
    others better than chance, proved with `minimum` of either kind.

    The n-th verified attempt is paired with the n-th other one, and a bet is made on its being rated higher (Waudby-
    Smith and Ramdas 2023). However often this is asked while ratings come in, chance gets a vote at some time with
    probability `level` at most.
    """
    kinds = [[r for r, v in zip(ratings, verdicts, strict=True) if v is kind] for kind in (True, False)]
    signs = np.sign([good - bad for good, bad in zip(*kinds, strict=False)])
    return len(signs) >= minimum and bool(capital(signs, 0.0).max() >= 1 / level)


def expected_rating(probabilities: Mapping[str, float], *, minimum_mass: float = 0.05) -> float | None:
    """Mean rating under the probabilities of the rating token: the sum of p(r) r over "1" to "5", renormalised.

    Tokens may carry white space, as tokenizers mark it. None when digits hold less than `minimum_mass`.
    """
    stripped = [(token.strip(_BLANKS), p) for token, p in probabilities.items()]
    weights = [(int(token), p) for token, p in stripped if _RATING.fullmatch(token)]
    mass = math.fsum(p for _, p in weights)
    if mass <= 0 or mass < minimum_mass:
        return None
    return math.fsum(rating * p for rating, p in weights) / mass


def parse_rating(text: str) -> int | None:
    """The rating a text ends in, 1 to 5; None when there is none or more than one reading.

    Read are a last line that is nothing but a rating, else what the last "score" or "rating" is said to be, else
    a last line that ends in a colon and a rating. A rating is a plain digit, alone or "of 5": "10", "3.5", "-4",
    "4/10", "3-4", "4 %" and "four" are none.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return None
    alone = _only_rating(lines[-1])
    if alone is not None:
        return alone
    labels = list(_LABEL.finditer(text))
    if labels:
        found = _leading_rating(labels[-1]["rest"])
        return found[0] if found else None
    _, colon, end = lines[-1].replace("：", ":").rpartition(":")
    return _only_rating(end) if colon else None


def _only_rating(line: str) -> int | None:
    found = _leading_rating(line.strip(_MARKS))
    return found[0] if found and not re.search(r"\w", found[1]) else None


def _leading_rating(text: str) -> tuple[int, str] | None:
    """The rating that `text` begins with, and what follows it; None for any other beginning."""
    found = _LEADING.match(text)
    if not found or not _RATING.fullmatch(found["number"]) or _GOES_ON.match(found["after"]):
        return None
    return int(found["number"]), found["after"]
