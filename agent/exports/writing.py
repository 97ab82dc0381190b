"""Putting an export on disk: all of it, or nothing."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, TypeAlias

from burnish.agent.exports.columns import Kind, arrow_schema
from burnish.errors import ConfigError, ExportExists, StorageError
from burnish.types import JsonValue

FileType: TypeAlias = Literal["jsonl", "parquet"]

Records: TypeAlias = Sequence[Mapping[str, JsonValue]]


def check_room(path: Path) -> None:
    """Raise `ExportExists` where there is something at `path` already; an empty folder is nothing."""
    if path.is_symlink() or (path.exists() and (not path.is_dir() or any(path.iterdir()))):
        raise ExportExists(f"{path} exists already; give another --out, or remove it first")


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder to write into that becomes `path` when all is written; where that fails nothing is left.

    Raises:
        ExportExists: there is something at `path` already.
        StorageError: it cannot be written; the disk may be full.

    """
    check_room(path)
    path = path.resolve()
    making = path.with_name(f".{path.name}.part")
    try:
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        yield making
        making.replace(path)
    except OSError as error:
        raise StorageError(
            f"cannot write {path}: {error.strerror or error}; make room or give another --out, nothing was left there"
        ) from None
    finally:
        shutil.rmtree(making, ignore_errors=True)


def check_writable(kind: FileType) -> None:
    """Raise a `ConfigError` where a library is missing."""
    if kind == "parquet" and find_spec("pyarrow") is None:
        raise ConfigError("Parquet needs pyarrow: pip install 'burnish[parquet]', or write --to jsonl")


def write(records: Records, path: Path, kind: FileType, columns: Mapping[str, Kind]) -> None:
    """Write the records of one split; `path` has no ending yet."""
    if kind == "jsonl":
        with path.with_suffix(".jsonl").open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(_whole(record), ensure_ascii=False) + "\n" for record in records)
        return
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pylist([_whole(record) for record in records], schema=arrow_schema(columns))
    pq.write_table(table, path.with_suffix(".parquet"))


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _whole(value: JsonValue | Mapping[str, JsonValue]) -> JsonValue:
    """Without lone surrogates, which no UTF-8 file takes."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {key: _whole(one) for key, one in value.items()}
    return [_whole(one) for one in value] if isinstance(value, list) else value
