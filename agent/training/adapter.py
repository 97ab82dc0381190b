"""An adapter on trial, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from burnish.records import GateRecord, SealedRecord
from burnish.types import Record


@dataclass(frozen=True)
class AdapterProof(Record):
    """How the gate decided, and the sealed tasks: "seed" is the champion without the adapter, "champion" with it."""

    gate: GateRecord
    sealed: SealedRecord

    @property
    def passed(self) -> bool:
        """Whether the adapter is accepted: by the gate, and by the sealed test as a gain."""
        return self.gate.outcome == "accept" and self.sealed.verdict == "improved"


@dataclass(frozen=True)
class Adapted:
    """What is tried: an adapter of the embedded model by its file, or, where `base` is given, the folder of that model
    with the adapter merged into its weights.
    """

    name: str
    path: Path
    base: Path | None = None
