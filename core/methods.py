"""The settings of single methods, a table of the configuration each."""

from __future__ import annotations

from burnish.limits import Count, Positive
from burnish.section import Section


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


class JudgingConfig(Section):
    """How the judge is asked for its ratings.

    With `reasons` it says why before it rates. `shown` is how many answers of the iteration before it is shown, half of
    them verified and half not, with the rating each deserved.
    """

    reasons: bool = False
    shown: Count = 0
