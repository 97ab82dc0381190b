"""Any id of a run, or its beginning, is understood; what is near is offered."""

from __future__ import annotations

import pytest
from laboratory import Laboratory

from burnish.agent.inspecting.names import Named, named
from burnish.agent.record.run import Run, open_run
from burnish.errors import ConfigError


@pytest.fixture
def run(learned: Laboratory) -> Run:
    return open_run(learned.folder / "run")


def test_ids_of_every_kind_are_found_whole_and_by_their_beginning(run: Run) -> None:
    with run.journal() as journal:
        exemplar = journal.exemplars()[0]
        program = journal.champion(0)
        attempt = journal.judged("attempt")[0][1]
        ((key,), *_) = journal.rows("SELECT key FROM calls WHERE state = 'done'")
        for kind, id_ in (("exemplar", exemplar.id), ("program", program.id), ("call", str(key))):
            assert named(journal, id_) == Named(kind, id_)  # type: ignore[arg-type]
            assert named(journal, f" {id_[:-2]} ").id.startswith(id_[:-2])
        assert named(journal, attempt.task_id) == Named("task", attempt.task_id)
        assert named(journal, attempt.id).kind in {"answer", "exemplar"}


@pytest.mark.parametrize("text", ["race 1", "race #1", "race1"])
def test_races_and_iterations_go_by_number(run: Run, text: str) -> None:
    with run.journal() as journal:
        assert named(journal, text) == Named("race", "1")
        assert named(journal, text.replace("race", "iteration")) == Named("iteration", "1")


def test_what_is_not_there_is_refused_with_what_is_near(run: Run) -> None:
    with run.journal() as journal:
        id_ = journal.exemplars()[0].id
        wrong = id_[:-1] + ("0" if id_[-1] != "0" else "1")
        with pytest.raises(ConfigError, match=f"nothing named '{wrong}'; near it are .*{id_}"):
            named(journal, wrong)
        with pytest.raises(ConfigError, match="Give the id of an exemplar"):
            named(journal, "what is this")
        with pytest.raises(ConfigError, match="'d' is too short to name anything; give at least 3"):
            named(journal, "d")
        assert named(journal, id_.upper()).id == id_


def test_what_may_be_several_things_is_refused_with_some_of_them(run: Run) -> None:
    with (
        run.journal() as journal,
        pytest.raises(ConfigError, match=r"1/attempt may be call 1/attempt.*, \.\.\.; give more"),
    ):
        named(journal, "1/attempt")
