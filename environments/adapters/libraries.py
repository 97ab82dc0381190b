"""The libraries behind adapters: imported only when an adapter is used, and named when they are missing."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from burnish.errors import PluginError


def library(module: str, *, scheme: str, extra: str) -> ModuleType:
    """The module of a library, imported now.

    Raises:
        PluginError: it is not installed, or fails to import.

    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != module.partition(".")[0]:
            raise PluginError(
                f'"{scheme}:" cannot import {module}, which lacks {error.name}; '
                f"install it anew with `pip install 'burnish[{extra}]'`"
            ) from error
        raise PluginError(f"\"{scheme}:\" needs {module}; install it with `pip install 'burnish[{extra}]'`") from None
    except ImportError as error:
        raise PluginError(f'"{scheme}:" cannot import {module} ({error}); install it anew') from error
