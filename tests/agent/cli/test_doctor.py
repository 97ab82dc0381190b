from __future__ import annotations

import tomllib
from pathlib import Path

from burnish.agent.cli.doctor import EXTRAS, examine
from burnish.environments.sandbox.attacks import ATTACKS


def test_doctor_names_the_extras_there_are() -> None:
    (check,) = [check for check in examine() if check.name == "extras"]
    there, _, missing = check.detail.partition(";")
    assert {"chess", "gym", "humaneval", "plot", "wasi"} <= set(there.split(", "))
    assert "burnish[NAME]" in missing or "inspect" in there


def test_doctor_knows_every_extra() -> None:
    table = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())
    assert EXTRAS.keys() == table["project"]["optional-dependencies"].keys() - {"dev"}


def test_doctor_names_the_sandbox_and_what_it_held() -> None:
    (check,) = [check for check in examine() if check.name == "sandbox"]
    assert check.well
    assert f"held {len(ATTACKS)} attacks" in check.detail
    assert all(attack in check.detail for attack in ATTACKS)
