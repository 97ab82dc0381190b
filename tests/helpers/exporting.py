"""Exports of a run of the scripted model, read back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from burnish.agent.exports.export import Exported, export
from burnish.agent.exports.options import ExportOptions
from burnish.agent.record.run import Run
from burnish.tables import validated

LICENSED = f"{Path(__file__).with_name('licensed_codes.py')}:LicensedCodes"

MINE = '[[model]]\nmatch = "scripted"\nlicence = "MIT"\ntraining = "{}"\nsharing = "{}"\n'


def terms(folder: Path, training: str = "yes", sharing: str = "yes") -> Path:
    """A file in which the scripted model has these terms."""
    path = folder / f"{training}-{sharing}.toml"
    path.write_text(MINE.format(training, sharing))
    return path


def options(**given: Any) -> ExportOptions:
    return validated(ExportOptions, given, "test")


def exported(run: Run, folder: Path, **given: Any) -> tuple[Exported, list[dict[str, Any]]]:
    """What an export to a new folder in `folder` says, and its records."""
    given.setdefault("terms", terms(folder))
    out = folder / f"out{len(list(folder.iterdir()))}"
    done = export(run, out, options(**given))
    lines = [line for name in done.splits for line in (out / f"{name}.jsonl").read_text().splitlines()]
    return done, [json.loads(line) for line in lines]
