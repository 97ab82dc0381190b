"""Environments that are closed when nobody uses them any more."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from burnish.environments.episodes import settled
from burnish.environments.foreign import Raised, guarded_call
from burnish.protocols import Environment
from burnish.waiting import awaited

_LOADED: ContextVar[list[Environment] | None] = ContextVar("environments loaded here", default=None)


@contextmanager
def closing_what_is_loaded() -> Iterator[None]:
    """Close, at the end, the environments that were loaded by name within. Those that a caller made stay open."""
    loaded: list[Environment] = []
    token = _LOADED.set(loaded)
    try:
        yield
    finally:
        _LOADED.reset(token)
        for environment in reversed(loaded):
            close(environment)


def note_loaded(environment: Environment) -> None:
    """Have an environment closed by the innermost `closing_what_is_loaded` around, if there is one."""
    loaded = _LOADED.get()
    if loaded is not None:
        loaded.append(environment)


def close(environment: Environment) -> None:
    """Call `close` of an environment that has it, and await it if need be. What it raises becomes a warning."""
    method = getattr(environment, "close", None)
    if not callable(method):
        return
    outcome = guarded_call(method)
    if inspect.isawaitable(outcome):
        outcome = guarded_call(lambda: awaited(settled(outcome)))
    if isinstance(outcome, Raised):
        warnings.warn(f'environment "{environment.name}": close raised {outcome}', RuntimeWarning, stacklevel=2)
