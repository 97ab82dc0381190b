"""Passes of two programs on the same tasks, made of how often each of the four outcomes came."""

from __future__ import annotations


def passes(*, both: int = 0, gained: int = 0, lost: int = 0, neither: int = 0) -> tuple[list[bool], list[bool]]:
    pairs = [(True, True)] * both + [(False, True)] * gained + [(True, False)] * lost + [(False, False)] * neither
    return [before for before, _ in pairs], [after for _, after in pairs]
