"""Environments that are a class in a Python file."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

from burnish.environments.construction import OWN, called, factory_of
from burnish.errors import BurnishError, PluginError
from burnish.spelling import close_to
from burnish.types import content_hash


def from_file(path: Path, class_name: str) -> Callable[..., object]:
    """The class of that name in the file, which is imported.

    Raises:
        PluginError: there is no such file or class, or importing it failed.

    """
    if not path.is_file():
        raise PluginError(f"there is no file {path} (looked in {path.absolute().parent}); {OWN}")
    module = import_file(path.resolve())
    if not hasattr(module, class_name):
        classes = [n for n, v in vars(module).items() if isinstance(v, type) and v.__module__ == module.__name__]
        near = close_to(class_name.casefold(), [name.casefold() for name in classes])
        hint = next((f'did you mean "{name}"? ' for name in classes if near and name.casefold() == near), "")
        there = f"{hint}the classes there are {', '.join(classes)}" if classes else "there are no classes in it"
        missing = f'{path} has no class "{class_name}"' if class_name else f"{path} alone names no class"
        raise PluginError(f"{missing}; {there}, and {OWN}")
    return factory_of(getattr(module, class_name), f"{path}:{class_name}")


def import_file(path: Path) -> ModuleType:
    """The module of a file.

    Raises:
        PluginError: importing it failed.

    """
    name = f"burnish_environment_{path.stem}_{content_hash(str(path))}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # The file's neighbours can be imported as from a script, but last, so they hide no installed module.
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    sys.modules[name] = module  # dataclasses and pickle look the module up
    try:
        called(partial(spec.loader.exec_module, module), f"environment file {path} cannot be imported")
    except BurnishError:
        del sys.modules[name]
        raise
    return module
