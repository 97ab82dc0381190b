"""Evol-Instruct (Xu et al. 2023): tasks are rewritten into harder ones, or into others of their kind.

By their specification where the environment does that, by a model on their text elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from burnish.agent.expanding.base import Draft, Growth, written
from burnish.agent.models.calls import gather_in_order
from burnish.agent.models.rendering import defuse
from burnish.agent.record.events import EVOL
from burnish.policies.yields import drawn
from burnish.types import Message, Task

TEMPERATURE = 0.7
TRIES = 12

OPERATORS: Mapping[str, str] = MappingProxyType(
    {
        "constraint": "Add one more condition that a right answer has to meet.",
        "deepen": "Ask for the same in more depth, so that more has to be known to answer it.",
        "concretise": "Put something specific in the place of each general word.",
        "reasoning": "Change it so that one more step of reasoning is needed to answer it.",
        "complicate": "Give it more, and more complicated, data to work on.",
        "widen": "Write another task of the same kind and about as long, on something that comes up less often.",
    }
)
"""Five that deepen and one that widens, by name."""

SYSTEM = (
    "You write tasks. {operator} Keep the form of the task, so that its answer can be checked in the same way. Reply "
    "with the task alone."
)


class Evol:
    """Rewrites tasks in hand, by operators drawn by what became of their drafts."""

    name = EVOL
    origin = "evolved"

    async def drafts(self, growth: Growth) -> list[Draft]:
        """See `Expander.drafts`."""
        if not growth.tasks:
            return []
        operators = drawn(list(OPERATORS), growth.yields, growth.count, growth.rng)
        parents = [growth.tasks[i] for i in growth.rng.integers(len(growth.tasks), size=growth.count).tolist()]
        pairs = enumerate(zip(operators, parents, strict=True))
        rewrite = _rewritten if growth.evolve is None else _evolved
        made = await gather_in_order(rewrite(growth, name, parent, slot) for slot, (name, parent) in pairs)
        return [draft for draft in made if draft is not None]


async def _evolved(growth: Growth, operator: str, parent: Task, slot: int) -> Draft | None:
    """By the specification of the task; no model has a part in it, so other parents and seeds are tried until one fits
    and gives a train task.
    """
    assert growth.evolve is not None
    others = [growth.tasks[(slot + number) % len(growth.tasks)] for number in range(TRIES)]
    for number, one in enumerate([parent, *others]):
        task = await growth.evolve(one, operator, slot + 1009 * number)
        if task is not None and task.split == "train":
            return Draft(task.prompt, operator, "", one, harder=operator != "widen", task=task)
    return Draft("", operator, "", parent)


async def _rewritten(growth: Growth, operator: str, parent: Task, slot: int) -> Draft | None:
    system = SYSTEM.format(operator=OPERATORS[operator])
    messages = (Message("system", system), Message("user", defuse(parent.prompt)))
    made = await written(growth, messages, f"evol {slot}", temperature=TEMPERATURE)
    return None if made is None else Draft(made.text.strip(), operator, made.model, parent, harder=operator != "widen")
