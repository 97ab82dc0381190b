"""Pages of a finished run, served once for the tests of a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from laboratory import Laboratory
from page_server import Pages, pages_of


@pytest.fixture(scope="module")
def pages(learned: Laboratory) -> Iterator[Pages]:
    with pages_of(learned.folder / "run") as served:
        yield served
