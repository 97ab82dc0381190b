"""Building an environment from what makes it and its options, with every mistake named."""

from __future__ import annotations

import inspect
import json
import traceback
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar, cast

from burnish.environments.foreign import Raised, attempt
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
    options = {name: _fitting(factory, name, value) for name, value in options.items()}
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
    outcome = attempt(call)
    if isinstance(outcome, Raised):
        if isinstance(outcome.error, BurnishError):
            raise outcome.error
        raise PluginError(f"{failure}: {outcome}{_where(outcome.error)}") from outcome.error
    return outcome


def _where(error: BaseException) -> str:
    """File and line of the innermost frame, as far as there is one outside of Burnish and the import system."""
    if isinstance(error, SyntaxError):
        return ""  # its message says where
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith("<frozen")]
    return f" ({frames[-1].filename}, line {frames[-1].lineno})" if len(frames) > 1 else ""


def _fitting(factory: Callable[..., object], name: str, value: JsonValue) -> JsonValue:
    """An option that is a text, by its default, may look like a number: `level=2` is the level "2"."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    parameter = (_parameters(factory) or {}).get(name)
    return str(value) if parameter is not None and isinstance(parameter.default, str) else value


def _parameters(factory: Callable[..., object]) -> Mapping[str, inspect.Parameter] | None:
    try:
        return inspect.signature(factory).parameters
    except (TypeError, ValueError):  # written in C: calling it will tell
        return None


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
