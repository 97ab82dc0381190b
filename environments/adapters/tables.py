"""Reading tables as lines: CSV and TSV files, Parquet files, and folders of data.

A folder is one that `datasets` saved to disk, or one that holds files of lines or tables. Of one in several parts
all rows are read: whatever a part is called, splits are drawn by prompt.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from burnish.environments.adapters.libraries import library
from burnish.environments.adapters.lines import Line, read_lines
from burnish.environments.adapters.paths import regular_file
from burnish.environments.foreign import Raised, guarded_call
from burnish.errors import PluginError
from burnish.files import Unreadable, decoded, read_bytes
from burnish.types import JsonValue

DELIMITERS = ",;\t|"
LONGEST_CELL = 1 << 24
"""Characters of a cell of a CSV file."""
STATE = "state.json"
"""In a folder that `datasets` saved to disk: the names of its files."""


def read_rows(path: Path) -> Iterator[Line]:
    """The rows of a file or folder in order, whatever it is.

    Raises:
        PluginError: it is not there, or cannot be read as what its name says.

    """
    if is_folder(path):
        for file in files_of(path):
            yield from _arrow_rows(file) if file.suffix == ".arrow" else read_rows(file)
        return
    yield from READERS.get(path.suffix.casefold(), read_lines)(path)


def is_folder(path: Path) -> bool:
    """Whether a path names a folder of data."""
    named = path != Path() and path.suffix.casefold() not in ENDINGS
    return named and os.path.isdir(path)  # noqa: PTH112 (a name too long is none, and no error)


def files_of(folder: Path) -> list[Path]:
    """The files of a folder that hold rows, by name: Arrow's where `datasets` saved it, else those with a known ending.

    Raises:
        PluginError: there are none.

    """
    states = sorted([*folder.glob(STATE), *folder.glob(f"*/{STATE}")])
    files = [file for state in states for file in _saved(state)]
    files = files or sorted(file for file in folder.rglob("*") if file.suffix.casefold() in ENDINGS)
    if not files:
        known = ", ".join(sorted(ENDINGS))
        raise PluginError(f"{folder} holds no data: name a folder saved by `datasets`, or one of files in {known}")
    return files


def _saved(state: Path) -> list[Path]:
    """The files of one part of what `datasets` saved."""
    try:
        named = json.loads(state.read_text(encoding="utf-8"))["_data_files"]
        return [state.parent / Path(str(one["filename"])).name for one in named]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PluginError(f"{state} is not as `datasets` writes it ({error!r:.80}); save the data set again") from None


def _csv_rows(path: Path) -> Iterator[Line]:
    """The rows of a table with a line of names; what separates its cells is what that line has most of."""
    try:
        text = decoded(read_bytes(regular_file(path)), str(path))
    except Unreadable as error:
        raise PluginError(str(error)) from None
    head = text.partition("\n")[0]
    delimiter = "\t" if path.suffix.casefold() == ".tsv" else max(DELIMITERS, key=head.count)
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names: list[str] = []
    try:
        for cells in reader:
            where = f"{path}, line {reader.line_num}:"
            if not names:
                names = [name.strip() for name in cells]
                if len(set(names)) < len(names) or not all(names):
                    raise PluginError(f"{where} the columns are {', '.join(names)!r:.100}; give each a name of its own")
            elif len(cells) > len(names):
                raise PluginError(
                    f"{where} has {len(cells)} cells and there are {len(names)} columns; put quotes round "
                    f"a text with {delimiter!r} in it"
                )
            elif any(cells):
                yield Line(where, reader.line_num, dict(zip(names, cells, strict=False)))
    except csv.Error as error:
        raise PluginError(f"{path}, line {reader.line_num}: is not CSV ({error}); close its quotes") from None


def _parquet_rows(path: Path) -> Iterator[Line]:
    parquet = library("pyarrow.parquet", extra="parquet", scheme="jsonl")
    yield from _batches(path, lambda: parquet.ParquetFile(regular_file(path)).iter_batches())


def _arrow_rows(path: Path) -> Iterator[Line]:
    arrow = library("pyarrow", extra="parquet", scheme="jsonl")
    yield from _batches(path, lambda: arrow.ipc.open_stream(arrow.memory_map(str(regular_file(path)))))


def _batches(path: Path, opened: Callable[[], Any]) -> Iterator[Line]:
    number = 0
    batches = guarded_call(lambda: iter(opened()))
    while True:
        batch = batches if isinstance(batches, Raised) else guarded_call(lambda: next(batches, None))
        rows = batch if isinstance(batch, Raised) or batch is None else guarded_call(batch.to_pylist)
        if isinstance(rows, Raised):
            if isinstance(rows.error, PluginError):
                raise rows.error
            raise PluginError(f"{path} cannot be read: {str(rows)[:200]}")
        if rows is None:
            return
        for row in rows:
            number += 1
            yield Line(f"{path}, row {number}:", number, _plain(row))


def _plain(row: Mapping[str, object]) -> dict[str, JsonValue]:
    """A row as JSON has it: dates and the like as texts."""
    plain: dict[str, JsonValue] = json.loads(json.dumps(row, default=str))
    return plain


READERS: Mapping[str, Callable[[Path], Iterator[Line]]] = {
    ".csv": _csv_rows,
    ".tsv": _csv_rows,
    ".parquet": _parquet_rows,
}
"""By the ending of a file's name; others hold a JSON object a line."""

ENDINGS = {".jsonl", *READERS}
"""Of the files in a folder that are read."""
