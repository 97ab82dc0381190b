"""Reflection: the reflector is shown failures with their feedback and rewrites a section of the prompt.

In the spirit of GEPA (Agrawal et al. 2025): it begins with a program of the Pareto set over cells, the champion or one
that does better somewhere. But only where a probe shows that the model can follow the format, and with every output
checked before it may become a challenger.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from burnish.agent.models.client import ChatRequest
from burnish.agent.models.rendering import defuse
from burnish.agent.operators.base import AskReflector, Failure, Proposal, ProposalContext, spread
from burnish.errors import ModelRejected
from burnish.policies.pareto import draw_parent, wins
from burnish.programs import Program
from burnish.records import Completion
from burnish.types import Exemplar, Message

TASK = "task"
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

PROBES_TO_PASS = 2

_PROBES = (
    ("Sort the words.", "the answer must be in lower case", "lower"),
    ("Name the capital.", "the answer must be one word", "word"),
    ("Count the letters.", "the answer must be a number", "number"),
)


class ReflectionOperator:
    """Proposes one rewritten section an iteration, when the reflector passed its probe."""

    name = "reflection"
    informed = True

    def __init__(self, *, most_words: int = 250) -> None:
        self._most_words = most_words

    async def propose(self, context: ProposalContext) -> list[Proposal]:
        """See `Operator.propose`; a refused output is noted with its reason."""
        if context.ask is None or not context.failures:
            return []
        base = _parent(context)
        section = _section(base, context.rng)
        current = base.prompt.text(section)
        failures = spread(context, MOST_FAILURES, base)
        drawn = context.rng.permutation(len(context.exemplars))[:MOST_SUCCESSES].tolist()
        right = [context.exemplars[i] for i in sorted(drawn)]
        tried = dict.fromkeys(program.prompt.text(section) for program in context.refused)
        refused = [text for text in tried if text and text != current][-MOST_REFUSED:]
        try:
            completion = await context.ask(_request(base, section, failures, right, refused))
        except ModelRejected as error:
            context.note("refused proposal", f"reflection: {error}")
            return []
        text, reason = self.checked(completion, current, failures, context.exemplars)
        if reason:
            context.note("refused proposal", f"reflection: {reason}")
            return []
        prompt = base.prompt.with_section(section, text, self.name)
        return [
            Proposal(
                self.name,
                replace(base, prompt=prompt),
                f"{section} section rewritten by reflection",
                made_for=tuple(failure for failure in failures if failure.variant == base.variant),
            )
        ]

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


async def probe(ask: AskReflector) -> str:
    """Why a reflector cannot be used: of three small rewrites two do not parse, or take no feedback in. Empty where it
    can.
    """
    passed, refused = 0, []
    for instruction, feedback, word in _PROBES:
        try:
            completion = await ask(_ask(f"Instruction:\n{instruction}\n\nFeedback on the answers:\n{feedback}"))
        except ModelRejected as error:
            refused.append(str(error))
            continue
        found = _TAGGED.findall(completion.text)
        passed += not completion.truncated and bool(found) and word in found[-1].lower()
    if passed >= PROBES_TO_PASS:
        return ""
    wanted = f"the reflector failed its format probe: {passed} of {len(_PROBES)} small rewrites were as asked"
    return f"{wanted}; {refused[0]}" if refused else wanted


def _parent(context: ProposalContext) -> Program:
    """The program to begin with: each of the Pareto set as likely as it wins cells."""
    won = wins([rival.cells for rival in context.rivals], context.cells)
    drawn = draw_parent(won, len(context.cells), context.rng)
    return context.base if drawn is None else context.rivals[drawn].program


def _section(base: Program, rng: np.random.Generator) -> str:
    """The section to rewrite: any that the prompt has."""
    names = [name for name, _ in base.prompt.sections] or [TASK]
    return names[int(rng.integers(len(names)))]


def _request(
    base: Program, section: str, failures: Sequence[Failure], right: Sequence[Exemplar], refused: Sequence[str]
) -> ChatRequest:
    """What failed and what was right, and the rewrites that did no better, so that none comes again."""
    failed = "\n\n".join(
        f"Input: {_excerpt(f.task.prompt)}\nAnswer: {_excerpt(f.answer)}\nFeedback: {_excerpt(f.feedback)}"
        for f in failures
    )
    succeeded = "\n\n".join(f"Input: {_excerpt(e.prompt)}\nAnswer: {_excerpt(e.answer)}" for e in right)
    others = [text for name, text in base.prompt.sections if name != section]
    parts = [f"Instruction:\n{base.prompt.text(section)}", f"Answers that failed:\n\n{failed}"]
    parts[:0] = ["What the other model is told besides, and stays as it is:\n" + "\n".join(others)] if others else []
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
