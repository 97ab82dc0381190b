"""A line of JSON for each request that was answered."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from burnish.agent.serving.service import Answer, Asked
from burnish.errors import ConfigError


class RequestLog:
    """Appends to a file that only its owner may read: it holds what people asked.

    Raises:
        ConfigError: the file lies in the folder of the run, which stays as it is, or cannot be written.

    """

    def __init__(self, path: Path, run: Path) -> None:
        if path.resolve().is_relative_to(run.resolve()):
            raise ConfigError(f"--log {path} lies in the folder of the run, which is left as it is; give another place")
        try:
            self._file: TextIO = os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a")
        except OSError as error:
            raise ConfigError(f"--log {path} cannot be written ({error.strerror}); give another file") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def write(self, asked: Asked, answer: Answer) -> None:
        """Append an answer, with the time of day in UTC."""
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
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
