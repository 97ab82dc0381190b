"""Burnish: an autonomous self-improvement loop for language-model agents.

>>> from burnish import RunConfig, run, open_run
>>> report = run(RunConfig(environment="contacts"), directory="runs/first")  # doctest: +SKIP
"""

from __future__ import annotations

import os as _os
from importlib import import_module as _import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

__all__ = ["RunConfig", "__version__", "open_run", "run"]

# An editable install reaches this package over links; resolve them so that files carry their real names.
_here = _os.path.dirname(_os.path.realpath(__file__))
if _os.path.basename(_here) == "core":
    __path__ = [_here, _os.path.dirname(_here)]

if TYPE_CHECKING:
    from burnish.agent.api import open_run, run
    from burnish.config import RunConfig

_LAZY = {"RunConfig": "burnish.config", "run": "burnish.agent.api", "open_run": "burnish.agent.api"}


def __getattr__(name: str) -> object:
    if name in _LAZY:
        return getattr(_import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'burnish' has no attribute {name!r}")
