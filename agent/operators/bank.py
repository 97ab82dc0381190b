"""A bank of general instructions, each tried as the prompt's style section."""

from __future__ import annotations

from dataclasses import replace

from burnish.agent.operators.base import Proposal, ProposalContext

SECTION = "style"

BANK = (
    "Answer with the result only, nothing else.",
    "Follow the format of the answers above exactly.",
    "Copy names and words exactly as they are written in the text.",
    "Write no explanation, no greeting and no code fence.",
    "Read the whole text before you answer. Leave nothing out and add nothing.",
    "Keep the answer as short as it can be.",
    "Be precise: every detail of the answer must come from the text.",
    "Answer in one line.",
)


class BankOperator:
    """Proposes one instruction of the bank that the prompt does not have yet, and none where it has one."""

    name = "bank"
    informed = False

    async def propose(self, context: ProposalContext) -> list[Proposal]:
        """See `Operator.propose`."""
        current = context.base.prompt.text(SECTION)
        others = [text for text in (*BANK, "") if text != current]
        text = others[int(context.rng.integers(len(others)))]
        prompt = context.base.prompt.with_section(SECTION, text, self.name)
        said = f'style: "{text}"' if text else "without style"
        return [Proposal(self.name, replace(context.base, prompt=prompt), said)]
