"""Pages on a screen as narrow as a phone's, and what of a page is for the eye: names of lines, filters, the map."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from laboratory import Laboratory
from page_server import ADDRESSES, Pages, pages_of
from playwright.sync_api import Browser, Page, expect
from watched_page import watched

from burnish import open_run
from burnish.agent.inspecting.races import RaceStory

WIDTH = 390


@pytest.fixture(scope="module")
def runs(learned: Laboratory) -> tuple[Path, Path]:
    """Two runs, to compare."""
    other = learned.folder / "other"
    shutil.copytree(learned.folder / "run", other)
    return learned.folder / "run", other


@pytest.fixture
def served(runs: tuple[Path, Path]) -> Iterator[Pages]:
    with pages_of(*runs, enter=False) as pages:
        yield pages


@pytest.fixture
def phone(browser: Browser, served: Pages) -> Iterator[Page]:
    with watched(browser, served.base) as page:
        page.set_viewport_size({"width": WIDTH, "height": 844})
        page.goto(served.access.link)
        yield page


def test_rows_are_cards_whose_labels_and_texts_are_on_the_screen(phone: Page, served: Pages) -> None:
    phone.goto(f"{served.base}/runs/run/memory")
    card = phone.locator("main tbody tr").first
    task = card.locator("td[data-label=task]")
    assert task.evaluate("cell => getComputedStyle(cell, '::before').content").startswith('"task')
    for cell in (task, card.locator("td[data-label=answer]"), card.locator("td[data-label=exemplar]")):
        box = cell.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= WIDTH
    texts, ids = task.bounding_box(), card.locator("td[data-label=exemplar]").bounding_box()
    assert texts
    assert ids
    assert texts["y"] < ids["y"]
    expect(card.locator("td.none").first).not_to_be_visible()


@pytest.mark.parametrize("address", ["compare?with=other", "compare?from=0", "races/1", "memory", "tasks", "overview"])
def test_no_table_scrolls_sideways(phone: Page, served: Pages, address: str) -> None:
    phone.goto(f"{served.base}/runs/run/{address}")
    phone.locator("main details").evaluate_all("all => all.forEach(one => { one.open = true; })")
    over = "boxes => boxes.map(box => box.scrollWidth - box.clientWidth)"
    assert max(phone.locator("main .wide").evaluate_all(over)) <= 1
    assert phone.evaluate("document.documentElement.scrollWidth") <= WIDTH


def test_the_head_is_small(phone: Page, served: Pages) -> None:
    phone.goto(f"{served.base}/runs/run/memory")
    assert phone.locator("main").evaluate("main => main.getBoundingClientRect().top") < 150


def test_axe_finds_nothing_serious_on_a_phone(phone: Page, served: Pages) -> None:
    for address in (*ADDRESSES, "compare?with=other"):
        phone.goto(f"{served.base}/runs/run/{address}")
        found = Axe().run(phone, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"]})
        serious = [
            (v["id"], v["nodes"][0]["html"][:200])
            for v in found.response["violations"]
            if v["impact"] in {"serious", "critical"}
        ]
        assert serious == [], address


def test_cards_sort(phone: Page, served: Pages) -> None:
    phone.goto(f"{served.base}/runs/run/memory?sort=born")
    phone.get_by_role("button", name="shown", exact=True).click()
    figures = [int(text) for text in phone.locator("main tbody td[data-label=shown]").all_inner_texts()]
    assert figures == sorted(figures)


def test_a_race_shows_only_the_tasks_that_differ(phone: Page, served: Pages, learned: Laboratory) -> None:
    phone.goto(f"{served.base}/runs/run/races/1")
    story = open_run(learned.folder / "run").show("race 1")
    assert isinstance(story, RaceStory)
    items = story.items
    rows = phone.locator("#items tbody tr:visible")
    expect(rows).to_have_count(len(items))
    phone.get_by_label("only tasks where they differ").check()
    expect(rows).to_have_count(sum(item.difference != 0 for item in items))


def test_the_scrubber_stands_only_where_it_drives(phone: Page, served: Pages) -> None:
    phone.goto(f"{served.base}/runs/run/compare?with=other")
    expect(phone.locator("#scrub")).to_have_count(0)
    phone.keyboard.press("[")
    phone.goto(f"{served.base}/runs/run/compare?from=0")
    expect(phone.locator("#scrub")).to_be_visible()


def test_the_map_tells_births_and_texts(phone: Page, served: Pages, learned: Laboratory) -> None:
    first = open_run(learned.folder / "run").exemplars(at=1)[0].exemplar
    phone.goto(f"{served.base}/runs/run/map")
    expect(phone.locator("#map-legend li").first).to_be_visible()
    phone.get_by_label("Colour by").select_option("born at")
    expect(phone.locator("#map-legend li").first).to_have_text(f"born at {first.born}")
    expect(phone.get_by_label("show what has died")).to_be_disabled()
    points = phone.evaluate("fetch(document.getElementById('map').dataset.source).then(one => one.json())")["positions"]
    texts = {one["id"]: one["prompt"] for one in points}
    assert texts[first.id] == " ".join(first.prompt.split())[:80]
