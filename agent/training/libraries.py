"""What the extra `train` brings."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from burnish.errors import ConfigError

LIBRARIES = ("accelerate", "datasets", "fastapi", "gguf", "openai", "peft", "trl")


def check_libraries() -> None:
    """Raise a `ConfigError` where the libraries of the extra are missing."""
    missing = [name for name in LIBRARIES if find_spec(name) is None]
    if missing:
        raise ConfigError(f"training needs {', '.join(missing)}; install them with `pip install 'burnish[train]'`")


@contextmanager
def quietly() -> Iterator[None]:
    """Nothing is fetched, and of what the libraries say nothing but errors is printed."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    import datasets
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    datasets.disable_progress_bars()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
