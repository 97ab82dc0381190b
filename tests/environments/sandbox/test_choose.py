from __future__ import annotations

import re

import pytest

from burnish.environments.sandbox.attacks import ATTACKS
from burnish.environments.sandbox.bubblewrap import Bubblewrap
from burnish.environments.sandbox.choose import NoSandbox, choose_sandbox, first_that_holds
from burnish.environments.sandbox.processes import ProcessSandbox
from burnish.environments.sandbox.unsafe import Unsafe
from burnish.errors import PluginError


def test_every_sandbox_holds_its_self_test(any_sandbox: ProcessSandbox) -> None:
    choice = first_that_holds([any_sandbox])
    assert (choice.sandbox, choice.attacks) == (any_sandbox, ATTACKS)
    assert str(choice) == f"{any_sandbox.name}, which held {len(ATTACKS)} attacks"


def test_no_sandbox_at_all_is_found_wanting() -> None:
    unsafe = ProcessSandbox("rlimits", Unsafe())
    with pytest.raises(PluginError, match=r"no sandbox holds .* rlimits \(does not hold .*TCP to a listener") as raised:
        first_that_holds([unsafe])
    for attack in ("the user's files", "writing outside", "signals", "new processes", "/proc of others"):
        assert attack in str(raised.value)
    assert "--unsafe-exec" in str(raised.value)


def test_the_next_one_is_tried(jail: ProcessSandbox) -> None:
    choice = first_that_holds([ProcessSandbox("rlimits", Unsafe()), jail])
    assert choice.sandbox is jail
    assert [trial.held for trial in choice.trials] == [False, True]
    assert re.search(r"not used: rlimits \(does not hold TCP", str(choice))


def test_a_sandbox_that_is_not_there_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NoSandbox, match=r"bwrap \(bwrap is not installed\)"):
        first_that_holds([ProcessSandbox("bwrap", Bubblewrap())])


def test_the_choice_is_made_once() -> None:
    choice = choose_sandbox()
    assert choose_sandbox() is choice
    assert choice.trials[-1].held
    assert choose_sandbox(unsafe=True).sandbox.name == choice.sandbox.name
    assert choice.sandbox.run("print(1)", timeout=20.0, memory=256 << 20).stdout == "1\n"
