from __future__ import annotations

from collections.abc import Iterator

import pytest
from endpoints import Served, serving
from laboratory import Laboratory


@pytest.fixture(scope="module")
def served(learned: Laboratory) -> Iterator[Served]:
    """The finished run of `learned`, served."""
    with serving(learned.folder / "run") as made:
        yield made
