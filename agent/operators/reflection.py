"""Reflection: the reflector is shown failures with their feedback and rewrites the task section of the prompt.

In the spirit of GEPA (Agrawal et al. 2025), but only where a probe shows that the model can follow the format, and
with every output checked before it may become a challenger.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from burnish.agent.models.client import ChatRequest
from burnish.agent.models.rendering import defuse
from burnish.agent.operators.base import AskReflector, Failure, Proposal, ProposalContext
from burnish.errors import ModelRejected
from burnish.records import Completion
from burnish.types import Exemplar, Message

SECTION = "task"
MOST_FAILURES = 6
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
        count = min(MOST_FAILURES, len(context.failures))
        drawn = context.rng.choice(len(context.failures), count, replace=False)
        failures = [context.failures[i] for i in sorted(drawn.tolist())]
        try:
            completion = await context.ask(_request(current, failures))
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


def _request(current: str, failures: Sequence[Failure]) -> ChatRequest:
    shown = "\n\n".join(
        f"Input: {_excerpt(f.task.prompt)}\nAnswer: {_excerpt(f.answer)}\nFeedback: {_excerpt(f.feedback)}"
        for f in failures
    )
    return _ask(f"Instruction:\n{current}\n\nAnswers that failed:\n\n{shown}")


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
