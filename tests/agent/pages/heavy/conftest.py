"""A real browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeAlias

import pytest
from laboratory import CODES, Laboratory, laboratory
from playwright.sync_api import Browser, sync_playwright

Aside: TypeAlias = Callable[[Callable[[], object]], object]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Ended with its module: Playwright's loop is in the way of whatever follows."""
    program = shutil.which("chromium")
    assert program, "Chromium is missing; `make chromium` installs it"
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture(scope="module")
def aside() -> Iterator[Aside]:
    """Runs something in another thread: Playwright keeps a loop in this one, in which a run of Burnish has no place."""
    with ThreadPoolExecutor(1) as pool:
        yield lambda action: pool.submit(action).result()


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory, aside: Aside) -> Iterator[Laboratory]:
    """A laboratory with a finished run in the folder `run`, whose environment's address is long, as some are."""
    with laboratory(tmp_path_factory.mktemp("learned")) as made:
        far = made.folder / ("a_folder_whose_name_is_" + "very_" * 20 + "long")
        far.mkdir()
        file, _, name = CODES.rpartition(":")
        shutil.copy(file, far)
        aside(lambda: made.run("run", seed=3, environment=f"{far / Path(file).name}:{name}"))
        yield made
