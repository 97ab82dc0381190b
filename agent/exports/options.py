"""What is exported and how."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Ge, Le

from burnish.agent.exports.formats import Format
from burnish.agent.exports.splitting import Families
from burnish.agent.exports.writing import FileType
from burnish.config import Section
from burnish.limits import Count, Nucleus
from burnish.policies.purposes import Purpose


class ExportOptions(Section):
    """What is exported and how."""

    format: Format = "sft"
    """What a row is and how it is laid out. See docs/exports.md."""
    to: FileType = "jsonl"
    """The type of the files."""
    purpose: Purpose = "train"
    """What the data is to be used for. Rows whose terms do not allow it are left out."""
    terms: Path | None = None
    """A file of terms of models of your own."""
    competing: bool = True
    """Whether what is trained may compete with the makers of the models."""
    least_rating: Annotated[float, Ge(1), Le(5)] = 1.0
    """Lowest rating of the judge."""
    words: Nucleus = 0.8
    """Similarity in words (Jaccard of shingles) from which on two tasks are duplicates. 1: words are not compared."""
    meaning: Nucleus = 0.95
    """Similarity in meaning (cosine) from which on two tasks are duplicates. 1: meanings are not compared."""
    held_out: tuple[Path, ...] = ()
    """Files of texts that must not be in the data."""
    per_task: Count = 0
    """Most right answers to a task, and most wrong ones. 0: all."""
    balance: bool = False
    """Whether each cell is limited to the size of the smallest."""
    families: Families = "task"
    """What is kept together in one split: all answers to a task, or all tasks of a cell."""
    validation: Annotated[float, Ge(0), Le(0.5)] = 0.1
    """Share of the data that is for validation. 0: there is one split."""
    system: Literal["seed", "champion", "none"] = "seed"
    """Whose instruction stands before each prompt."""
    tag: bool = False
    """Whether the instruction ends with how the row came about."""

    def command(self, run: str) -> str:
        """The command that makes this export of the run."""
        default = ExportOptions()
        given = {
            "--format": self.format,
            "--to": self.to,
            "--purpose": self.purpose,
            "--terms": self.terms or "",
            "--min-rating": self.least_rating if self.least_rating != default.least_rating else "",
            "--words": self.words if self.words != default.words else "",
            "--meaning": self.meaning if self.meaning != default.meaning else "",
            "--per-task": self.per_task or "",
            "--families": self.families if self.families != default.families else "",
            "--validation": self.validation if self.validation != default.validation else "",
            "--system": self.system if self.system != default.system else "",
        }
        words = [f"{name} {value}" for name, value in given.items() if value != ""]
        words += [f"--held-out {path}" for path in self.held_out]
        switches = {"--balance": self.balance, "--not-competing": not self.competing, "--tag": self.tag}
        words += [name for name, on in switches.items() if on]
        return f"burnish export {run} {' '.join(words)} --out DIR"
