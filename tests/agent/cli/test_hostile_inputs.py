"""Whatever a file, a path or an option holds: one sentence and a documented exit code, never a traceback or a hang."""

from __future__ import annotations

import json
import shutil
import signal
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import Any

import pytest
import tomli_w
from hostile import TEXTS, VALUES, damaged, jsonl, no_file, routes, spoilt, toml
from laboratory import CommandLine, Laboratory
from strength import thorough_but

SECONDS = 10
CODES = range(9)
ROUNDS = thorough_but([0, 1], list(range(160)))
"""Of each kind of input in a test run; with all kinds more than 2,000 where tests are thorough."""
LOOKING = (
    ("report",), ("status",), ("doctor",), ("verify",), ("resume",), ("tasks",), ("spend",), ("show", "race 1"),
)  # fmt: skip


class Desk:
    """A folder for one try, and what is given where all is well."""

    def __init__(self, folder: Path, run: Path, seed: str) -> None:
        self.folder, self.learned, self.rng = folder, run, Random(seed)
        told = tomllib.loads((run / "run.toml").read_text(encoding="utf-8"))
        told["models"]["task"] |= {"url": "http://127.0.0.1:9/v1", "retries": 0, "patience_seconds": 0}
        self.settings: dict[str, Any] = told

    def file(self, make: Callable[[Random], bytes], name: str) -> str:
        """A path for a file: mostly one at which `make` has written something."""
        place = self.folder / name
        if self.rng.random() < 0.2:
            return no_file(self.rng, place)
        place.write_bytes(make(self.rng))
        return str(place)

    def run(self, *options: str) -> list[str]:
        """A run with settings that are right."""
        config = self.folder / "config.toml"
        config.write_text(tomli_w.dumps(self.settings))
        return ["run", str(config), "--dir", str(self.folder / "new"), *options]

    def copy(self) -> Path:
        """A finished run that may be damaged."""
        return Path(shutil.copytree(self.learned, self.folder / "run"))

    def look(self, run: Path | str) -> list[str]:
        """A command over a run."""
        command, *rest = self.rng.choice(LOOKING)
        return [command, str(run), *rest]


def _config(desk: Desk) -> list[str]:
    file = desk.file(lambda rng: toml(rng, desk.settings), "config.toml")
    return ["run", file, "--dir", str(desk.folder / "new")]


def _option(desk: Desk) -> list[str]:
    keys = [".".join(map(str, route)) for route in routes(desk.settings) if all(isinstance(k, str) for k in route)]
    text = desk.rng.choice([*TEXTS, *(json.dumps(value) for value in VALUES)])
    return desk.run("-o", f"{desk.rng.choice(keys)}={text}")


def _program(desk: Desk) -> list[str]:
    program = tomllib.loads((desk.learned.parent / "program.toml").read_text(encoding="utf-8"))
    del desk.settings["retrieval"], desk.settings["decoding"]
    return desk.run("-o", f"program={desk.file(lambda rng: toml(rng, program), 'program.toml')}")


def _tasks(desk: Desk) -> list[str]:
    lines: list[dict[str, Any]] = [{"prompt": f"{n}?", "answer": str(n), "cell": "a"} for n in range(40)]
    return desk.run("--env", f"jsonl:{desk.file(lambda rng: jsonl(rng, lines), 'tasks.jsonl')}")


def _constitution(desk: Desk) -> list[str]:
    told = {"principle": [{"name": "short", "text": "Be brief.", "most_words": 9}]}
    return desk.run("-o", f"constitution.file={desk.file(lambda rng: toml(rng, told), 'constitution.toml')}")


def _terms(desk: Desk) -> list[str]:
    packaged = tomllib.loads(files("burnish").joinpath("terms.toml").read_text(encoding="utf-8"))
    told = {"model": [{key: str(value) for key, value in row.items()} for row in packaged["model"][:2]]}
    return ["terms", "--terms", desk.file(lambda rng: toml(rng, told), "terms.toml")]


def _exemplars(desk: Desk) -> list[str]:
    lines = [json.loads(line) for line in (desk.learned.parent / "memory.jsonl").read_text().splitlines()]
    return ["memory", "import", str(desk.copy()), desk.file(lambda rng: jsonl(rng, lines), "memory.jsonl")]


def _held_out(desk: Desk) -> list[str]:
    lines: list[dict[str, Any]] = [{"prompt": "a b c"}, {"prompt": "d"}]
    file = desk.file(lambda rng: jsonl(rng, lines), "held.jsonl")
    return ["export", str(desk.learned), "--purpose", "evaluate", "--out", str(desk.folder / "x"), "--held-out", file]


def _feedback(desk: Desk) -> list[str]:
    lines: list[dict[str, Any]] = [{"attempt": {}, "reward": 1}, {"attempt": {"task_id": "a"}, "reward": 0.5}]
    run = desk.copy()
    desk.file(lambda rng: jsonl(rng, lines), "run.feedback.jsonl")
    return ["resume", str(run)]


def _settings_of_a_run(desk: Desk) -> list[str]:
    run = desk.copy()
    (run / "run.toml").unlink()
    desk.file(lambda rng: toml(rng, desk.settings), "run/run.toml")
    return desk.look(run)


def _journal(desk: Desk) -> list[str]:
    run = desk.copy()
    content = (run / "journal.db").read_bytes()
    (run / "journal.db").unlink()
    desk.file(lambda rng: damaged(rng, content), "run/journal.db")
    return desk.look(run)


def _lock(desk: Desk) -> list[str]:
    run = desk.copy()
    (run / "lock").unlink(missing_ok=True)
    desk.file(lambda rng: spoilt(rng, b"1234\n"), "run/lock")
    return desk.look(run)


def _seed(desk: Desk) -> list[str]:
    run = desk.copy()
    (run / "sealed-seed").unlink()
    desk.file(lambda rng: spoilt(rng, b"1234\n"), "run/sealed-seed")
    return desk.look(run)


def _no_run(desk: Desk) -> list[str]:
    return desk.look(no_file(desk.rng, desk.folder / "none"))


KINDS = (
    _config, _option, _program, _tasks, _constitution, _terms, _exemplars, _held_out, _feedback, _settings_of_a_run,
    _journal, _lock, _seed, _no_run,
)  # fmt: skip


@pytest.fixture
def run(learned: Laboratory, burnish: CommandLine) -> Path:
    """A finished run, with a program and memory written from it beside it."""
    folder = learned.folder
    if not (folder / "memory.jsonl").exists():
        assert burnish("program", folder / "run", "--out", folder / "program.toml").code == 0
        assert burnish("memory", "export", folder / "run", folder / "memory.jsonl").code == 0
    return folder / "run"


@pytest.mark.parametrize("number", ROUNDS)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__.strip("_"))
def test_no_input_ends_in_a_traceback_a_hang_or_an_unknown_code(
    kind: Callable[[Desk], list[str]], number: int, run: Path, tmp_path: Path, burnish: CommandLine
) -> None:
    arguments = kind(Desk(tmp_path, run, f"{kind.__name__} {number}"))
    with _within(SECONDS):
        outcome = burnish(*arguments)
    said = outcome.err + outcome.out
    assert outcome.code in CODES, said
    assert "Traceback" not in said
    if outcome.code and arguments[0] != "doctor":
        assert outcome.err.count("burnish: ") == 1 or "Usage" in outcome.err or outcome.out, said


@contextmanager
def _within(seconds: int) -> Iterator[None]:
    def end(*_: object) -> None:
        raise TimeoutError(f"it took longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
