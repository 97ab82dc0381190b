"""The graph's state: ids, counts and small numbers. Texts and vectors are in the parts that the nodes return."""

from __future__ import annotations

from typing import TypedDict


class State(TypedDict, total=False):
    """What one iteration reports as it goes; every value is plain."""

    iteration: int
    drawn: int
    hints: int
    expanded: int
    shown: int
    attempts: int
    verified: int
    failed: int
    carried: int
    compared: int
    compared_verified: int
    harmful: bool
    taught: int
    taught_verified: int
    hinted: int
    hinted_verified: int
    revised: int
    rated: int
    asked: int
    admitted: int
    died: int
    memory: int
    proposed: int
    challengers: int
    accepted: int
    champion: str
    alarms: int
    action: str
