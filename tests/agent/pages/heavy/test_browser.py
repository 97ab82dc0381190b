"""Pages in a real browser: scrubbing, filters, charts, the map, review by keyboard, live updates, the exported file."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from re import compile as pattern
from typing import Any, TypeAlias

import pytest
from axe_playwright_python.sync_playwright import Axe
from laboratory import Laboratory
from page_server import ADDRESSES, pages_of
from playwright.sync_api import Browser, Page, expect
from watched_page import watched

from burnish import open_run
from burnish.agent.inspecting.opened import InspectedRun
from burnish.agent.pages.export_file import export_pages
from burnish.agent.steering.queue import read_queue
from burnish.errors import Waiting

Aside: TypeAlias = Callable[[Callable[[], object]], object]
SERIOUS = {"serious", "critical"}


@pytest.fixture(scope="module")
def run(learned: Laboratory) -> InspectedRun:
    return open_run(learned.folder / "run")


@pytest.fixture
def page(browser: Browser, learned: Laboratory) -> Iterator[Page]:
    with pages_of(learned.folder / "run", enter=False) as served, watched(browser, served.base) as made:
        made.goto(served.access.link)
        yield made


def test_the_link_leads_to_the_overview(page: Page) -> None:
    expect(page).to_have_url(pattern("/runs/run/overview$"))
    expect(page.locator("h1")).to_have_text("Improved on the seed")
    expect(page.locator(".chart canvas")).to_be_visible()


def test_the_scrubber_moves_a_page_without_a_flash_and_by_keyboard(page: Page, run: InspectedRun) -> None:
    newest = run.status().iteration.number
    page.goto(page.url.replace("overview", "memory"))
    page.evaluate("window.kept = true")
    page.keyboard.press("[")
    expect(page.locator("main")).to_contain_text(f"remembered at iteration {newest - 1}")
    assert page.url.endswith(f"memory?at={newest - 1}")
    page.locator("#at").evaluate("slider => { slider.value = 1; slider.dispatchEvent(new Event('input')) }")
    expect(page.locator("main tbody tr")).to_have_count(len(run.memory(1)))
    assert page.evaluate("window.kept")
    page.keyboard.press("]")
    expect(page.locator("#at-said")).to_have_text(f"iteration 2 of {newest}")


def test_memory_filters_and_an_exemplar_opens(page: Page, run: InspectedRun) -> None:
    one = run.memory()[0]
    page.goto(page.url.replace("overview", "memory"))
    page.get_by_label("Contains").fill(one.id)
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("main tbody tr")).to_have_count(1)
    page.get_by_role("link", name=one.id).click()
    expect(page.locator("h1")).to_contain_text(one.id)
    expect(page.locator("main")).to_contain_text("the environment verified it")
    page.get_by_role("link", name="the prompt as sent").click()
    expect(page.locator("main")).to_contain_text("digest agrees")


def test_tables_sort_by_a_click(page: Page) -> None:
    page.goto(page.url.replace("overview", "tasks"))
    table = page.locator("main table").last
    tried = table.locator("th", has_text="tried")
    tried.get_by_role("button").click()
    expect(tried).to_have_attribute("aria-sort", "ascending")
    figures = [int(text) for text in table.locator("tbody tr td:nth-child(3)").all_inner_texts()]
    assert figures == sorted(figures)
    tried.get_by_role("button").click()
    figures = [int(text) for text in table.locator("tbody tr td:nth-child(3)").all_inner_texts()]
    assert figures == sorted(figures, reverse=True)


def test_the_map_draws_opens_and_selects(page: Page, run: InspectedRun) -> None:
    page.goto(page.url.replace("overview", "map"))
    expect(page.locator("#map-legend li").first).to_be_visible()
    expect(page.locator("#included table")).to_be_visible()
    box = page.locator("#map canvas").bounding_box()
    assert box
    left, top, right, bottom = box["x"] + 3, box["y"] + 3, box["x"] + box["width"] - 3, box["y"] + box["height"] - 3
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom), (left, top + 9)):
        page.mouse.move(x, y, steps=4)
    page.mouse.up()
    expect(page.locator("#map-chosen h2")).to_have_text(f"{len(run.memory())} selected")
    page.locator("#map-chosen a").first.click()
    expect(page.locator("h1")).to_contain_text("Exemplar")


def test_find_leads_to_what_is_named(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("race 1")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Race 1")
    expect(page.locator(".chart canvas")).to_be_visible()


def test_two_iterations_are_compared(page: Page, run: InspectedRun) -> None:
    page.goto(page.url.replace("overview", "compare?from=0"))
    expect(page.locator("main")).to_contain_text(f"→ {len(run.memory())} exemplars")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Browser, learned: Laboratory, run: InspectedRun, scheme: str) -> None:
    one = run.memory()[0]
    more = (f"exemplars/{one.id}", f"tasks/{one.task_id}", f"programs/{run.program(1).id}", f"call?key={one.call}")
    options = {"color_scheme": scheme}
    with pages_of(learned.folder / "run", enter=False) as served, watched(browser, served.base, **options) as page:
        page.goto(served.access.link)
        for address in (*ADDRESSES, *more):
            page.goto(f"{served.base}/runs/run/{address}")
            found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"]})
            serious = [
                (v["id"], v["nodes"][0]["html"][:200]) for v in found.response["violations"] if v["impact"] in SERIOUS
            ]
            assert serious == [], address


@pytest.mark.parametrize("width", [320, 360, 3840])
def test_no_page_is_wider_than_the_screen(browser: Browser, learned: Laboratory, width: int) -> None:
    with pages_of(learned.folder / "run", enter=False) as served, watched(browser, served.base) as page:
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(served.access.link)
        for address in ADDRESSES:
            page.goto(f"{served.base}/runs/run/{address}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, address


def test_pages_read_without_scripts(browser: Browser, learned: Laboratory, run: InspectedRun) -> None:
    with (
        pages_of(learned.folder / "run", enter=False) as served,
        watched(browser, served.base, java_script_enabled=False) as page,
    ):
        page.goto(served.access.link)
        expect(page.locator("h1")).to_have_text("Improved on the seed")
        page.goto(f"{served.base}/runs/run/memory")
        expect(page.locator("main tbody tr")).to_have_count(len(run.memory()))
        page.get_by_role("button", name="Go").click()
        assert f"at={run.status().iteration.number}" in page.url


@pytest.fixture
def waiting(lab: Laboratory, aside: Aside) -> Laboratory:
    """A laboratory with a run that waits for people."""
    with pytest.raises(Waiting):
        aside(lambda: lab.run("run", level=3, review={"patience_seconds": 0.1}))
    return lab


def test_a_person_reviews_by_keyboard(browser: Browser, waiting: Laboratory) -> None:
    lab = waiting
    run = open_run(lab.folder / "run")
    first, second, third = read_queue(run).open[:3]
    with pages_of(lab.folder / "run", enter=False) as served, watched(browser, served.base) as page:
        page.goto(served.access.link)
        page.goto(f"{served.base}/runs/run/review")
        _press(page, "4", lambda: len(_decisions(run)) == 1)
        _press(page, "a", lambda: first.id not in {one.id for one in read_queue(run).open})
        _press(page, "r", lambda: second.id not in {one.id for one in read_queue(run).open})
        _press(page, "u", lambda: second.id in {one.id for one in read_queue(run).open})
        _press(page, "r", lambda: second.id not in {one.id for one in read_queue(run).open})
        page.keyboard.press("e")
        page.keyboard.type(" edited")
        page.get_by_role("button", name="accept as edited").click()
        expect(page.locator("h1")).to_have_text("Review")
    assert [(one.question, one.action) for one in _decisions(run)] == [
        (first.id, "rate"),
        (first.id, "accept"),
        (second.id, "reject"),
        (second.id, "undo"),
        (second.id, "reject"),
        (third.id, "edit"),
    ]
    assert _decisions(run)[-1].answer.endswith(" edited")


def _decisions(run: InspectedRun) -> list[Any]:
    with run.journal() as journal:
        return list(journal.decisions())


def _press(page: Page, key: str, done: Callable[[], bool]) -> None:
    with page.expect_navigation():
        page.keyboard.press(key)
    assert done()


def test_a_run_at_work_updates_itself(browser: Browser, waiting: Laboratory) -> None:
    lab = waiting
    with pages_of(lab.folder / "run", enter=False) as served, watched(browser, served.base) as page:
        page.goto(served.access.link)
        expect(page.locator("main")).to_contain_text("wait for people")
        run = open_run(lab.folder / "run")
        page.wait_for_timeout(1500)  # the stream has begun
        for one in read_queue(run).open:
            _accept(run, one.id)
        resumed = threading.Thread(target=lambda: _ignore_waiting(lab))
        resumed.start()
        expect(page.locator("#at-said")).to_have_text("iteration 1 of 1", timeout=20_000)
        resumed.join()


def _accept(run: InspectedRun, question: str) -> None:
    from burnish.agent.steering.queue import say

    say(run, question, "accept", who="ada")


def _ignore_waiting(lab: Laboratory) -> None:
    with suppress(Waiting):
        lab.resume("run", iterations=2)


def test_the_file_opens_from_disk_scrubs_and_fetches_nothing(
    browser: Browser, run: InspectedRun, tmp_path: Path
) -> None:
    file = tmp_path / "run.html"
    export_pages(run, file, texts="all", licence="MIT")
    newest = run.status().iteration.number
    with watched(browser) as page:
        page.goto(file.as_uri())
        expect(page.locator("h1")).to_have_text("Improved on the seed")
        expect(page.locator(".chart canvas")).to_be_visible()
        page.get_by_role("link", name="Memory").click()
        expect(page.locator("main tbody tr")).to_have_count(len(run.memory()))
        page.keyboard.press("[")
        expect(page.locator("main tbody tr")).to_have_count(len(run.memory(newest - 1)))
        page.get_by_label("Contains").fill("no such word")
        expect(page.locator("main")).to_contain_text("None.")
        page.get_by_role("link", name="Iteration").click()
        expect(page.locator("h1")).to_contain_text("Iteration")
        page.goto(f"{file.as_uri()}#/exemplars/{run.memory()[0].id}")
        expect(page.locator("main")).to_contain_text("nearest when it came in")
        for name in ("Map", "Programs", "Races", "Tasks", "Refusals", "Ratings", "Diversity", "Spend", "Overview"):
            page.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()
            expect(page.locator("h1")).to_be_visible()
            found = Axe().run(page)
            assert [v["id"] for v in found.response["violations"] if v["impact"] in SERIOUS] == [], name


def test_any_number_of_tabs_stays_usable(browser: Browser, learned: Laboratory) -> None:
    with pages_of(learned.folder / "run", enter=False) as served, watched(browser, served.base) as page:
        page.goto(served.access.link)
        for _ in range(9):
            tab = page.context.new_page()
            tab.goto(f"{served.base}/runs/run/overview", timeout=10_000)
            expect(tab.locator("h1")).to_be_visible()


def test_the_map_of_a_run_of_any_name_opens_exemplars(browser: Browser, learned: Laboratory, tmp_path: Path) -> None:
    named = tmp_path / "GRID-1"
    shutil.copytree(learned.folder / "run", named)
    with pages_of(named, enter=False) as served, watched(browser, served.base) as page:
        page.goto(served.access.link)
        page.goto(f"{served.base}/runs/GRID-1/map")
        expect(page.locator("#map-legend li").first).to_be_visible()
        one = open_run(named).memory()[0].id
        assert page.evaluate(f"BurnishMap.address('{one}')") == f"/runs/GRID-1/exemplars/{one}"
