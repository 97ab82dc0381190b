"""The instruction that stands before each prompt of an export, and who wrote it."""

from __future__ import annotations

from dataclasses import dataclass

from burnish.agent.exports.options import ExportOptions
from burnish.agent.exports.rows import Row
from burnish.agent.record.run import Run
from burnish.memory.journal_reader import JournalReader

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


def instruction_of(run: Run, journal: JournalReader, options: ExportOptions) -> Instruction:
    """That of the seed or of the newest champion. Where the champion's is another, all models that reflected count as
    its authors.

    Raises:
        StorageError: the run has not begun yet.

    """
    seed = run.program(0).prompt
    prompt = run.program().prompt if options.system == "champion" else seed
    text = "" if options.system == "none" else "\n\n".join(text for _, text in prompt.sections)
    authors = () if prompt.id == seed.id else tuple(journal.models("reflector"))
    return Instruction(text, authors, options.tag)
