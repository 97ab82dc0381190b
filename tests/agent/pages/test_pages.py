"""Every page shows its record, as of the iteration that the scrubber stands at."""

from __future__ import annotations

import json
import re

import pytest
from laboratory import Laboratory
from page_server import ADDRESSES, Elements, Pages, pages_of

from burnish import open_run
from burnish.agent.inspecting.answers import Answer, showings
from burnish.agent.inspecting.opened import InspectedRun
from burnish.agent.pages.app import plain
from burnish.agent.pages.rendering import NAVIGATION
from burnish.agent.pages.views import VIEWS


@pytest.fixture
def run(learned: Laboratory) -> InspectedRun:
    return open_run(learned.folder / "run")


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_page_reads_without_scripts_and_has_a_twin(pages: Pages, address: str) -> None:
    path, _, query = address.partition("?")
    answer = pages.get(f"/runs/run/{address}")
    assert answer.status_code == 200
    found = Elements(answer.text)
    assert [tag for tag, _ in found.tags].count("h1") == 1
    assert "undefined" not in found.said
    assert "None" not in found.said
    twin = pages.get(f"/runs/run/{path}.json?{query}")
    assert twin.status_code == 200
    assert json.loads(twin.text) is not None


def test_every_view_is_tested() -> None:
    tested = {re.sub(r"/\w+$", "/{named}", one.partition("?")[0]) for one in ADDRESSES}
    others = {"exemplars/{named}", "programs/{named}", "tasks/{named}", "answers/{named}", "call"}
    assert tested | others == set(VIEWS)
    assert set(NAVIGATION) <= set(VIEWS)


def test_every_link_of_every_page_leads_somewhere(pages: Pages) -> None:
    seen, left = set[str](), {f"/runs/run/{one}" for one in ADDRESSES}
    kinds = dict.fromkeys(("exemplars", "programs", "tasks", "answers", "call", "races", "iteration", "find"), 0)
    while left and len(seen) < 400:
        address = left.pop()
        seen.add(address)
        answer = pages.get(address)
        assert answer.status_code == 200, address
        if address.partition("?")[0].endswith(".json"):
            continue
        here = address.partition("?")[0]
        for link in Elements(answer.text).links():
            kind = next((one for one in kinds if f"/runs/run/{one}" in link), "")
            if link.startswith("/runs/run/") and link not in seen and kinds.get(kind, 0) < 12:
                kinds[kind] = kinds.get(kind, 0) + 1
                left.add(link)
            else:
                assert link.startswith(("/", "#")), (here, link)
    assert all(kinds.values()), kinds


def test_a_page_and_its_twin_show_what_python_tells(pages: Pages, run: InspectedRun) -> None:
    told = {
        "refusals": run.refusals(1),
        "tasks": {"cells": run.cells(1), "tasks": run.tasks(1)[:100]},
        "spend": run.spending("node", 1),
        "ratings": run.ratings(1),
        "programs": {"lineage": run.lineage(1), "operators": run.operators(1)},
        "memory": [one.to_json() for one in run.exemplars(1)][:100],
    }
    for page, record in told.items():
        assert json.loads(pages.get(f"/runs/run/{page}.json?at=1").text) == json.loads(json.dumps(plain(record))), page


def test_the_scrubber_drives_every_page(pages: Pages, run: InspectedRun) -> None:
    newest = run.status().iteration.number
    for page in NAVIGATION:
        then, now = (pages.get(f"/runs/run/{page}?at={at}").text for at in (1, newest))
        assert f"iteration 1 of {newest}" in then
        assert f"iteration {newest} of {newest}" in now
        assert then != now
    for exemplar in run.memory(1):
        assert exemplar.id in pages.get("/runs/run/memory?at=1").text
    assert "Memory is empty at this iteration" in pages.get("/runs/run/memory?at=0").text


def test_pages_of_the_whole_run_have_no_scrubber(pages: Pages, run: InspectedRun) -> None:
    one = run.memory()[0]
    for address in (f"exemplars/{one.id}", f"tasks/{one.task_id}", "races/1"):
        at = pages.get(f"/runs/run/{address}?at=1").text
        assert 'id="at"' not in at
        assert "others stand at iteration 1 of 3" in at
        assert "others stand" not in pages.get(f"/runs/run/{address}").text


def test_long_tables_of_showings_are_folded(pages: Pages, run: InspectedRun) -> None:
    counts = {one.exemplar.id: len(exemplar_answers(run, one.exemplar.id)) for one in run.exemplars()}
    id_ = max(counts, key=counts.__getitem__)
    text = pages.get(f"/runs/run/exemplars/{id_}").text
    assert (f"The other {counts[id_] - 20}" in text) == (counts[id_] > 20)


def exemplar_answers(run: InspectedRun, id_: str) -> tuple[Answer, ...]:
    with run.journal() as journal:
        return tuple(showings(journal, id_))


