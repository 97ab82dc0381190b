"""What clients say of served answers reaches a run's next sitting, judged and journalled like any change by hand."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from codes import split_of
from endpoints import serving
from laboratory import CommandLine, Laboratory

from burnish.agent.record.run import Run, open_run
from burnish.agent.serving.feedback import Feedback
from burnish.agent.verification.verify import verify


def text_of(split: str, number: int = 0) -> str:
    """A text that the run does not know and its environment cannot read."""
    texts = (f"Which code has thing {n}?" for n in range(99))
    return [text for text in texts if split_of(text) == split][number]


@pytest.fixture
def run(learned: Laboratory, tmp_path: Path) -> Run:
    """A finished run that may be changed: iterations 0 to 3."""
    return open_run(shutil.copytree(learned.folder / "run", tmp_path / "run"))


def said(run: Run, *words: tuple[str, float, str]) -> list[str]:
    """What the served run answers to texts, each judged over HTTP with a reward and by a name."""
    answers = []
    with Feedback.of(run) as feedback, serving(run.place.path, feedback=feedback) as served:
        for text, reward, who in words:
            answer = served.answer(text)
            body = {"id": answer["id"], "reward": reward, "text": "so", **({"who": who} if who else {})}
            assert served.http.post(f"{served.url}/feedback", json=body).status_code == 200
            answers.append(str(answer["choices"][0]["message"]["content"]))
    return answers


def test_what_a_client_finds_right_is_shown_by_the_champion_of_the_next_sitting(run: Run, burnish: CommandLine) -> None:
    right, partly, tested = text_of("train"), text_of("train", 1), text_of("test")
    answers = said(run, (right, 1, "ana"), (partly, 0.5, ""), (tested, 1, "ana"))
    resumed = burnish("resume", run.place.path)
    assert resumed.code == 0, resumed.err
    assert "Taking in feedback on 3 served answers" in resumed.err
    (new,) = [one for one in run.memory() if one.born == 4]
    assert (new.prompt, new.answer, new.reviewer, new.level) == (right, answers[0], "ana", 3)
    assert new.id in {one.id for one in run.shown()}
    last = run.iterations()[-1]
    assert last.refused == {"not found right": 1, "its task is of the test split": 1}
    assert verify(run).problems == ()
    again = burnish("resume", run.place.path)
    assert "eedback" not in again.err
    assert len(run.iterations()) == 5
