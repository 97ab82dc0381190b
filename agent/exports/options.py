"""What is exported and how."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Ge, Le

from burnish.agent.exports.formats import Format
from burnish.agent.exports.splitting import Families
from burnish.agent.exports.writing import FileType
from burnish.config import Section
from burnish.limits import Count, Nucleus, Share
from burnish.policies.purposes import Purpose


class ExportOptions(Section):
    """What is exported and how.

    `words` and `meaning` are the likenesses (Jaccard of shingles, cosine) from which on two tasks count as one; 1
    compares nothing. `held_out` are files of texts that must not be in it. `competing` says that what is trained may
    compete with the makers of the models. `system` is whose instruction stands before each prompt; `tag` adds a last
    line to it that says how the row came about. At most `per_task` right answers to a task are taken, and as many wrong
    ones; 0 takes all.
    """

    format: Format = "sft"
    to: FileType = "jsonl"
    purpose: Purpose = "train"
    terms: Path | None = None
    competing: bool = True
    least_rating: Annotated[float, Ge(1), Le(5)] = 1.0
    words: Nucleus = 0.8
    meaning: Nucleus = 0.95
    held_out: tuple[Path, ...] = ()
    per_task: Count = 0
    balance: bool = False
    families: Families = "task"
    validation: Share = 0.1
    system: Literal["seed", "champion", "none"] = "seed"
    tag: bool = False

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
