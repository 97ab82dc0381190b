"""Pages of a large run: how soon each answers, how large a file to hand on is, how fast that opens and scrubs.

python benchmarks/pages.py [--exemplars 10000] [--iterations 500] [--rounds 5] [--run DIR] [--no-browser]

Promised: the first content of any page within 200 ms; a file of that size below 3 MB, opened and scrubbed in headless
Chromium within a second, and 10,000 points drawn within 16 ms a frame. Needs Chromium and Playwright but for
--no-browser. The run is made up, with an embedder that hashes; --run takes one that is there.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import uvicorn
from inspecting import Made

from burnish import open_run
from burnish.agent.pages.access import Access
from burnish.agent.pages.app import make_app
from burnish.agent.pages.export_file import export_pages
from burnish.agent.pages.server import bound
from burnish.agent.pages.shelf import Shelf
from burnish.agent.record.directory import RunDirectory
from burnish.config import RunConfig

FIRST_CONTENT, FILE, OPEN, FRAME = 0.2, 3_000_000, 1.0, 0.016
"""What is promised: seconds, bytes, seconds, seconds."""


def made(folder: Path, exemplars: int, iterations: int) -> Path:
    """A run that could have been."""
    place = RunDirectory(folder / "run")
    place.create(RunConfig.parse({"environment": "contacts", "memory": {"embedder": "hash", "index": "numpy"}}))
    asyncio.run(Made(place, exemplars, iterations).fill())
    return place.path


@contextmanager
def served(run: Path) -> Iterator[httpx.Client]:
    with closing(bound(0)) as listening:
        port = listening.getsockname()[1]
        access = Access(make_app(Shelf.of([run])), port=port, on_stale=print)
        server = uvicorn.Server(uvicorn.Config(access, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as client:
            client.get(access.link)
            yield client
        server.should_exit = True
        thread.join()


def addresses(run: Path) -> list[str]:
    """Every page that needs no embedding, with ids of the run."""
    opened = open_run(run)
    with opened.journal() as journal:
        ((exemplar, task),) = journal.named_rows(
            "SELECT s.exemplar, json_extract(e.body, '$.task_id') FROM shown s JOIN exemplars e ON e.id = s.exemplar"
            " GROUP BY s.exemplar ORDER BY COUNT(*) DESC LIMIT 1"
        )
        ((answer, call),) = journal.named_rows(
            "SELECT id, json_extract(body, '$.call') FROM attempts WHERE iteration = 1 LIMIT 1"
        )
        newest = opened.number(journal, None)
        program = journal.champion(newest).id
    found = [
        "overview", f"iteration?at={newest // 2}", "memory", "memory?page=20", "memory?search=Porto&sort=showings",
        "memory?show=dead", f"exemplars/{exemplar}", "map", "programs", f"programs/{program}", "races", "races/1",
        "tasks", f"tasks/{task}", f"answers/{answer}", f"call?key={call}", "refusals", "ratings", "diversity", "spend",
        "spend?by=iteration", f"compare?from=0&at={newest}", "review",
    ]  # fmt: skip
    return [f"/runs/{run.name}/{address}" for address in found]


def first_content(run: Path, rounds: int) -> bool:
    """Print how long each page takes; whether all kept the promise."""
    kept = True
    with served(run) as client:
        for address in addresses(run):
            times = []
            for _ in range(rounds + 1):
                started = time.perf_counter()
                answer = client.get(address)
                times.append(time.perf_counter() - started)
                assert answer.status_code == 200, address
            middle = statistics.median(times[1:])
            kept &= middle < FIRST_CONTENT
            print(
                f"{middle * 1000:7.0f} ms  (first {times[0] * 1000:5.0f} ms)  {len(answer.content):9,} bytes  {address}"
            )
    return kept


def exported(run: Path, folder: Path) -> Path:
    started = time.perf_counter()
    told = export_pages(open_run(run), folder / "run.html", licence="MIT")
    print(f"file: {told.size:,} bytes of {told.exemplars:,} exemplars and {told.pages:,} pages, written in "
          f"{time.perf_counter() - started:.0f} s")  # fmt: skip
    return folder / "run.html"


def in_a_browser(file: Path, rounds: int) -> bool:
    """Print how fast the file opens, scrubs and draws; whether it kept the promises."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        opens = []
        for _ in range(rounds):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            elsewhere: list[str] = []
            page.on("request", lambda asked, into=elsewhere: into.append(asked.url))
            started = time.perf_counter()
            page.goto(file.as_uri())
            page.wait_for_selector("body[data-ready=yes]")
            opens.append(time.perf_counter() - started)
            if len(opens) < rounds:
                page.close()
        scrubs = {}
        for path in ("memory", "iteration", "map"):
            page.evaluate(f"location.hash = '#/{path}'")
            page.wait_for_timeout(500)
            scrubs[path] = page.evaluate(
                """async () => {
                  const slider = document.getElementById('at'), times = [];
                  for (let n = 1; n <= 20; n++) {
                    slider.value = Math.round(n * slider.max / 20);
                    const started = performance.now();
                    slider.dispatchEvent(new Event('input'));
                    await new Promise(requestAnimationFrame);
                    times.push(performance.now() - started);
                  }
                  return times.sort((a, b) => a - b)[10];
                }"""
            )
        frames = page.evaluate("() => Array.from({length: 30}, () => BurnishMap.paint()).sort((a, b) => a - b)")
        browser.close()
    opened, frame = statistics.median(opens), frames[15] / 1000
    print(f"opened in {opened:.2f} s; requests to elsewhere: {sum(not url.startswith('file:') for url in elsewhere)}")
    print("scrubbed in " + ", ".join(f"{path} {ms:.0f} ms" for path, ms in scrubs.items()))
    print(f"map: {frames[15]:.1f} ms a frame (slowest of 30: {frames[-1]:.1f} ms)")
    return opened < OPEN and frame < FRAME and max(scrubs.values()) < 1000 * OPEN


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exemplars", type=int, default=10_000)
    parser.add_argument("--iterations", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--run", type=Path)
    parser.add_argument("--no-browser", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        run = given.run or made(folder, given.exemplars, given.iterations)
        kept = first_content(run, given.rounds)
        file = exported(run, folder)
        kept &= file.stat().st_size < FILE
        if not given.no_browser:
            kept &= in_a_browser(file, given.rounds)
    print("all as promised" if kept else "NOT all as promised")
    sys.exit(not kept)


if __name__ == "__main__":
    main()
