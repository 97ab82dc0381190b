"""The notebook of the examples as it is committed: with the outputs of a run, and nothing of a machine."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parents[1] / "examples"
NOTEBOOK: Any = json.loads((EXAMPLES / "improve.ipynb").read_text(encoding="utf-8"))
CODE = [cell for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]


def test_it_was_executed_from_top_to_bottom_without_an_error() -> None:
    assert [cell["execution_count"] for cell in CODE] == list(range(1, len(CODE) + 1))
    outputs = [output for cell in CODE for output in cell["outputs"]]
    assert {output["output_type"] for output in outputs} <= {"stream", "execute_result", "display_data"}
    assert not [output for output in outputs if output.get("name") == "stderr"]
    assert all(cell["outputs"] for cell in CODE)


def test_it_names_no_place_on_a_machine() -> None:
    shown = [cell["source"] for cell in NOTEBOOK["cells"]] + [output for cell in CODE for output in cell["outputs"]]
    for output in shown:
        text = json.dumps({**output, "data": {**output["data"], "image/png": ""}} if "data" in output else output)
        assert re.findall(r"/(?:tmp|home|root|usr|work|opt)\b", text) == []


def test_its_links_lead_somewhere() -> None:
    said = "".join("".join(cell["source"]) for cell in NOTEBOOK["cells"] if cell["cell_type"] == "markdown")
    links = re.findall(r"\]\(([^)\s]+)\)", said)
    assert links
    assert [link for link in links if not (EXAMPLES / link).exists()] == []
