"""Mending what is damaged in a run's directory, from the journal and after a copy."""

from __future__ import annotations

import shutil
from pathlib import Path

from burnish.agent.record.directory import RunDirectory
from burnish.agent.record.memory import index_difference, mended_memory, open_meaning
from burnish.agent.record.run import open_run
from burnish.errors import StorageError
from burnish.memory.salvage import damage_of, salvaged

LEFT_BEHIND = ("*.part", "*.salvaged")
"""Files of what was broken off; they hold nothing that counts."""


def repair(directory: Path) -> list[str]:
    """Mend what can be mended; what was done, a sentence each, and nothing where all was well.

    The journal decides: what can be read of it is kept, and index and cache are made anew from it. Before anything is
    changed, the whole directory is copied beside itself.

    Raises:
        RunLocked: a process is at the run.
        StorageError: the directory holds no journal, or nothing of it can be read.

    """
    place = RunDirectory(directory)
    if not place.journal.is_file():
        raise StorageError(f"{directory} holds no run (no {place.journal.name}); give the directory of a run")
    with place.locked():
        damage, left = damage_of(place.journal), [one for name in LEFT_BEHIND for one in directory.rglob(name)]
        if not damage and not left and not _index_is_wrong(place):
            return []
        copy = _copied(directory)
        done = [f"copied the run to {copy}"]
        for file in left:
            file.unlink()
            done.append(f"removed {file.relative_to(directory)}, which a command that was broken off had left")
        if damage:
            rows = salvaged(place.journal)
            done.append(
                f"wrote the journal anew ({damage:.120}): {sum(rows.values()):,} rows can be read; "
                f"`burnish verify {directory}` says whether any that counts is lost"
            )
        done += _index_mended(place)
    return done


def _index_mended(place: RunDirectory) -> list[str]:
    run = open_run(place.path)
    with run.journal() as journal:
        difference = index_difference(place, run.config, journal)
        if difference is None:
            return []
        mended_memory(place, run.config, journal, open_meaning(place, run.config)).index.close()
    return [f"made the index anew from the journal: {difference}"]


def _index_is_wrong(place: RunDirectory) -> bool:
    run = open_run(place.path)
    with run.journal() as journal:
        return index_difference(place, run.config, journal) is not None


def _copied(directory: Path) -> Path:
    number = 1
    while (copy := directory.with_name(f"{directory.name}.before-repair-{number}")).exists():
        number += 1
    shutil.copytree(directory, copy)
    return copy
