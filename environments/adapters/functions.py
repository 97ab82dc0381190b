"""Functions of the user's own that adapters call."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from burnish.environments.adapters.paths import regular_file
from burnish.environments.files import import_file
from burnish.errors import ConfigError, PluginError
from burnish.spelling import did_you_mean


def function(spec: str, *, option: str) -> Callable[..., object]:
    """The function that `path/to/file.py:name` names; `option` is where this was written.

    Raises:
        ConfigError: this names no function.
        PluginError: there is no such file or function, or importing the file failed.

    """
    path, _, name = spec.rpartition(":")
    if not path.endswith(".py") or not name:
        raise ConfigError(f"{option} is {spec!r}; give a function as path/to/file.py:name")
    file = regular_file(Path(path), option=option)
    module = import_file(file.resolve())
    found = getattr(module, name, None)
    if found is None:
        functions = [n for n, v in vars(module).items() if callable(v) and not n.startswith("_")]
        raise PluginError(f'{option}: {file} has no function "{name}"; {did_you_mean(name, functions)}')
    if not callable(found):
        raise PluginError(f'{option}: "{name}" in {file} is {type(found).__name__}, not a function')
    return found  # type: ignore[no-any-return]
