"""Rules distilled from the feedback texts that recur most."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from burnish.agent.operators.base import Proposal, ProposalContext

SECTION = "rules"


class RulesOperator:
    """Appends the most frequent feedback lines of this iteration's failures to the prompt's rules.

    Frequency is counted once a failure. A line must recur in at least `share` of them; the newest `most` rules are
    kept. Also proposes the prompt without its rules: what a weak model needed it may outgrow.
    """

    name = "rules"

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
            prompt = base.prompt.with_section(SECTION, _text(rules), self.name)
            proposals.append(Proposal(self.name, replace(base, prompt=prompt), "rules: " + "; ".join(fresh)))
        if known:
            prompt = base.prompt.with_section(SECTION, "", self.name)
            proposals.append(Proposal(self.name, replace(base, prompt=prompt), "without rules"))
        return proposals

    def _frequent(self, context: ProposalContext) -> list[str]:
        counts: Counter[str] = Counter()
        for failure in context.failures:
            lines = {" ".join(line.split()) for line in failure.feedback.splitlines()}
            counts.update(line for line in lines if 0 < len(line) <= self._longest)
        least = max(2.0, self._share * len(context.failures))
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return [line for line, n in ranked if n >= least][: self._most]


def _rules(text: str) -> list[str]:
    return [line.removeprefix("- ") for line in text.splitlines() if line.startswith("- ")]


def _text(rules: list[str]) -> str:
    return "Rules:\n" + "\n".join(f"- {rule}" for rule in rules)
