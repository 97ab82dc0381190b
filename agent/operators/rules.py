"""Rules distilled from the feedback texts that recur most."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from burnish.agent.operators.base import Proposal, ProposalContext

SECTION = "rules"


class RulesOperator:
    """Appends the most frequent feedback lines of this iteration's failures to the prompt's rules.

    Frequency is counted once a failure. A line must recur in at least `share` of them; the newest `most` rules are
    kept. Also proposes the prompt without its rules: what a weak model needed it may outgrow.
    """

    name = "rules"
    informed = True

    def __init__(self, *, share: float = 0.1, most: int = 6, longest: int = 200) -> None:
        self._share = share
        self._most = most
        self._longest = longest

    async def propose(self, context: ProposalContext) -> list[Proposal]:
        """See `Operator.propose`."""
        base = context.base
        known = _rules(base.prompt.text(SECTION))
        fresh = [rule for rule in self._frequent(context) if rule not in known]
        proposals = []
        if fresh:
            rules = (known + fresh)[-self._most :]
            prompt = base.prompt.with_section(SECTION, as_rules(rules), self.name)
            proposals.append(Proposal(self.name, replace(base, prompt=prompt), "rules: " + "; ".join(fresh)))
        if known:
            prompt = base.prompt.with_section(SECTION, "", self.name)
            proposals.append(Proposal(self.name, replace(base, prompt=prompt), "without rules"))
        return proposals

    def _frequent(self, context: ProposalContext) -> list[str]:
        feedback = [failure.feedback for failure in context.failures]
        return frequent(feedback, share=self._share, most=self._most, longest=self._longest)


def frequent(feedback: Sequence[str], *, share: float = 0.1, most: int = 6, longest: int = 200) -> list[str]:
    """The lines that recur in at least `share` of these texts, twice at least, the most frequent first.

    What only says that an answer is wrong is no rule: a model that reads it knows no more than before.
    """
    counts: Counter[str] = Counter()
    for text in feedback:
        lines = {" ".join(line.split()) for line in text.splitlines()}
        counts.update(line for line in lines if 0 < len(line) <= longest and informative(line))
    least = max(2.0, share * len(feedback))
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [line for line, n in ranked if n >= least][:most]


_EMPTY = frozenset(
    re.findall(
        r"\w+",
        """a again an and answer answers be correct did does expected exactly fail failed false get got has
        have incorrect invalid is it match matched matches must no none not of ok one only output please pass passed
        poor reference reply response result right same score should sorry test that the this to true try was what with
        wrong your yours you zero""",
    )
)
_WORD = re.compile(r"[^\W\d_]+")


def informative(line: str) -> bool:
    """Whether a line of feedback says more than that an answer is wrong."""
    words = {word.casefold() for word in _WORD.findall(line)}
    return bool(words - _EMPTY)


def _rules(text: str) -> list[str]:
    return [line.removeprefix("- ") for line in text.splitlines() if line.startswith("- ")]


def as_rules(rules: Sequence[str]) -> str:
    """The section of a prompt that states these rules; empty without any."""
    return "Rules:\n" + "\n".join(f"- {rule}" for rule in rules) if rules else ""
