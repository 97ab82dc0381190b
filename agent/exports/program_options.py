"""What is written of a champion, and as what."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

from burnish.config import Section
from burnish.policies.purposes import Purpose

FixedFormat: TypeAlias = Literal["messages", "langchain", "dspy", "ollama"]
"""Formats of others, in which the exemplars are the same for every task."""
ProgramFormat: TypeAlias = Literal["toml", FixedFormat]


class ProgramOptions(Section):
    """Whose champion a program file holds, in which format, and what the file is for."""

    format: ProgramFormat = "toml"
    """`toml` holds all of it, for another run. The others hold its prompt with a few exemplars, the same for every
    task: `messages` for any chat API, `langchain` a ChatPromptTemplate, `dspy` the state of a Predict, `ollama` a
    Modelfile."""
    task: str = ""
    """A text for which the exemplars of those other formats are retrieved. Left out, they cover memory."""
    at: int | None = None
    """The iteration whose champion it is. Left out, it is the newest, or the seed where the sealed test proved that one
    worse."""
    purpose: Purpose = "evaluate"
    """What the file is to be used for: `evaluate` is to use it oneself."""
    terms: Path | None = None
    """A file of terms of models of your own."""
