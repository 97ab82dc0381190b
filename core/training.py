"""How models are fine-tuned: the settings of `burnish train` and of a run's `[train]`."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from annotated_types import Ge

from burnish.limits import AboveZero, Count, Positive
from burnish.section import Section

Method: TypeAlias = Literal["sft", "dpo"]

LEARNING_RATES: dict[Method, float] = {"sft": 5e-4, "dpo": 5e-5}
"""What is used where none is given."""


class TrainConfig(Section):
    """LoRA (Hu et al. 2021) on what a run verified: `method` "sft" on right answers, "dpo" on pairs (Rafailov et al.
    2023).

    In a run every `every` iterations an adapter is trained, from the base model each time, and goes to the gate; 0 is
    never. `steps` of `batch` rows, or with 0 as many as `epochs` take. Rows longer than `max_length` tokens lose their
    end. At most `per_task` answers to a task are learnt (ReST-EM, Singh et al. 2023). `terms` is a file of terms of
    models; `competing` says that what is trained may compete with their makers.
    """

    every: Count = 0
    method: Method = "sft"
    epochs: Positive = 3
    steps: Count = 0
    batch: Positive = 8
    rank: Positive = 8
    learning_rate: AboveZero | None = None
    max_length: Annotated[int, Ge(16)] = 512
    per_task: Positive = 10
    terms: str = ""
    competing: bool = True

    @property
    def rate(self) -> float:
        """The learning rate: the one given, or that of the method."""
        return self.learning_rate or LEARNING_RATES[self.method]
