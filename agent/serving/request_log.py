"""A line of JSON for each request that was answered."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from burnish.agent.serving.private_file import PrivateFile
from burnish.agent.serving.service import Answer, Asked
from burnish.errors import ConfigError


class RequestLog:
    """Appends to a file that only its owner may read: it holds what people asked.

    Raises:
        ConfigError: the file lies in the folder of the run, which stays as it is, cannot be written, or is no file.

    """

    def __init__(self, path: Path, run: Path) -> None:
        if path.resolve().is_relative_to(run.resolve()):
            raise ConfigError(f"--log {path} lies in the folder of the run, which is left as it is; give another place")
        self._path = path
        self._file = PrivateFile(path, f"--log {path}", "give another file")
        self._warned = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def write(self, asked: Asked, answer: Answer) -> None:
        """Append an answer, with the time of day in UTC. One that cannot be written is given all the same, and the
        terminal is told at the first.
        """
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "id": answer.id,
            "name": answer.name,
            "iteration": answer.iteration,
            "program": answer.program,
            "model": answer.model,
            "text": asked.text,
            "exemplars": [one.to_json() for one in answer.shown],
            "nearest": answer.nearest,
            "unlike": answer.unlike,
            "prompt": [message.to_json() for message in answer.requests[-1].messages],
            "answer": answer.text,
            "usage": answer.usage.to_json(),
            "seconds": round(answer.seconds, 4),
        }
        try:
            self._file.append(json.dumps(line))
        except OSError as error:
            if not self._warned:
                print(
                    f"--log {self._path} cannot be written ({error.strerror}): answers are given, and those that do "
                    "not fit are not logged.",
                    file=sys.stderr,
                )
            self._warned = True
