"""Environments that are a class in a Python file or module, or what a function there makes."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

from burnish.environments.construction import OWN, called, factory_of
from burnish.environments.foreign import Raised, guarded_call
from burnish.errors import BurnishError, PluginError
from burnish.spelling import close_to
from burnish.types import content_hash


def from_file(path: Path, class_name: str) -> Callable[..., object]:
    """The class or function of that name in the file, which is imported.

    Raises:
        PluginError: there is no such file or class, or importing it failed.

    """
    if not path.is_file():
        raise PluginError(f"there is no file {path} (looked in {path.absolute().parent}); {OWN}")
    return _named(import_file(path.resolve()), str(path), class_name)


def from_module(module: str, class_name: str) -> Callable[..., object]:
    """The class or function of that name in a module that is installed, or lies in the working directory.

    Raises:
        PluginError: there is no such class, or importing the module failed.

    """
    return _named(own_module(module, f'environment "{module}:{class_name}"'), module, class_name)


def own_module(name: str, user: str) -> ModuleType:
    """A module of the user's, imported now; `user` is what asks for it, as it begins a message.

    Raises:
        PluginError: there is none, or importing it failed.

    """
    if not is_module(name):
        raise PluginError(
            f"{user}: there is no module {name}; install its package, or start in the folder where it lies"
        )
    return called(partial(importlib.import_module, name), f"{user}: {name} cannot be imported")


def is_module(name: str) -> bool:
    """Whether a text names a module that can be imported, from the working directory too."""
    if not all(part.isidentifier() for part in name.split(".")):
        return False
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.append(here)  # last, so that it hides no installed module
    outcome = guarded_call(partial(importlib.util.find_spec, name))
    return outcome is not None and not isinstance(outcome, Raised)


def _named(module: ModuleType, where: str, class_name: str) -> Callable[..., object]:
    if not class_name or not hasattr(module, class_name):
        classes = [n for n, v in vars(module).items() if isinstance(v, type) and v.__module__ == module.__name__]
        near = close_to(class_name.casefold(), [name.casefold() for name in classes])
        hint = next((f'did you mean "{name}"? ' for name in classes if near and name.casefold() == near), "")
        there = f"{hint}the classes there are {', '.join(classes)}" if classes else "there are no classes in it"
        missing = f'{where} has no class "{class_name}"' if class_name else f"{where} alone names no class"
        raise PluginError(f"{missing}; {there}, and {OWN}")
    return factory_of(getattr(module, class_name), f"{where}:{class_name}")


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
