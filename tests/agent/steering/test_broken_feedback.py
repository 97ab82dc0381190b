"""A file of feedback that is broken is named in a sentence, and nothing of it is lost."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from feeding import beside, text_of, word, written
from laboratory import CommandLine, Laboratory

from burnish.agent.record.feedback_file import feedback_file
from burnish.agent.record.run import Run, open_run
from burnish.agent.steering.feedback import take_feedback


@pytest.fixture
def run(learned: Laboratory, tmp_path: Path) -> Run:
    """A finished run that may be changed: iterations 0 to 3."""
    return open_run(shutil.copytree(learned.folder / "run", tmp_path / "run"))


BROKEN = {
    "no json": "line 2 is no feedback: it is not JSON",
    "[1]": "line 2 is no feedback: it is no JSON object",
    '{"reward": "high"}': "line 2 is no feedback: its `reward` is no number",
    '{"reward": true}': "line 2 is no feedback: its `reward` is no number",
    '{"reward": NaN}': "line 2 is no feedback: it is not JSON (NaN is no JSON value)",
    '{"reward": 2}': "line 2 is no feedback: its `reward` is not from 0 to 1",
    '{"reward": 1}': "line 2 is no feedback: its `answer` is missing or of another kind",
    "x" * (17 * 2**20): "line 2 is no feedback: it is longer than 16777216 bytes",
}


@pytest.mark.parametrize("line", BROKEN)
def test_a_broken_line_is_named_and_nothing_is_lost(run: Run, burnish: CommandLine, line: str) -> None:
    good = word(run, text_of("train"), "a", 1)
    path = beside(run, good)
    with path.open("a") as file:
        file.write(f"{line}\n")
    resumed = burnish("resume", run.place.path)
    assert resumed.code == 0
    assert f"No feedback is taken in: {path}, {BROKEN[line]}" in " ".join(resumed.err.split())
    done = burnish("memory", "import", run.place.path, path)
    assert (done.code, BROKEN[line] in " ".join(done.err.split())) == (2, True)
    assert len(run.iterations()) == 4
    path.unlink()
    take_feedback(run, written(path, [good]))
    assert run.iterations()[-1].admitted == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"who": "a\nb"}, "its `who` is no name on one line"),
        ({"who": "a" * 101}, "must be a name of at most 100 characters"),
        ({"task": {"environment": "codes", "prompt": "another"}}, "its `attempt` is not one at its `task`"),
        ({"when": None}, "its `when` is missing or of another kind"),
    ],
)
def test_a_line_that_was_tampered_with_is_named(
    run: Run, burnish: CommandLine, changes: dict[str, object], said: str
) -> None:
    path = feedback_file(run.place.path)
    path.write_text(json.dumps({**word(run, text_of("train"), "a", 1).to_json(), **changes}) + "\n")
    done = burnish("memory", "import", run.place.path, path)
    assert (done.code, said in " ".join(done.err.split())) == (2, True)
