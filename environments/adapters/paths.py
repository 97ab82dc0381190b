"""Files that are named in a target or an option."""

from __future__ import annotations

import stat
from pathlib import Path

from burnish.errors import PluginError


def regular_file(path: Path, *, option: str = "") -> Path:
    """The path, if a regular file is there; `option` is where it was written.

    Raises:
        PluginError: there is none, or something else.

    """
    prefix = f"{option}: " if option else ""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError):  # a path with a null byte is a ValueError
        raise PluginError(f"{prefix}there is no file {path} (looked in {path.absolute().parent})") from None
    except OSError as error:
        raise PluginError(f"{prefix}{path} cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "a pipe, socket or device"
        raise PluginError(f"{prefix}{path} is no regular file but {what}; name a file")
    return path
