"""Telling people, or a program of theirs, what a run that nobody looks after comes to."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from burnish.errors import BurnishError, ConfigError
from burnish.printing import on_one_line
from burnish.servers import filled_in

TOLD = frozenset({"finished", "ended", "guard", "outage", "back", "waiting", "stopping"})
"""Events that are told; of all others the log has a line."""
SECONDS = 60
"""How long one of those told may take."""

Tell = Callable[[str, str, str], None]
"""Called with an event, what happened in a sentence, and the facts as JSON."""


class Announcer:
    """Tells of the events that people want to know of, one after another, beside the run."""

    def __init__(self, run: Path, tells: Sequence[Tell]) -> None:
        self._run, self._tells = run, tells
        self._beside = ThreadPoolExecutor(1, thread_name_prefix="announcing")

    def __call__(self, kind: str, facts: Mapping[str, Any]) -> None:
        """Take an event in. What goes wrong with telling is nobody's end."""
        if kind not in TOLD:
            return
        said, plain = sentence(kind, facts), json.dumps({"event": kind, "run": str(self._run), **facts}, default=str)
        for tell in self._tells:
            self._beside.submit(tell, kind, said, plain)

    def close(self) -> None:
        """Wait until all is told."""
        self._beside.shutdown()


def sentence(kind: str, facts: Mapping[str, Any]) -> str:
    """What happened, on one line."""
    said = {
        "finished": f"finished: {facts.get('verdict', '')}",
        "ended": f"ended before its time: {facts.get('reason', '')}",
        "guard": " ".join(map(str, facts.get("alarms", ()))),
        "outage": f"waits for a model server: {facts.get('reason', '')}",
        "back": "the model server answers again",
        "waiting": f"waits for people: {facts.get('questions', '')} questions",
        "stopping": "is asked to stop",
    }
    return on_one_line(said[kind])


@contextmanager
def announced(run: Path, commands: Sequence[str], urls: Sequence[str]) -> Iterator[Announcer]:
    """An announcer for a sitting, which tells how that ended too.

    Raises:
        ConfigError: a command or a URL is none, or what it takes is not installed.

    """
    announcer = Announcer(run, [*map(_command(run), commands), *([_by_apprise(run, urls)] if urls else [])])
    try:
        yield announcer
    except BurnishError as error:
        announcer("ended", {"reason": str(error), "exit_code": error.exit_code})
        raise
    finally:
        announcer.close()


def _command(run: Path) -> Callable[[str], Tell]:
    def made(text: str) -> Tell:
        try:
            command = shlex.split(text)
        except ValueError as error:
            raise ConfigError(f"--on-event {text!r}: {error}; quote it as in a shell") from None
        if not command:
            raise ConfigError("--on-event is empty; give a command, such as --on-event 'notify-send burnish'")

        def tell(kind: str, said: str, plain: str) -> None:
            environment = {**os.environ, "BURNISH_EVENT": kind, "BURNISH_RUN": str(run), "BURNISH_SAID": said}
            subprocess.run(  # noqa: S603 (the user's own command)
                command,
                input=plain,
                text=True,
                env=environment,
                timeout=SECONDS,
                check=False,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

        return tell

    return made


def _by_apprise(run: Path, urls: Sequence[str]) -> Tell:
    try:
        from apprise import Apprise
    except ImportError:
        raise ConfigError("--notify needs apprise: `pip install 'burnish[notify]'`") from None
    messenger = Apprise()
    for place, url in filled_in({str(n): url for n, url in enumerate(urls, 1)}, "--notify").items():
        if not messenger.add(url):
            raise ConfigError(
                f"--notify, URL {place}: not one that Apprise knows; see https://github.com/caronc/apprise, and put "
                "what is secret in it into the environment: --notify '$MY_URL'"
            )

    def tell(_kind: str, said: str, _plain: str) -> None:
        messenger.notify(title=f"Burnish: {run.name}", body=said)

    return tell