def test_memory_is_filtered_sorted_and_paged(pages: Pages, run: InspectedRun) -> None:
    one = run.memory()[0]
    only = Elements(pages.get(f"/runs/run/memory?search={one.id}").text).links()
    assert {link for link in only if "/exemplars/" in link} == {f"/runs/run/exemplars/{one.id}"}
    alike = json.loads(pages.get(f"/runs/run/memory.json?like={one.id}").text)
    assert alike[0]["id"] == one.id
    assert [row["likeness"] for row in alike] == sorted((row["likeness"] for row in alike), reverse=True)
    shown = json.loads(pages.get("/runs/run/memory.json?sort=showings").text)
    assert [row["showings"] for row in shown] == sorted((row["showings"] for row in shown), reverse=True)
    assert "No exemplar fits" in pages.get("/runs/run/memory?search=zzzz").text
    assert json.loads(pages.get("/runs/run/memory.json?page=7").text) == []


def test_an_id_or_its_beginning_leads_to_its_page(pages: Pages, run: InspectedRun) -> None:
    one = run.memory()[0]
    assert pages.get(f"/runs/run/find?id={one.id[:9]}").url.path == f"/runs/run/exemplars/{one.id}"
    assert pages.get("/runs/run/find?id=race 1").url.path == "/runs/run/races/1"
    assert pages.get("/runs/run/find?id=iteration 2").url.params["at"] == "2"
    assert pages.get(f"/runs/run/find?id={one.call}").url.params["key"] == one.call


def test_words_lead_to_the_exemplars_that_contain_them(pages: Pages, run: InspectedRun) -> None:
    words = run.memory()[0].prompt[:11]
    found = pages.get("/runs/run/find", id=words)
    assert found.url.path == "/runs/run/memory"
    assert found.url.params["search"] == words


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("memory?at=99", "there is no iteration 99; this run has 0 to 3"),
        ("memory?at=-1", "there is no iteration"),
        ("memory?at=1e9", "give a whole number"),
        ("memory?at=\u0661", "give a whole number"),
        ("memory?page=x", "give a whole number"),
        ("exemplars/ffffffffffffffff", "nothing named"),
        ("exemplars/..x", "nothing named"),
        ("programs/0000", "nothing named"),
        ("races/77", "there is no race 77"),
        ("races/one", "give a whole number"),
        ("races/" + "9" * 5000, "give a whole number"),
        ("call?key=1/2/3", "made no call"),
        ("call", "made no call"),
        ("find?id=", "too short"),
        ("find?id=deadbeef", "nothing named"),
        ("find?id=race 77", "there is no race 77"),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(pages: Pages, address: str, said: str) -> None:
    answer = pages.get(f"/runs/run/{address}")
    assert answer.status_code == 404
    assert said in Elements(answer.text).said
    path, _, query = address.partition("?")
    if not path.startswith("find"):
        assert said in json.loads(pages.get(f"/runs/run/{path}.json?{query}").text)["error"]


def test_an_unknown_run_or_page_is_said(pages: Pages) -> None:
    assert "no run is named" in Elements(pages.get("/runs/other/overview").text).said
    assert pages.get("/runs/run/nothing").status_code == 404


def test_several_runs_stand_beside_each_other(lab: Laboratory) -> None:
    lab.run("one", budget={"iterations": 1})
    lab.run("two", budget={"iterations": 2})
    with pages_of(lab.folder / "one", lab.folder / "two", lab.folder / "one") as pages:
        assert {"/runs/one/overview", "/runs/two/overview"} <= Elements(pages.get("/").text).links()
        told = json.loads(pages.get("/runs/one/compare.json?with=two").text)
        assert (told["first"]["name"], told["second"]["name"]) == ("one", "two")
        assert ["budget.iterations", "1", "2"] in told["settings"]
        assert pages.get("/runs/one/compare?with=two").status_code == 200


def test_the_counts_of_refusals_lead_to_those_answers(pages: Pages, run: InspectedRun) -> None:
    links = [link for link in Elements(pages.get("/runs/run/refusals").text).links() if "of=" in link]
    counted = run.refusals()
    assert len(set(links)) == len(counted)
    for one in counted:
        (link,) = [link for link in links if f"of={one.id}" in link]
        listed = json.loads(pages.get(link.replace("refusals?", "refusals.json?")).text)
        assert len(listed) == min(one.answers, 100)
        page = Elements(pages.get(link).text).said
        assert listed[0]["answer"]["attempt"] in page
    assert pages.get("/runs/run/refusals?of=nothing").status_code == 404
    assert len(json.loads(pages.get("/runs/run/refusals.json?words=NOT+verified").text)) == min(
        100, len(run.refused("not verified"))
    )


def test_pages_say_what_words_mean_and_end_with_the_verdict(pages: Pages, run: InspectedRun) -> None:
    assert "of no use: put to a few tasks" in Elements(pages.get("/runs/run/programs").text).said
    assert run.ratings().verdict in Elements(pages.get("/runs/run/ratings").text).said
    assert "seconds overlap" in Elements(pages.get("/runs/run/spend?by=all").text).said
