"""Building an environment from what makes it and its options, with every mistake named."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar, cast, get_args

from burnish.environments.foreign import Raised, guarded_call
from burnish.errors import BurnishError, ConfigError, PluginError
from burnish.protocols import Environment
from burnish.spelling import close_to
from burnish.types import JsonValue

T = TypeVar("T")

OWN = "one of your own is given as path/to/file.py:Class"


def construct(spec: str, factory: Callable[..., object], options: Mapping[str, JsonValue]) -> Environment:
    """The environment that `factory` makes of these options.

    Raises:
        ConfigError: it does not take one of the options, or needs another.
        PluginError: building it failed, or a part of it is missing.

    """
    _check_options(spec, factory, options)
    parameters = _parameters(factory) or {}
    options = {n: _fitting(spec, parameters[n], v) if n in parameters else v for n, v in options.items()}
    shown = f" with {json.dumps(dict(options), default=repr)}" if options else ""
    environment = called(lambda: factory(**options), f'environment "{spec}" cannot be built{shown}')
    called(partial(_check_parts, spec, environment), f'environment "{spec}" cannot be read')
    return cast("Environment", environment)


def factory_of(factory: object, spec: str) -> Callable[..., object]:
    """What is to make an environment, if it can be called.

    Raises:
        PluginError: it cannot.

    """
    if not callable(factory):
        raise PluginError(f'environment "{spec}" is {type(factory).__name__}, not a class')
    return factory


def called(call: Callable[[], T], failure: str) -> T:
    """What foreign code returns.

    Raises:
        PluginError: it raised; the message begins with `failure` and names the line. Our own errors are passed on.

    """
    outcome = guarded_call(call)
    if isinstance(outcome, Raised):
        if isinstance(outcome.error, BurnishError):
            raise outcome.error
        raise PluginError(f"{failure}: {outcome}") from outcome.error
    return outcome


def _fitting(spec: str, parameter: inspect.Parameter, value: JsonValue) -> JsonValue:
    """An option as its annotation, or a text or switch as its default, says; `level=2` is the level "2".

    Raises:
        ConfigError: it is of another kind.

    """
    kind, optional = _kind(parameter)
    if kind is None or type(value) is kind or (optional and value is None):
        return value
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind is str and number:
        return str(value)
    if kind is float and number:
        return float(cast("float", value))
    raise ConfigError(f'environment "{spec}": option "{parameter.name}" is {value!r:.60}; give {_IN_WORDS[kind]}')


_IN_WORDS: Mapping[type, str] = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


def _kind(parameter: inspect.Parameter) -> tuple[type | None, bool]:
    """What kind of plain value an option is, None where that is not said, and whether it may be missing."""
    members = get_args(parameter.annotation) or (parameter.annotation,)
    plain = [member for member in members if member in _IN_WORDS]
    optional = type(None) in members
    if plain and len(plain) + optional == len(members):
        return (plain[0] if len(plain) == 1 else None), optional
    if parameter.annotation is parameter.empty and isinstance(parameter.default, (str, bool)):
        return type(parameter.default), False
    return None, False


def _parameters(factory: Callable[..., object]) -> Mapping[str, inspect.Parameter] | None:
    """Those of a callable with their annotations as types, or as they are written where they name what is not there."""
    for evaluated in (True, False):
        outcome = guarded_call(partial(inspect.signature, factory, eval_str=evaluated))
        if not isinstance(outcome, Raised):
            return outcome.parameters
    return None  # written in C: calling it will tell


def _check_options(spec: str, factory: Callable[..., object], options: Mapping[str, JsonValue]) -> None:
    signature = _parameters(factory)
    if signature is None or any(parameter.kind is parameter.VAR_KEYWORD for parameter in signature.values()):
        return
    parameters = signature.values()
    bound = factory.keywords if isinstance(factory, partial) else {}
    named = [p for p in parameters if p.kind in {p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD} and p.name not in bound]
    taken = f"it takes {', '.join(p.name for p in named)}" if named else "it takes none"
    for option in options:
        if option not in {p.name for p in named}:
            near = close_to(option, [p.name for p in named])
            hint = f'did you mean "{near}"? ' if near else ""
            raise ConfigError(f'environment "{spec}" has no option "{option}"; {hint}{taken}')
    for parameter in named:
        if parameter.default is parameter.empty and parameter.name not in options:
            raise ConfigError(f'environment "{spec}" needs the option "{parameter.name}"; {taken}')


def _check_parts(spec: str, environment: Any) -> None:
    for part in ("name", "instruction"):
        if not _is_text(value := getattr(environment, part, "-")):
            raise PluginError(f'environment "{spec}": `{part}` is {value!r:.40}; write a text there')
    texts = [p for p in ("name", "instruction") if not hasattr(environment, p)]
    methods = [p for p in ("tasks", "score") if not callable(getattr(environment, p, None))]
    if not texts and not methods:
        return
    parts = " and ".join([*(f"the text `{p}`" for p in texts), *(f"the method `{p}`" for p in methods)])
    own = [member for member in dir(environment) if not member.startswith("_")]
    misspelt = [f"`{near}` may be meant for `{part}`" for part in (*texts, *methods) if (near := close_to(part, own))]
    hint = f"; {', '.join(misspelt)}" if misspelt else ""
    raise PluginError(f'environment "{spec}" lacks {parts}{hint}; add what is missing to its class')


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
