"""What the extra `train` brings."""

from __future__ import annotations

from importlib.util import find_spec

from burnish.errors import ConfigError

LIBRARIES = ("accelerate", "datasets", "gguf", "peft", "trl")


def check_libraries() -> None:
    """Raise a `ConfigError` where the libraries of the extra are missing."""
    missing = [name for name in LIBRARIES if find_spec(name) is None]
    if missing:
        raise ConfigError(f"training needs {', '.join(missing)}; install them with `pip install 'burnish[train]'`")
