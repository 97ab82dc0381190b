"""What a person changed in a run by hand, and who, when and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from burnish.spelling import several
from burnish.types import Record

HandAction: TypeAlias = Literal["rollback", "forget", "pin", "unpin", "import", "feedback"]


@dataclass(frozen=True)
class ByHand(Record):
    """A change by hand: `who` made it, `when` (UTC, ISO 8601), and because of what.

    A rollback goes back `to` an iteration; the exemplars `ids` are forgotten, pinned or unpinned; what is imported came
    from a `source`, and so did feedback on served answers. `after_sealed` says that the sealed test had given its
    verdict before, which is of another program.
    """

    action: HandAction
    who: str
    when: str
    because: str = ""
    to: int | None = None
    ids: tuple[str, ...] = ()
    source: str = ""
    after_sealed: bool = False

    @property
    def said(self) -> str:
        """What was done by whom and why, in words."""
        objects = {
            "rollback": f"rolled back to iteration {self.to}",
            "forget": f"forgot {several(len(self.ids), 'exemplar')}",
            "pin": f"pinned {several(len(self.ids), 'exemplar')}",
            "unpin": f"unpinned {several(len(self.ids), 'exemplar')}",
            "import": f"imported exemplars of {self.source}",
            "feedback": f"judged what was served: {self.source}",
        }
        return f"{self.who} {objects[self.action]}{f': {self.because}' if self.because else ''}"

    @property
    def reason(self) -> str:
        """Why an exemplar was born or died by it."""
        done = {"rollback": f"rolled back to iteration {self.to}", "forget": "forgotten", "import": "imported"}
        return f"{done.get(self.action, self.action)} by {self.who}{f': {self.because}' if self.because else ''}"
