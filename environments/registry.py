"""Finding an environment by what a person writes: a name, a class or function in a file or module, or `scheme:set` of
an adapter.

Names and schemes are built in or offered by installed packages, in the entry point groups `GROUP` and `SCHEMES`.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import MappingProxyType
from typing import cast

from burnish.environments.closing import note_loaded
from burnish.environments.construction import OWN, called, construct, factory_of
from burnish.environments.files import from_file, from_module, is_module
from burnish.environments.static_checks import flaw_of
from burnish.errors import ConfigError, PluginError
from burnish.protocols import Environment
from burnish.spelling import did_you_mean
from burnish.types import JsonValue

GROUP = "burnish.environments"
"""Entry point group in which packages offer environments: each names a class, or a function that makes one."""

SCHEMES = "burnish.adapters"
"""Entry point group in which packages offer adapters: each names a callable that takes the text behind the colon,
and options by keyword, and returns an environment."""

BUILT_IN: Mapping[str, str] = MappingProxyType(
    {
        "arithmetic": "burnish.environments.built_in.arithmetic:Arithmetic",
        "chess": "burnish.environments.built_in.chess:Chess",
        "code": "burnish.environments.built_in.code:Code",
        "contacts": "burnish.environments.built_in.contacts:Contacts",
        "dates": "burnish.environments.built_in.dates:Dates",
        "equations": "burnish.environments.built_in.equations:Equations",
        "grid": "burnish.environments.built_in.grid:Grid",
        "labels": "burnish.environments.built_in.labels:Labels",
        "null": "burnish.environments.built_in.null:Null",
    }
)

ADAPTERS: Mapping[str, str] = MappingProxyType(
    {
        "gym": "burnish.environments.adapters.gym:Gym",
        "humaneval": "burnish.environments.adapters.humaneval:HumanEval",
        "inspect": "burnish.environments.adapters.inspect_tasks:Inspect",
        "jsonl": "burnish.environments.adapters.jsonl:Jsonl",
        "lmeval": "burnish.environments.adapters.lm_tasks:LmEval",
        "rg": "burnish.environments.adapters.reasoning:ReasoningGym",
        "ta": "burnish.environments.adapters.arena:TextArena",
        "tw": "burnish.environments.adapters.textworld:TextWorld",
        "vf": "burnish.environments.adapters.tasksets:Taskset",
    }
)


FILES: Mapping[str, str] = MappingProxyType(
    {".jsonl": "jsonl", ".csv": "jsonl", ".tsv": "jsonl", ".parquet": "jsonl", ".yaml": "lmeval", ".yml": "lmeval"}
)
"""The scheme that most likely reads files of an ending."""


@dataclass(frozen=True)
class EnvironmentEntry:
    """An environment or adapter (`name` ends in a colon) that can be named.

    `source` is "built-in", or the package and object a plug-in names; `warning` says what is wrong with it.
    """

    name: str
    source: str
    summary: str = ""
    warning: str = ""


def listing() -> list[EnvironmentEntry]:
    """What is built in, then plug-ins by name; no plug-in is imported, so theirs have no summary."""
    built_in = [EnvironmentEntry(name, "built-in", _summary(BUILT_IN[name])) for name in BUILT_IN]
    adapters = [EnvironmentEntry(f"{scheme}:", "built-in", _summary(ADAPTERS[scheme])) for scheme in ADAPTERS]
    plugins = [_entry(plugin, "", BUILT_IN) for plugin in entry_points(group=GROUP)]
    plugins += [_entry(plugin, ":", ADAPTERS) for plugin in entry_points(group=SCHEMES)]
    return [*built_in, *adapters, *sorted(plugins, key=lambda entry: (entry.name, entry.source))]


def load(spec: str, options: Mapping[str, JsonValue]) -> Environment:
    """The environment that `spec` names, built with `options` as keyword arguments.

    `spec` is a built-in name, the name of an installed plug-in, `scheme:set` of an adapter, `path.py:Class` with a path
    that is absolute or relative to the working directory, or `package.module:Class`. In place of a class may stand a
    function that makes the environment.

    Raises:
        ConfigError: there is no such name, scheme or set, or the environment does not take these options.
        PluginError: the file or class is missing, importing or building it failed, or a part of it is.

    """
    path, _, class_name = spec.rpartition(":")
    scheme, colon, target = spec.partition(":")
    schemes = {*ADAPTERS, *entry_points(group=SCHEMES).names}
    of_scheme = bool(colon) and scheme in schemes
    if not of_scheme and (spec.endswith(".py") or path.endswith(".py")):
        factory = from_file(Path(path or spec), class_name if path else "")
    elif not of_scheme and (meant := _meant(spec, schemes)):
        raise ConfigError(f'no environment is called "{spec}"; did you mean "{meant}"?')
    elif colon and not of_scheme and target.isidentifier() and is_module(scheme):
        factory = from_module(scheme, target)
    elif colon:
        factory = partial(_named(scheme, ADAPTERS, SCHEMES, "scheme"), target)
    else:
        factory = _named(spec, BUILT_IN, GROUP, "environment")
    environment = construct(spec, factory, options)
    note_loaded(environment)
    return environment


def _meant(spec: str, schemes: Collection[str]) -> str:
    """What somebody meant who mistook the marks of a specification; empty where that cannot be told."""
    name, colon, rest = spec.partition(":")
    if name.endswith(".py") and rest.startswith(":"):
        return f"{name}:{rest.lstrip(':')}"
    if colon and os.path.isfile(f"{name}.py"):  # noqa: PTH113 (a name too long is none, and no error)
        return f"{name}.py:{rest}"
    names = {*BUILT_IN, *entry_points(group=GROUP).names}
    if colon and name in names:
        return name
    if colon and name.casefold() in schemes:
        return f"{name.casefold()}:{rest}"
    if spec not in names and spec.casefold() in names:
        return spec.casefold()
    reader = FILES.get(Path(spec).suffix)
    if reader and os.path.isfile(spec):  # noqa: PTH113
        return f"{reader}:{spec}"
    return f"{spec}:..." if spec in schemes else ""


def _named(name: str, built_in: Mapping[str, str], group: str, kind: str) -> Callable[..., object]:
    """The built-in or plug-in of a name; what is built in cannot be replaced."""
    if name in built_in:
        return _imported(built_in[name])
    found = list(entry_points(group=group, name=name))
    if not found:
        known = {*built_in, *entry_points(group=group).names}
        raise ConfigError(f'no {kind} is called "{name}"; {did_you_mean(name, known)}, and {OWN}')
    if len({plugin.value for plugin in found}) > 1:
        sources = " and ".join(sorted(_source(plugin) for plugin in found))
        raise PluginError(f'more than one plug-in is called "{name}": {sources}; uninstall all but one')
    factory: object = called(found[0].load, f'plug-in "{name}" ({_source(found[0])}) cannot be imported')
    return factory_of(factory, name)


def _imported(reference: str) -> Callable[..., object]:
    module, _, name = reference.partition(":")
    return cast("Callable[..., object]", getattr(import_module(module), name))


def _summary(reference: str) -> str:
    return (inspect.getdoc(_imported(reference)) or "").partition("\n")[0]


def _entry(plugin: EntryPoint, suffix: str, taken: Mapping[str, str]) -> EnvironmentEntry:
    warning = ""
    if plugin.name in taken:
        warning = "hidden: what is built in has this name"
    elif len(entry_points(group=plugin.group, name=plugin.name)) > 1:
        warning = "more than one package offers this name"
    elif not plugin.attr or not plugin.module:
        warning = f"its entry point {plugin.value!r} names no object; it must read module:Class"
    else:
        warning = flaw_of(plugin.module, plugin.attr)
    return EnvironmentEntry(f"{plugin.name}{suffix}", _source(plugin), warning=warning)


def _source(plugin: EntryPoint) -> str:
    return f"{plugin.dist.name}: {plugin.value}" if plugin.dist else plugin.value
