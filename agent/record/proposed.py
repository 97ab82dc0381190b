"""Proposals in trial, and what tells them apart."""

from __future__ import annotations

from dataclasses import dataclass

from burnish.policies.rewriting import Arm
from burnish.programs import Program

MEMORY = "memory"
"""What tells a proposal apart that is the champion with newer memory."""


@dataclass(frozen=True)
class Proposed:
    """A proposal that is neither promoted nor refused yet, and how it did beside the champion."""

    program: Program
    description: str
    arm: Arm


def arm_key(program: Program, champion: Program) -> str:
    """What tells a proposal apart, whatever is learned meanwhile."""
    return MEMORY if program.variant == champion.variant else program.variant
