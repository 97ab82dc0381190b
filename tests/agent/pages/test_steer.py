"""Changes by hand from a page are those of the commands, and verification holds after them."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from laboratory import Laboratory
from page_server import Elements, Pages, pages_of

from burnish import open_run
from burnish.agent.inspecting.opened import InspectedRun
from burnish.agent.record.by_hand import pinned
from burnish.agent.verification.verify import verify


@pytest.fixture
def run(lab: Laboratory) -> InspectedRun:
    lab.run("run", seed=3)
    return open_run(lab.folder / "run")


@pytest.fixture
def pages(run: InspectedRun) -> Iterator[Pages]:
    with pages_of(run.place.path) as served:
        yield served


def ask(pages: Pages, **form: str) -> httpx.Response:
    return pages.own.post("/runs/run/steer", data=form, headers={"origin": pages.base}, timeout=60)


def test_an_exemplar_is_forgotten_and_pinned_from_its_page(run: InspectedRun, pages: Pages) -> None:
    gone, kept = run.memory()[:2]
    told = ask(pages, change="forget", id=gone.id, because="a name is in it")
    assert told.status_code == 200
    assert "Changed by hand" in told.text
    assert "The sealed test judged the program before" in told.text
    assert ask(pages, change="pin", id=kept.id, who="ada").status_code == 200
    assert gone.id not in {one.id for one in run.memory()}
    assert pinned(run.iterations()) == {kept.id}
    assert "a name is in it" in Elements(pages.get(f"/runs/run/exemplars/{gone.id}").text).said
    assert "pinned: no policy" in pages.get(f"/runs/run/exemplars/{kept.id}").text
    assert "Changed by hand since the sealed test" in pages.get("/runs/run/overview").text
    assert "changed since" in Elements(pages.get("/runs/run/memory").text).said
    assert "ada pinned 1 exemplar" in pages.get("/runs/run/iteration").text
    assert ask(pages, change="unpin", id=kept.id).status_code == 200
    assert pinned(run.iterations()) == set()
    assert verify(run).problems == ()


def test_a_run_goes_back_from_the_page_of_an_iteration(run: InspectedRun, pages: Pages) -> None:
    then = {one.task_id for one in run.memory(1)}
    assert ask(pages, change="rollback", at="1", because="what came after was bad").status_code == 200
    assert {one.task_id for one in run.memory()} == then
    assert verify(run).problems == ()


def test_a_run_is_forked_beside_it(run: InspectedRun, pages: Pages) -> None:
    told = ask(pages, change="fork", at="2", name="second")
    assert told.status_code == 200
    assert "burnish resume" in told.text
    assert (run.place.path.parent / "second" / "run.toml").is_file()


@pytest.mark.parametrize("name", ["", ".", "..", "../out", "/out", "a/b", "run"])
def test_a_fork_goes_nowhere_else(run: InspectedRun, pages: Pages, name: str) -> None:
    before = sorted(run.place.path.parent.iterdir())
    assert ask(pages, change="fork", at="1", name=name).status_code == 409
    assert sorted(run.place.path.parent.iterdir()) == before


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"change": "explode"}, "a run is changed by forget, pin"),
        ({"change": "forget", "id": "ffffffff", "because": "x"}, "nothing named"),
        ({"change": "rollback", "at": "9"}, "there is no iteration 9"),
        ({"change": "rollback", "at": "²"}, "give a whole number"),
        ({}, "a run is changed by"),
    ],
)
def test_what_cannot_be_changed_is_said_and_nothing_is(
    run: InspectedRun, pages: Pages, form: dict[str, str], said: str
) -> None:
    refused = ask(pages, **form)
    assert refused.status_code == 409
    assert said in Elements(refused.text).said
    without = ask(pages, change="forget", id=run.memory()[0].id, because=" ")
    assert "is empty; say it in a few words" in Elements(without.text).said
    assert len(run.iterations()) == 4
