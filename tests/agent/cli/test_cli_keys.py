"""The command and the help of options say of a key what is declared of it."""

from __future__ import annotations

import json
import re

import pytest
from laboratory import CommandLine

from burnish.agent.loop.keys import look_up, run_tables
from burnish.errors import ConfigError


def test_every_key_and_table_of_a_run_has_a_meaning() -> None:
    for table in run_tables():
        assert table.meaning
        assert [key.path for key in table.keys if not key.meaning] == []


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("sampling.tasks", ["sampling.tasks"]),
        ("tasks", ["sampling.tasks", "sealed.tasks", "compiling.tasks"]),
        ("sealed", ["sealed.tasks", "sealed.share", "sealed.controls"]),
        ("models.judge.url", ["models.judge.url"]),
        ("policies.eviction.size", ["policies.eviction.size"] * 2),
        ("models", ["models.task", "models.reflector", "models.judge", "models.teacher"]),
    ],
)
def test_a_key_is_found_by_its_name_or_the_end_of_it(name: str, found: list[str]) -> None:
    assert [key.path for table in look_up(name) for key in table.keys][: len(found)] == found


def test_a_wrong_key_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r'unknown key sampling.tsks; did you mean "sampling.tasks"'):
        look_up("sampling.tsks")
    with pytest.raises(ConfigError, match="without a key prints them all"):
        look_up("zzz")


def test_the_command_prints_a_key_a_table_and_everything(burnish: CommandLine) -> None:
    one = burnish("config", "sampling.tasks")
    assert one.code == 0
    assert "sampling.tasks  integer ≥ 1, default 12" in one.out
    assert "Train tasks of an iteration." in one.out
    assert "sampling.samples" not in one.out
    assert "sampling.samples" in burnish("config", "sampling").out
    everything = json.loads(burnish("config", "--json").out)
    assert {key["path"] for table in everything for key in table["keys"]} >= {"seed", "policies.acceptance.cap"}
    wrong = burnish("config", "sampling.tsks")
    assert wrong.code == 2
    assert 'did you mean "sampling.tasks"' in wrong.err


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("run", "Most model calls of the run. (integer ≥ 1)"),
        ("resume", "Most model calls of the run. (integer ≥ 1)"),
        ("train", "Steps of training instead of epochs. 0: `epochs` decides. (integer ≥ 0, default 0)"),
        ("export", "Lowest rating of the judge. (number ≥ 1 and ≤ 5, default 1.0)"),
        ("program", "The iteration whose champion it is."),
    ],
)
def test_help_says_what_is_declared_of_the_keys_that_options_set(
    burnish: CommandLine, monkeypatch: pytest.MonkeyPatch, command: str, said: str
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    shown = " ".join(re.sub("[│╭╮╰╯─]", " ", burnish(command, "--help").out).split())
    assert said in shown
    assert "burnish.config:" not in shown


def test_a_limit_of_a_key_holds_for_its_option(burnish: CommandLine) -> None:
    refused = burnish("run", "--dir", "nowhere", "--budget-calls", 0)
    assert refused.code == 2
    assert "budget.calls = 0: input should be greater than or equal to 1" in refused.err
