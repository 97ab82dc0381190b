"""Several runs as one: parted budget, one server, a table of means, resumable as a whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tomli_w
from laboratory import CommandLine, Laboratory

from burnish.agent.cli.sweeping import variants
from burnish.agent.record.run import open_run
from burnish.errors import ConfigError


def test_a_list_is_a_run_for_each_value_unless_the_key_takes_one() -> None:
    found = variants(["retrieval.k=[2, 4]", "seed=7", 'operators=["memory"]', "sampling.temperature=[0.5]"], 2)
    assert [(one.name, one.seed) for one in found] == [
        ("retrieval.k=2_sampling.temperature=0.5-seed0", 0),
        ("retrieval.k=2_sampling.temperature=0.5-seed1", 1),
        ("retrieval.k=4_sampling.temperature=0.5-seed0", 0),
        ("retrieval.k=4_sampling.temperature=0.5-seed1", 1),
    ]
    assert found[0].settings == ("retrieval.k=2", "seed=7", 'operators=["memory"]', "sampling.temperature=0.5")
    names = [one.name for one in variants(['operators=[["memory"], ["rules"]]'], 1)]
    assert len(set(names)) == 2


@pytest.mark.parametrize(("options", "seeds"), [([], 0), (["retrieval.k=[]"], 1), (["retrieval.k"], 1)])
def test_what_is_no_sweep_is_refused(options: list[str], seeds: int) -> None:
    with pytest.raises(ConfigError):
        variants(options, seeds)


def test_runs_share_the_budget_and_are_summed_up_and_go_on(
    lab: Laboratory, burnish: CommandLine, tmp_path: Path
) -> None:
    config = tmp_path / "sweep.toml"
    config.write_text(tomli_w.dumps(lab.config().model_dump(mode="json", exclude_defaults=True)))
    words = ("sweep", config, "--dir", tmp_path / "runs", "--seeds", 2, "-o", "retrieval.k=[0, 4]")
    said = burnish(*words, "--budget-calls", 1000)
    assert said.code == 0, said.err
    assert "run 4 of 4" in said.err
    assert "retrieval.k=4" in said.out
    folders = sorted(path.name for path in (tmp_path / "runs").iterdir())
    assert folders == ["retrieval.k=0-seed0", "retrieval.k=0-seed1", "retrieval.k=4-seed0", "retrieval.k=4-seed1"]
    budgets = {open_run(tmp_path / "runs" / name).config.budget.calls for name in folders}
    assert budgets == {250}
    asked = len(lab.model.bodies)
    again = json.loads(burnish(*words, "--budget-calls", 1000, "--json").out)
    assert len(lab.model.bodies) == asked, "what is finished is only reported"
    assert [one["seeds"] for one in again] == [2, 2]
    assert again[1]["passed"] > again[0]["passed"]
    assert again[1]["gain_interval"]["lower"] <= again[1]["gain"] <= again[1]["gain_interval"]["upper"]


def test_settings_that_read_alike_have_runs_of_their_own() -> None:
    many = [f"models.task.name=[{', '.join(repr('m' * 90 + end) for end in 'ab')}, 'x/y', 'x y']"]
    names = [variant.name for variant in variants(many, 2)]
    assert len(set(names)) == len(names) == 8
