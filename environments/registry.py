"""Finding an environment by name: built in, installed as a plug-in, or a class in a file."""

from __future__ import annotations

import difflib
import importlib.util
import inspect
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any, TypeVar, cast

from burnish.environments.boundary import Raised, attempt
from burnish.errors import BurnishError, ConfigError, PluginError
from burnish.protocols import Environment
from burnish.types import JsonValue, content_hash

T = TypeVar("T")

GROUP = "burnish.environments"
"""Entry point group in which packages offer environments."""

BUILT_IN = MappingProxyType(
    {
        "contacts": "burnish.environments.built_in.contacts:Contacts",
        "dates": "burnish.environments.built_in.dates:Dates",
        "null": "burnish.environments.built_in.null:Null",
    }
)

_OWN = "one of your own is given as path/to/file.py:Class"


@dataclass(frozen=True)
class EnvironmentEntry:
    """An environment that can be named: `source` is "built-in", or the package and object a plug-in names."""

    name: str
    source: str
    summary: str = ""


def listing() -> list[EnvironmentEntry]:
    """Built-in environments, then plug-ins by name; no plug-in is imported, so theirs have no summary."""
    built_in = [
        EnvironmentEntry(name, "built-in", (inspect.getdoc(_built_in(name)) or "").partition("\n")[0])
        for name in BUILT_IN
    ]
    plugins = [EnvironmentEntry(p.name, _source(p)) for p in entry_points(group=GROUP) if p.name not in BUILT_IN]
    return [*built_in, *sorted(plugins, key=lambda entry: (entry.name, entry.source))]


def load(spec: str, options: Mapping[str, JsonValue]) -> Environment:
    """The environment that `spec` names, built with `options` as keyword arguments.

    `spec` is a built-in name, the name of an installed plug-in, or `path.py:Class` with a path that is absolute
    or relative to the working directory.

    Raises:
        ConfigError: there is no such name, or the environment does not take these options.
        PluginError: the file or class is missing, importing or building it failed, or a part of it is.

    """
    path, _, class_name = spec.rpartition(":")
    if spec.endswith(".py") or path.endswith(".py"):
        factory = _from_file(Path(path or spec), class_name if path else "")
    elif spec in BUILT_IN:
        factory = _built_in(spec)
    else:
        factory = _from_plugin(spec)
    _check_options(spec, factory, options)
    shown = f" with {json.dumps(dict(options), default=repr)}" if options else ""
    environment = _run(lambda: factory(**options), f'environment "{spec}" cannot be built{shown}')
    _run(partial(_check_parts, spec, environment), f'environment "{spec}" cannot be read')
    return cast("Environment", environment)


def _built_in(name: str) -> Callable[..., object]:
    module, _, class_name = BUILT_IN[name].partition(":")
    return cast("Callable[..., object]", getattr(import_module(module), class_name))


def _from_plugin(name: str) -> Callable[..., object]:
    found = list(entry_points(group=GROUP, name=name))
    if not found:
        known = sorted({*BUILT_IN, *entry_points(group=GROUP).names})
        near = difflib.get_close_matches(name, known, n=1)
        hint = f'; did you mean "{near[0]}"?' if near else ";"
        raise ConfigError(f'no environment is called "{name}"{hint} known are {", ".join(known)}, and {_OWN}')
    if len({plugin.value for plugin in found}) > 1:
        sources = " and ".join(sorted(_source(plugin) for plugin in found))
        raise PluginError(f'more than one plug-in is called "{name}": {sources}; uninstall all but one')
    factory: object = _run(found[0].load, f'plug-in "{name}" ({_source(found[0])}) cannot be imported')
    return _callable(factory, name)


def _source(plugin: EntryPoint) -> str:
    return f"{plugin.dist.name}: {plugin.value}" if plugin.dist else plugin.value


def _from_file(path: Path, class_name: str) -> Callable[..., object]:
    if not path.is_file():
        raise PluginError(f"there is no file {path} (looked in {path.absolute().parent}); {_OWN}")
    module = _import_file(path.resolve())
    if not hasattr(module, class_name):
        classes = [n for n, v in vars(module).items() if isinstance(v, type) and v.__module__ == module.__name__]
        there = f"the classes there are {', '.join(classes)}" if classes else "there are no classes in it"
        missing = f'{path} has no class "{class_name}"' if class_name else f"{path} alone names no class"
        raise PluginError(f"{missing}; {there}, and {_OWN}")
    return _callable(getattr(module, class_name), f"{path}:{class_name}")


def _import_file(path: Path) -> ModuleType:
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
        _run(partial(spec.loader.exec_module, module), f"environment file {path} cannot be imported")
    except BurnishError:
        del sys.modules[name]
        raise
    return module


def _callable(factory: object, spec: str) -> Callable[..., object]:
    if not callable(factory):
        raise PluginError(f'environment "{spec}" is {type(factory).__name__}, not a class')
    return factory


def _check_options(spec: str, factory: Callable[..., object], options: Mapping[str, JsonValue]) -> None:
    try:
        parameters = inspect.signature(factory).parameters.values()
    except (TypeError, ValueError):  # written in C: calling it will tell
        return
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return
    named = [p for p in parameters if p.kind in {p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD}]
    taken = f"it takes {', '.join(p.name for p in named)}" if named else "it takes none"
    for option in options:
        if option not in {p.name for p in named}:
            raise ConfigError(f'environment "{spec}" has no option "{option}"; {taken}')
    for parameter in named:
        if parameter.default is parameter.empty and parameter.name not in options:
            raise ConfigError(f'environment "{spec}" needs the option "{parameter.name}"; {taken}')


def _check_parts(spec: str, environment: Any) -> None:
    texts = [p for p in ("name", "instruction") if not _is_text(getattr(environment, p, None))]
    methods = [p for p in ("tasks", "score") if not callable(getattr(environment, p, None))]
    if texts or methods:
        parts = " and ".join([*(f"the text `{p}`" for p in texts), *(f"the method `{p}`" for p in methods)])
        raise PluginError(f'environment "{spec}" lacks {parts}; add what is missing to its class')


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _run(call: Callable[[], T], failure: str) -> T:
    """Call foreign code; what it raises, other than our own errors, is a `PluginError`."""
    outcome = attempt(call)
    if isinstance(outcome, Raised):
        if isinstance(outcome.error, BurnishError):
            raise outcome.error
        raise PluginError(f"{failure}: {outcome}") from outcome.error
    return outcome
