"""What a file with fixed exemplars lacks against the run's own program, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from burnish.agent.exports.fixed import FixedProgram
from burnish.agent.exports.program_options import FixedFormat
from burnish.types import JsonValue

ASKS_JSON: frozenset[FixedFormat] = frozenset({"messages"})
"""Formats that can say that the answer is to be JSON."""
HAS_PLACE: frozenset[FixedFormat] = frozenset({"messages", "langchain"})
"""Formats in which text may stand around the task."""


def about(fixed: FixedProgram, form: FixedFormat) -> dict[str, JsonValue]:
    """What a file says of itself."""
    return {
        "written_by": "burnish program",
        "environment": fixed.environment,
        "iteration": fixed.iteration,
        "purpose": fixed.purpose,
        "model": fixed.model,
        "exemplars": [exemplar.id for exemplar in fixed.choice.exemplars],
        "chosen": fixed.choice.said,
        "left_out": dict(fixed.left_out),
        "lost": list(lost(fixed, form)),
    }


def lost(fixed: FixedProgram, form: FixedFormat) -> Iterator[str]:
    """What the run's own program does and this file does not."""
    program, decoding = fixed.program, fixed.program.decoding
    if not fixed.choice.always:
        yield (
            f"Retrieval: the program chooses {program.retrieval.k} of {fixed.memory} exemplars for each task; here "
            "they are the same for every task."
        )
    for why, number in fixed.left_out.items():
        yield f"Exemplars: {number} could not be chosen, because {why}."
    if decoding.format in {"extract", "form", "plan"}:
        yield f"Grammar: nothing holds answers to their form ({decoding.format})."
    if decoding.format == "plan":
        yield "Tools: an answer is a plan of calls, which the run's environment computes and nothing does here."
    if decoding.format in {"json", "extract"} and form not in ASKS_JSON:
        yield "JSON: the server is not asked for a JSON object; ask for it where you call."
    if decoding.best_of > 1:
        yield f"Best of {decoding.best_of}: one answer is asked for, so there is none to choose."
    if program.adapter:
        yield f"Adapter: the program answers with the adapter {program.adapter}; add it to the model yourself."
    if any(exemplar.turn is not None for exemplar in fixed.choice.exemplars):
        yield f"Episodes: each turn is a task here, without the {decoding.history} turns before it that may be shown."
    yield from _lost_of_frame(fixed, form)
    yield "Template tokens: one that stands in a task, such as <|im_end|>, is not made harmless."
    if not fixed.choice.always or form == "dspy":
        yield "Proof: gate and sealed test judged the run's own program, which is not quite this one."


def _lost_of_frame(fixed: FixedProgram, form: FixedFormat) -> Iterator[str]:
    rendering, frame = fixed.program.decoding.rendering, fixed.frame
    if form == "dspy":
        yield "Messages: DSPy's adapter puts its own words and field markers around instruction, exemplars and task."
        if rendering != "turns":
            yield f"Rendering: exemplars are turns below the instruction, not as the program shows them ({rendering})."
    if form == "ollama" and frame.before:
        yield "Instruction: the program puts it before each task, and nothing does here; the file says how it reads."
    if form not in HAS_PLACE and frame.after:
        yield f"Tags: the program writes {frame.after.strip()!r} below each task, and nothing does here."
