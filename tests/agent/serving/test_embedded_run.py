"""A run on the embedded model and the real embedder, served."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from endpoints import serving

from burnish.agent.api import run
from burnish.agent.record.run import open_run
from burnish.agent.serving.checking import check
from burnish.config import RunConfig


@pytest.mark.thorough
def test_the_embedded_model_is_asked_what_it_was_asked_in_the_test(tmp_path: Path) -> None:
    """Its answers may differ where requests shared a batch, so they are held to the requests."""
    tables = {
        "environment": "contacts",
        "environment_options": {"shapes": 2},
        "decoding": {"format": "extract"},
        "sampling": {"tasks": 6, "samples": 1},
        "budget": {"iterations": 1},
        "sealed": {"tasks": 4},
        "operators": ["rules"],
    }
    run(RunConfig.parse(tables), directory=tmp_path / "run")
    record = asyncio.run(check(open_run(tmp_path / "run")))
    assert record.same_requests == record.answers > 0
    assert 2 * record.agree > record.answers
    with serving(tmp_path / "run") as served:
        said = served.answer("Eva Lang is 40 years old, lives in Bern and works as a baker.")
        assert said["choices"][0]["message"]["content"].startswith("{")
        assert said["usage"]["completion_tokens"] > 0
        long = served.ask("word " * 3000)
        assert long.status_code == 413
        assert long.json()["error"]["code"] == "context_length_exceeded"
