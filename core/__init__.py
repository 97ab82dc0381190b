"""Burnish: an autonomous self-improvement loop for language-model agents.

>>> from burnish import RunConfig, run, open_run
>>> report = run(RunConfig(environment="contacts"), directory="runs/first")  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module as _import_module
from pathlib import Path as _Path
from typing import TYPE_CHECKING

__version__ = "0.1.0"

__all__ = [
    "RunConfig",
    "__version__",
    "export_memory",
    "forget",
    "fork",
    "import_memory",
    "load_program",
    "open_run",
    "pin",
    "resume",
    "rollback",
    "run",
    "take_feedback",
    "verify",
]

# An editable install reaches this package over links; resolve them so that files carry their real names.
_here = _Path(__file__).resolve().parent
if _here.name == "core":
    __path__ = [str(_here), str(_here.parent)]

if TYPE_CHECKING:
    from burnish.agent.api import resume, run
    from burnish.agent.inspecting.opened import open_run
    from burnish.agent.record.program_file import load_program
    from burnish.agent.steering.carrying import export_memory, import_memory
    from burnish.agent.steering.feedback import take_feedback
    from burnish.agent.steering.forgetting import forget, pin
    from burnish.agent.steering.forking import fork
    from burnish.agent.steering.returning import rollback
    from burnish.agent.verification.verify import verify
    from burnish.config import RunConfig

_LAZY = {
    "RunConfig": "burnish.config",
    "export_memory": "burnish.agent.steering.carrying",
    "forget": "burnish.agent.steering.forgetting",
    "fork": "burnish.agent.steering.forking",
    "import_memory": "burnish.agent.steering.carrying",
    "load_program": "burnish.agent.record.program_file",
    "open_run": "burnish.agent.inspecting.opened",
    "pin": "burnish.agent.steering.forgetting",
    "resume": "burnish.agent.api",
    "rollback": "burnish.agent.steering.returning",
    "run": "burnish.agent.api",
    "take_feedback": "burnish.agent.steering.feedback",
    "verify": "burnish.agent.verification.verify",
}


def __getattr__(name: str) -> object:
    if name in _LAZY:
        return getattr(_import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'burnish' has no attribute {name!r}")
