"""Options that an adapter passes on to its library: what the library says of them, in words that name the option."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Mapping
from functools import partial
from inspect import Parameter
from typing import TYPE_CHECKING, Any, cast

from burnish.environments.foreign import Raised, guarded_call
from burnish.errors import ConfigError
from burnish.spelling import did_you_mean
from burnish.types import JsonValue

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def check_names(spec: str, options: Mapping[str, JsonValue], taken: Collection[str]) -> None:
    """Raise a `ConfigError` for an option that is none of those taken."""
    for option in options:
        if option not in taken:
            raise ConfigError(f'"{spec}" has no option "{option}"; {did_you_mean(option, taken)}')


def fitted(spec: str, library: str, option: str, value: JsonValue, *, annotation: object, default: object) -> object:
    """The value as the library's annotation has it: a list as a tuple, a text as a date.

    An annotation that its own default does not fit says nothing. `Parameter.empty` is no default.

    Raises:
        ConfigError: it does not fit.

    """
    own = guarded_call(lambda: default is Parameter.empty or _adapter(annotation).validate_python(default, strict=True))
    if isinstance(own, Raised):
        return value
    if isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f'"{spec}": {library} takes no {option} of {value}; give a finite number')
    outcome = _read(annotation, value)
    if not isinstance(outcome, Raised):
        return outcome
    as_text = _read(annotation, str(value)) if type(value) in {int, float} else outcome  # as for options of our own
    if not isinstance(as_text, Raised):
        return as_text
    raise ConfigError(f'"{spec}": {library} takes no {option} of {_shown(value)}; {_expected(outcome)}')


def _adapter(annotation: object) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(cast("Any", annotation))


def _read(annotation: object, value: object) -> object:
    """The value as of the annotated type, what was raised where it is of another."""
    # As JSON, which may write a list for a tuple and a text for a date, but not a text for a number.
    return guarded_call(lambda: _adapter(annotation).validate_json(json.dumps(value, default=str), strict=True))


def _expected(raised: Raised) -> str:
    from pydantic import ValidationError

    if not isinstance(raised.error, ValidationError):
        return str(raised)
    return raised.error.errors()[0]["msg"].replace("Input should", "it should")


def refused(
    spec: str, library: str, options: Mapping[str, JsonValue], raised: Raised, make: Callable[[str], object]
) -> ConfigError:
    """The error for options with which the library raised; `make` tries one of them alone."""
    alone = [option for option in options if isinstance(guarded_call(partial(make, option)), Raised)]
    return ConfigError(f'"{spec}": {library} refused {listed(options, alone)} ({raised}); give another value')


def listed(options: Mapping[str, JsonValue], which: Collection[str] = ()) -> str:
    """Options as they are written on a command line; all of them unless `which` names some."""
    return " and ".join(f"{option}={_shown(options[option])}" for option in which or options)


def _shown(value: object) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)[:60]
