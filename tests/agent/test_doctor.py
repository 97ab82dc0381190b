from __future__ import annotations

from burnish.agent.doctor import examine
from burnish.environments.sandbox.attacks import ATTACKS


def test_doctor_names_the_sandbox_and_what_it_held() -> None:
    (check,) = [check for check in examine() if check.name == "sandbox"]
    assert check.well
    assert f"held {len(ATTACKS)} attacks" in check.detail
    assert all(attack in check.detail for attack in ATTACKS)
