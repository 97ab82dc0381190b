"""Lines that are appended to a file which only its owner may read."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from burnish.errors import ConfigError


class PrivateFile:
    """A file of lines; others lose the right to read it, if it is there and they had that. `said` names the file, and
    `instead` says what to do where it cannot be used.

    Raises:
        ConfigError: it cannot be written, is another's or is no file, as a pipe or a device.

    """

    def __init__(self, path: Path, said: str, instead: str) -> None:
        try:
            # a pipe that nobody reads would be waited for
            self._number = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK, 0o600)
        except OSError as error:
            raise ConfigError(f"{said} cannot be written ({error.strerror}); {instead}") from None
        try:
            self._keep_private(said, instead)
            self._end_line()
        except ConfigError:
            self.close()
            raise

    def _keep_private(self, said: str, instead: str) -> None:
        mode = os.fstat(self._number).st_mode
        if not stat.S_ISREG(mode):
            raise ConfigError(f"{said} cannot be written, as it is no file but a pipe or a device; {instead}")
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            try:
                os.fchmod(self._number, 0o600)
            except OSError as error:
                raise ConfigError(
                    f"{said} can be read by others, and that cannot be changed ({error.strerror}); {instead}"
                ) from None

    def _end_line(self) -> None:
        """End the line that a server was writing when it was killed."""
        size = os.fstat(self._number).st_size
        if size and os.pread(self._number, 1, size - 1) != b"\n":
            with suppress(OSError):
                os.write(self._number, b"\n")

    def append(self, line: str) -> None:
        """Add a line, all of it or nothing.

        Raises:
            OSError: it could not be written, as where the disk is full.

        """
        left = memoryview(f"{line}\n".encode())
        while left:
            try:
                left = left[os.write(self._number, left) :]
            except OSError:
                self._take_back(len(line.encode()) + 1 - len(left))
                raise

    def _take_back(self, written: int) -> None:
        """Cut off the beginning of a line, unless another has written behind it."""
        end = os.lseek(self._number, 0, os.SEEK_CUR)
        if written and os.fstat(self._number).st_size == end:
            os.ftruncate(self._number, end - written)

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        number, self._number = self._number, -1
        if number >= 0:
            os.close(number)
