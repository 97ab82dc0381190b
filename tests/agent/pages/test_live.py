"""A run at work: its pages are told when it went on; what people decide on a page is in the journal at once."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest
from laboratory import Laboratory
from page_server import Pages, pages_of

from burnish import open_run
from burnish.agent.steering.queue import read_queue
from burnish.agent.verification.verify import verify
from burnish.errors import Waiting


@pytest.fixture
def waiting(lab: Laboratory) -> Path:
    """A run that waits for people."""
    with pytest.raises(Waiting):
        lab.run("run", level=3, review={"patience_seconds": 0.1})
    return lab.folder / "run"


def events(pages: Pages) -> Generator[dict[str, object]]:
    with pages.client() as client, client.stream("GET", "/runs/run/live", timeout=30) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))


def say(pages: Pages, client: httpx.Client, **form: str) -> httpx.Response:
    return client.post("/runs/run/review", data=form, headers={"origin": pages.base})


def test_pages_are_told_when_a_run_looks_otherwise(waiting: Path) -> None:
    with pages_of(waiting) as pages, pages.client() as client:
        told = events(pages)
        first = next(told)
        assert first["waiting"] == len(read_queue(open_run(waiting)).open)
        say(pages, client, question=read_queue(open_run(waiting)).open[0].id, action="accept")
        after = next(told)
        assert (after["decisions"], after["waiting"]) == (1, int(str(first["waiting"])) - 1)
        told.close()


def test_decisions_on_a_page_are_those_of_the_terminal(waiting: Path) -> None:
    run = open_run(waiting)
    first, second = read_queue(run).open[:2]
    with pages_of(waiting) as pages, pages.client() as client:
        assert first.prompt in pages.get("/runs/run/review").text
        assert say(pages, client, question=first.id, action="rate", rating="4", who="ada").status_code == 303
        assert say(pages, client, question=first.id, action="accept", who="ada").status_code == 303
        assert say(pages, client, question=second.id, action="edit", answer="other", who="").status_code == 303
        with run.journal() as journal:
            rated, accepted, edited = journal.decisions()
        assert (rated.action, rated.rating, rated.who) == ("rate", 4, "ada")
        assert (accepted.question, accepted.action) == (first.id, "accept")
        assert (edited.answer, bool(edited.who), bool(edited.when)) == ("other", True, True)
        assert first.id not in {one.id for one in read_queue(run).open}


def test_a_decision_can_be_undone_until_the_run_went_on_with_it(waiting: Path) -> None:
    run = open_run(waiting)
    first, *others = read_queue(run).open
    with pages_of(waiting) as pages, pages.client() as client:
        say(pages, client, question=first.id, action="reject")
        assert say(pages, client, question=first.id, action="undo").status_code == 303
        assert first.id in {one.id for one in read_queue(run).open}
        for one in (first, *others):
            say(pages, client, question=one.id, action="reject")
        refused = say(pages, client, question=first.id, action="undo")
        assert refused.status_code == 409
        assert "the run went on with it" in refused.text


def test_what_cannot_be_said_is_refused_and_nothing_is_written(waiting: Path) -> None:
    run = open_run(waiting)
    one = read_queue(run).open[0]
    with pages_of(waiting) as pages, pages.client() as client:
        for form, said in (
            ({"question": "nothing", "action": "accept"}, "asked no question"),
            ({"question": one.id, "action": "explode"}, "one can say"),
            ({"question": one.id, "action": "edit", "answer": "  "}, "an edit needs an answer"),
            ({"question": one.id, "action": "rate", "rating": "9"}, "a rating is a whole number from 1 to 5"),
            ({"question": one.id, "action": "undo"}, "cannot be undone"),
        ):
            refused = say(pages, client, **form)
            assert refused.status_code == 409
            assert said in refused.text
    with run.journal() as journal:
        assert journal.decisions() == []


def test_a_run_with_undone_decisions_is_made_again_by_verification(lab: Laboratory, waiting: Path) -> None:
    run = open_run(waiting)
    with pages_of(waiting) as pages, pages.client() as client:
        questions = read_queue(run).open
        say(pages, client, question=questions[0].id, action="reject")
        say(pages, client, question=questions[0].id, action="undo")
        for one in questions:
            say(pages, client, question=one.id, action="accept", who="ada")
    lab.resume("run", iterations=1)
    after = open_run(waiting)
    assert {exemplar.reviewer for exemplar in after.memory()} == {"ada"}
    assert verify(after).problems == ()
