"""Instruction backtranslation (Li et al. 2023): from an answer, the task is written; the environment says whether the
answer is right for it.

Which answers are taken decides what the new tasks are about: cells of which memory holds little come first.
"""

from __future__ import annotations

from collections import Counter

from burnish.agent.expanding.base import Draft, Growth, written
from burnish.agent.models.calls import gather_in_order
from burnish.agent.models.rendering import defuse
from burnish.types import Exemplar, Message

TEMPERATURE = 0.9
SHOWN = 4

SYSTEM = "You are given an answer. Write a task of which it is the right answer, and nothing else."


class Backtranslation:
    """Writes tasks for verified answers, each after a few pairs of the same cell turned round."""

    name = "backtranslation"
    origin = "augmented"

    async def drafts(self, growth: Growth) -> list[Draft]:
        """See `Expander.drafts`."""
        held = Counter(exemplar.cell for exemplar in growth.exemplars)
        whole = [exemplar for exemplar in growth.exemplars if exemplar.turn is None]
        if not whole:
            return []
        weights = [1.0 / held[exemplar.cell] for exemplar in whole]
        share = [weight / sum(weights) for weight in weights]
        chosen = growth.rng.choice(len(whole), size=growth.count, p=share).tolist()
        made = await gather_in_order(_task_for(growth, whole, whole[i], slot) for slot, i in enumerate(chosen))
        return [draft for draft in made if draft is not None]


async def _task_for(growth: Growth, known: list[Exemplar], source: Exemplar, slot: int) -> Draft | None:
    alike = [exemplar for exemplar in known if exemplar.cell == source.cell]
    drawn = growth.rng.choice(len(alike), size=min(SHOWN, len(alike)), replace=False).tolist()
    turned = [m for i in drawn for m in (_user(alike[i].answer), Message("assistant", defuse(alike[i].prompt)))]
    messages = (Message("system", SYSTEM), *turned, _user(source.answer))
    made = await written(growth, messages, f"backtranslation {slot}", temperature=TEMPERATURE)
    return None if made is None else Draft(made.text.strip(), "write", made.model, None, source.answer, source.model)


def _user(answer: str) -> Message:
    return Message("user", defuse(f"Answer: {answer}"))
