"""What an environment holds is given back when nobody uses it any more."""

from __future__ import annotations

from pathlib import Path

import pytest
from laboratory import CommandLine, Laboratory

from burnish.environments.closing import close, closing_what_is_loaded
from burnish.environments.registry import load

HOLDING = """
from pathlib import Path

from codes import Codes


class Holding(Codes):
    def __init__(self, *, at: str):
        self.at = Path(at)
        self.at.touch()

    {how}def close(self):
        self.at.unlink()
"""


@pytest.fixture(params=["", "async "])
def spec(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    (tmp_path / "holding.py").write_text(HOLDING.replace("{how}", request.param))
    return f"{tmp_path / 'holding.py'}:Holding"


def test_after_a_run_and_its_check_nothing_is_held(lab: Laboratory, tmp_path: Path, spec: str) -> None:
    held = tmp_path / "held"
    seen: list[bool] = []
    lab.model.watch = lambda _number: seen.append(held.exists())
    lab.run("run", environment=spec, environment_options={"at": str(held)}, budget={"iterations": 1})
    assert all(seen)
    assert not held.exists()


def test_after_a_command_nothing_is_held(tmp_path: Path, spec: str, burnish: CommandLine) -> None:
    held = tmp_path / "held"
    assert burnish("env", "show", spec, "-o", f"environment_options.at={held}").code == 0
    assert not held.exists()


def test_what_is_loaded_outside_stays_open(tmp_path: Path, spec: str) -> None:
    held = tmp_path / "held"
    load(spec, {"at": str(held)})
    with closing_what_is_loaded():
        pass
    assert held.exists()


def test_what_close_raises_is_a_warning(tmp_path: Path, spec: str) -> None:
    held = tmp_path / "held"
    environment = load(spec, {"at": str(held)})
    held.unlink()
    with pytest.warns(RuntimeWarning, match="close raised FileNotFoundError"):
        close(environment)
