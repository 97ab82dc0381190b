"""Tasks that stand in a file, a line each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from burnish.environments.adapters.lines import Line, read_lines
from burnish.environments.adapters.tables import read_rows
from burnish.errors import PluginError
from burnish.types import SPLITS, Task, canonical_text


def read_tasks(path: Path, pose: Callable[[Line], Task], *, gzipped: bool = False) -> list[tuple[Task, Line]]:
    """The task that `pose` makes of each line, with the line.

    Raises:
        PluginError: the file cannot be read, is empty, or has two lines with one prompt.

    """
    tasks: list[tuple[Task, Line]] = []
    seen: dict[str, int] = {}
    for line in read_lines(path, gzipped=True) if gzipped else read_rows(path):
        task = pose(line)
        first = seen.setdefault(canonical_text(task.prompt), line.number)
        if first != line.number:
            raise line.broken(f"has the prompt of line {first}; leave one of them out")
        tasks.append((task, line))
    if not tasks:
        raise PluginError(f"{path} is empty; write one JSON object a line, or a row of a table")
    return tasks


def check_splits(path: Path, tasks: Sequence[Task], at_least: int = 1) -> None:
    """Raise a `PluginError` unless every split has that many tasks."""
    counts = Counter(task.split for task in tasks)
    if min(counts[split] for split in SPLITS) >= at_least:
        return
    shown = ", ".join(f"{counts[split]} for {split}" for split in SPLITS)
    raise PluginError(
        f"{path} has too few tasks: {shown}, and each split needs at least {at_least}; "
        "lines fall to a split by their prompt, about 60, 20 and 20 of a hundred, so add lines"
    )
