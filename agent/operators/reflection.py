"""Reflection: the reflector is shown failures with their feedback and rewrites the task section of the prompt.

In the spirit of GEPA (Agrawal et al. 2025), but only where a probe shows that the model can follow the format, and
with every output checked before it may become a challenger.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

from burnish.agent.models.client import ChatRequest
from burnish.agent.models.rendering import defuse
from burnish.agent.operators.base import AskReflector, Failure, Proposal, ProposalContext
from burnish.errors import ModelRejected
from burnish.records import Completion
from burnish.types import Exemplar, Message

SECTION = "task"
MOST_FAILURES, MOST_SUCCESSES, MOST_REFUSED = 6, 3, 3
LONGEST_EXCERPT = 800
MAX_TOKENS = 512
COPIED_WORDS = 12
"""A run of this many words of a training row in an instruction is a copy, not a description."""

_TAGGED = re.compile(r"<instruction>(.*?)</instruction>", re.DOTALL)

_SYSTEM = (
    "You improve the instruction that another model is given. Reply with the improved instruction between "
    "<instruction> and </instruction>. Describe the task in general; never quote the inputs."
)

_PROBES = (
    ("Sort the words.", "the answer must be in lower case", "lower"),
    ("Name the capital.", "the answer must be one word", "word"),
    ("Count the letters.", "the answer must be a number", "number"),
)


class ReflectionOperator:
    """Proposes one rewritten task section an iteration, when the reflector passed its probe."""

    name = "reflection"

    def __init__(self, *, most_words: int = 250) -> None:
        self._most_words = most_words

    async def propose(self, context: ProposalContext) -> list[Proposal]:
        """See `Operator.propose`; a refused output is noted with its reason."""
        if context.ask is None or not context.failures:
            return []
        current = context.base.prompt.text(SECTION)
        failures = [context.failures[i] for i in _spread(context, MOST_FAILURES)]
        right = [context.exemplars[i] for i in sorted(_drawn(context, len(context.exemplars), MOST_SUCCESSES))]
        tried = dict.fromkeys(program.prompt.text(SECTION) for program in context.refused)
        refused = [text for text in tried if text and text != current][-MOST_REFUSED:]
        try:
            completion = await context.ask(_request(current, failures, right, refused))
        except ModelRejected as error:
            context.note("refused proposal", f"reflection: {error}")
            return []
        text, reason = self.checked(completion, current, failures, context.exemplars)
        if reason:
            context.note("refused proposal", f"reflection: {reason}")
            return []
        prompt = context.base.prompt.with_section(SECTION, text, self.name)
        return [Proposal(self.name, replace(context.base, prompt=prompt), "task section rewritten by reflection")]

    def checked(
        self, completion: Completion, current: str, failures: Sequence[Failure], exemplars: Sequence[Exemplar]
    ) -> tuple[str, str]:
        """(instruction, reason it is refused): one of the two is empty."""
        if completion.truncated:
            return "", "the output was truncated at the token limit"
        found = _TAGGED.findall(completion.text)
        text = found[-1].strip() if found else ""
        if not text:
            return "", "the output has no <instruction> ... </instruction>"
        if len(text.split()) > self._most_words:
            return "", f"the instruction is over the cap of {self._most_words} words"
        if text == current:
            return "", "the instruction is the one it was given"
        rows = [f.task.prompt for f in failures] + [e.prompt for e in exemplars] + [e.answer for e in exemplars]
        if any(_copies(text, row) for row in rows):
            return "", "the instruction copies a training row"
        return text, ""


async def probe(ask: AskReflector) -> bool:
    """Whether a reflector can follow the format: two of three small rewrites parse and take the feedback in."""
    passed = 0
    for instruction, feedback, word in _PROBES:
        try:
            completion = await ask(_ask(f"Instruction:\n{instruction}\n\nFeedback on the answers:\n{feedback}"))
        except ModelRejected:
            continue
        found = _TAGGED.findall(completion.text)
        passed += not completion.truncated and bool(found) and word in found[-1].lower()
    return passed >= 2


def _drawn(context: ProposalContext, number: int, most: int) -> list[int]:
    """At most `most` of so many places, at random."""
    places: list[int] = context.rng.permutation(number)[:most].tolist()
    return places


def _spread(context: ProposalContext, most: int) -> list[int]:
    """Places of failures, of each cell as many as of the others as far as there are."""
    by_cell: dict[str, list[int]] = {}
    for place in _drawn(context, len(context.failures), len(context.failures)):
        by_cell.setdefault(context.failures[place].task.cell, []).append(place)
    in_turn = [place for places in zip_longest(*by_cell.values()) for place in places if place is not None]
    return sorted(in_turn[:most])


def _request(
    current: str, failures: Sequence[Failure], right: Sequence[Exemplar], refused: Sequence[str]
) -> ChatRequest:
    """What failed and what was right, and the rewrites that did no better, so that none comes again."""
    failed = "\n\n".join(
        f"Input: {_excerpt(f.task.prompt)}\nAnswer: {_excerpt(f.answer)}\nFeedback: {_excerpt(f.feedback)}"
        for f in failures
    )
    succeeded = "\n\n".join(f"Input: {_excerpt(e.prompt)}\nAnswer: {_excerpt(e.answer)}" for e in right)
    parts = [f"Instruction:\n{current}", f"Answers that failed:\n\n{failed}"]
    parts += [f"Answers that were right:\n\n{succeeded}"] if right else []
    parts += ["Rewrites that did no better:\n\n" + "\n\n".join(map(_excerpt, refused))] if refused else []
    return _ask("\n\n".join(parts))


def _ask(content: str) -> ChatRequest:
    return ChatRequest((Message("system", _SYSTEM), Message("user", defuse(content))), max_tokens=MAX_TOKENS)


def _excerpt(text: str) -> str:
    return text if len(text) <= LONGEST_EXCERPT else text[:LONGEST_EXCERPT] + " ..."


def _copies(text: str, row: str) -> bool:
    words, source = text.split(), row.split()
    size = min(COPIED_WORDS, len(source))
    if size < 4:
        return False
    runs = {tuple(source[i : i + size]) for i in range(len(source) - size + 1)}
    return any(tuple(words[i : i + size]) in runs for i in range(len(words) - size + 1))
