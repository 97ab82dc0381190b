"""Take the pictures of docs/inspect.md: every page of a run of the embedded model, in headless Chromium.

    python docs/take_screenshots.py RUN [--only NAME ...]

RUN is a finished run of the embedded model, such as that of `make demo`. Needs Chromium, Playwright and Pillow.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "helpers"))

from page_server import pages_of
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from burnish import open_run

FOLDER = Path(__file__).parent / "pictures"
WIDTH, MOST = 1100, 900
"""Of a picture, in pixels."""
COLOURS = 64


def addresses(run: Path) -> dict[str, str]:
    """What is pictured, by the name of its file: one page of each kind, with what tells most of the run."""
    opened = open_run(run)
    shown = opened.exemplars(order="showings", limit=1)[0].exemplar
    races, newest = opened.races(), opened.status().iteration.number
    lineage = [one.program for one in opened.lineage() if one.parent and one.operator == "rules"]
    pages = {
        "overview": "overview",
        "iteration": f"iteration?at={max(1, newest // 2)}",
        "memory": "memory?sort=showings",
        "exemplar": f"exemplars/{shown.id}",
        "map": f"map?at={newest}",
        "programs": "programs",
        "prompt-as-sent": f"call?key={shown.call}",
        "tasks": "tasks",
        "refusals": "refusals",
        "ratings": "ratings",
        "diversity": "diversity",
        "spend": "spend",
        "compare": "compare?from=0",
        "recall": f"recall?text={shown.prompt}",
    }
    if races:
        pages["race"] = f"races/{max(races, key=lambda race: race.tasks).number}"
    if lineage:
        pages["program"] = f"programs/{lineage[-1]}"
    return pages


def take(page: Page, address: str, file: Path) -> None:
    page.goto(address)
    page.wait_for_load_state("networkidle" if "/map" in address else "load")
    page.wait_for_timeout(600)  # charts are drawn
    height = min(MOST, page.evaluate("document.documentElement.scrollHeight"))
    page.screenshot(path=file, clip={"x": 0, "y": 0, "width": WIDTH, "height": height}, full_page=True)
    Image.open(file).quantize(COLOURS).save(file, optimize=True)
    print(file.name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--only", nargs="*", default=[])
    given = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    with pages_of(given.run, enter=False) as served, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": MOST})
        page.goto(served.access.link)
        base = page.url.rpartition("/")[0]
        for name, address in addresses(given.run).items():
            if not given.only or name in given.only:
                page.unroute_all()
                page.route("**/live", lambda route: route.abort())  # so that the network falls silent
                take(page, f"{base}/{address}", FOLDER / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
