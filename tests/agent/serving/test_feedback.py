"""What people say of answers is kept beside the run, and the run stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from endpoints import Served, said, serving
from laboratory import Laboratory

from burnish.agent.record.feedback_file import feedback_file, read_feedback
from burnish.agent.record.run import open_run
from burnish.agent.serving.feedback import Feedback
from burnish.errors import ConfigError

TASK = "What is the code of the red bridge in room 1234?"


@pytest.fixture
def feedback(tmp_path: Path) -> Iterator[Feedback]:
    with Feedback(feedback_file(tmp_path / "run")) as made:
        yield made


@pytest.fixture
def heard(learned: Laboratory, feedback: Feedback) -> Iterator[Served]:
    with serving(learned.folder / "run", feedback=feedback) as served:
        yield served


def test_feedback_is_kept_with_the_attempt_that_it_judges(
    heard: Served, feedback: Feedback, learned: Laboratory, tmp_path: Path
) -> None:
    assert feedback.path == tmp_path / "run.feedback.jsonl"
    first, second = heard.answer(TASK), heard.answer(TASK + " Please.")
    for id_, reward, text in ((first["id"], 0, "no"), (second["id"], 1.0, "yes"), (first["id"], 0.5, "half")):
        response = heard.http.post(f"{heard.url}/feedback", json={"id": id_, "reward": reward, "text": text})
        assert response.json() == {"object": "feedback", "id": id_, "reward": reward}
    records = list(read_feedback(feedback.path).records)
    assert [(record.answer, record.reward, record.text) for record in records] == [
        (first["id"], 0.5, "half"),
        (second["id"], 1.0, "yes"),
    ]
    attempt = records[0].attempt
    assert records[0].task.prompt == TASK
    assert (attempt.task_id, attempt.origin) == (records[0].task.id, "feedback")
    assert attempt.answer == first["choices"][0]["message"]["content"]
    assert attempt.program_id == open_run(learned.folder / "run").program().id


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ([], 400, None),
        ({"reward": 1}, 404, "id"),
        ({"id": "chatcmpl-none", "reward": 1}, 404, "id"),
        ({"id": 5, "reward": 1}, 404, "id"),
        ({"id": "", "reward": 2}, 400, "reward"),
        ({"id": "", "reward": -0.1}, 400, "reward"),
        ({"id": "", "reward": 10**400}, 400, "reward"),
        ({"id": "", "reward": -(10**400)}, 400, "reward"),
        ({"id": "", "reward": "good"}, 400, "reward"),
        ({"id": "", "reward": True}, 400, "reward"),
        ({"id": ""}, 400, "reward"),
        ({"id": "", "reward": 1, "text": ["x"]}, 400, "text"),
        ({"id": "", "reward": 1, "text": "x" * 10_001}, 400, "text"),
        ({"id": "", "reward": 1, "who": 5}, 400, "who"),
        ({"id": "", "reward": 1, "who": "x" * 101}, 400, "who"),
        ({"id": "", "reward": 1, "who": "\x1b[2J"}, 400, "who"),
    ],
)
def test_what_is_no_feedback_is_refused(
    heard: Served, feedback: Feedback, body: object, status: int, param: str | None
) -> None:
    if isinstance(body, dict) and body.get("id") == "":
        body = {**body, "id": heard.answer(TASK)["id"]}
    assert said(heard.http.post(f"{heard.url}/feedback", json=body), status)["param"] == param
    assert feedback.path.read_text(encoding="utf-8") == ""


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_reward_that_is_no_finite_number_is_refused(heard: Served, number: str) -> None:
    body = f'{{"id": "{heard.answer(TASK)["id"]}", "reward": {number}}}'
    kind = {"content-type": "application/json"}
    assert said(heard.http.post(f"{heard.url}/feedback", content=body, headers=kind), 400)["param"] == "reward"


def test_without_it_there_is_no_such_path(served: Served) -> None:
    said(served.http.post(f"{served.url}/feedback", json={"id": "x", "reward": 1}), 404)


def test_a_file_that_is_no_feedback_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text("{}\n", encoding="utf-8")
    for name in ("x.jsonl", "none.jsonl"):
        with pytest.raises(ConfigError, match=name):
            read_feedback(tmp_path / name)
