"""Which split of an export a row belongs to. All rows of a family of tasks are in the same split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal, TypeAlias

from burnish.agent.exports.rows import Row
from burnish.types import content_hash

Families: TypeAlias = Literal["task", "cell"]
"""What a family is: a task with all its answers, or all tasks of a cell, so that validation is of other kinds."""


def families_for_validation(rows: Sequence[Row], families: Families, share: float) -> frozenset[str]:
    """Families that make up about `share` of the rows, at least one and never all; none where `share` is 0.

    Chosen in the order of their hashes, so the same rows give the same splits.
    """
    sizes = Counter(family_of(row, families) for row in rows)
    if share == 0 or len(sizes) < 2:
        return frozenset()
    chosen: list[str] = []
    held = 0
    for family in sorted(sizes, key=lambda name: content_hash("split", name))[:-1]:
        if chosen and held + sizes[family] / 2 > share * len(rows):
            break
        chosen.append(family)
        held += sizes[family]
    return frozenset(chosen)


def family_of(row: Row, families: Families) -> str:
    """The name of a row's family."""
    return row.task.cell if families == "cell" else row.task.id
