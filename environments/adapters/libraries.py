"""The libraries behind adapters and some environments: imported only when used, and named when they are missing."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from burnish.errors import PluginError


def library(module: str, *, extra: str, scheme: str = "", environment: str = "") -> ModuleType:
    """The module of a library that an adapter, by its `scheme`, or an `environment` needs, imported now.

    Raises:
        PluginError: it is not installed, or fails to import.

    """
    user = f'"{environment or f"{scheme}:"}"'
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != module.partition(".")[0]:
            raise PluginError(
                f"{user} cannot import {module}, which lacks {error.name}; "
                f"install it anew with `pip install 'burnish[{extra}]'`"
            ) from error
        raise PluginError(f"{user} needs {module}; install it with `pip install 'burnish[{extra}]'`") from None
    except ImportError as error:
        raise PluginError(f"{user} cannot import {module} ({error}); install it anew") from error
