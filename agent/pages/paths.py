"""Where files lie on this machine is nobody else's business: of paths only the last part is handed on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from html import escape
from pathlib import PurePosixPath, PureWindowsPath

from burnish.agent.inspecting.opened import InspectedRun


def without_paths(run: InspectedRun) -> Callable[[str], str]:
    """A function that leaves out of a text the folders of every file that settings or models of a run name, and of the
    run.
    """
    with run.journal() as journal:
        models = [name for role in ("task", "judge", "reflector", "teacher") for name in journal.models(role)]
    named = [*_texts(run.config.model_dump(mode="json")), *models, str(run.place.path), str(run.place.path.resolve())]
    short = {text: _last(text) for text in named if _last(text) != text}
    both = {**short, **{escape(text): escape(name) for text, name in short.items()}}
    longest_first = sorted(both, key=len, reverse=True)

    def shortened(text: str) -> str:
        for path in longest_first:
            text = text.replace(path, both[path])
        return text

    return shortened


def _last(text: str) -> str:
    """The last part of a path that is absolute or in somebody's home, and any other text as it is."""
    if text.startswith(("/", "~")) and len(text) > 1:
        return PurePosixPath(text).name
    return PureWindowsPath(text).name if PureWindowsPath(text).is_absolute() else text


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _texts(one)
