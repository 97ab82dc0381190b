"""The instruction that stands before each prompt of an export, and who wrote it."""

from __future__ import annotations

from dataclasses import dataclass

from burnish.agent.exports.options import ExportOptions
from burnish.agent.exports.rows import Row
from burnish.memory.journal import Journal
from burnish.programs import Prompt

TAG = "origin: {}"
"""The last line of a tagged instruction: by it what is trained tells apart data of different making, as in instruction
backtranslation (Li et al. 2024).
"""


@dataclass(frozen=True)
class Instruction:
    """`authors` are the models that had a part in its text."""

    text: str
    authors: tuple[str, ...] = ()
    tagged: bool = False

    def of(self, row: Row) -> str:
        """The system message of a row, empty for none."""
        return "\n\n".join(filter(None, (self.text, TAG.format(row.tag) if self.tagged else "")))


def instruction_of(journal: Journal, options: ExportOptions) -> Instruction:
    """That of the seed or of the newest champion. Where the champion's is another, all models that reflected count as
    its authors.
    """
    if options.system == "none":
        return Instruction("", tagged=options.tag)
    seed, champion = (_prompt(journal, place) for place in (0, -1))
    prompt = seed if options.system == "seed" else champion
    authors = () if prompt.id == seed.id else tuple(journal.models("reflector"))
    return Instruction("\n\n".join(text for _, text in prompt.sections), authors, options.tag)


def _prompt(journal: Journal, place: int) -> Prompt:
    return journal.program(journal.iterations()[place].champion_id).prompt
