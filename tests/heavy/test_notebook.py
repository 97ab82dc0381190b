"""The notebook of the examples, executed by a kernel as Jupyter does."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from modelfiles import read

from burnish import open_run
from burnish.agent.verification.verify import verify

NOTEBOOK = Path(__file__).parents[2] / "examples" / "improve.ipynb"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("notebook")


@pytest.fixture(scope="module")
def cells(folder: Path) -> list[Any]:
    """Its cells of code after an execution in `folder`."""
    notebook = import_module("nbformat").read(NOTEBOOK, as_version=4)
    client = import_module("nbclient").NotebookClient
    client(notebook, timeout=1800, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def printed(cell: Any) -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream" and output.name == "stdout")


def shown(cell: Any, kind: str) -> str:
    """What a cell shows as a MIME type."""
    return str(next(output.data[kind] for output in cell.outputs if kind in output.get("data", {})))


pytestmark = pytest.mark.filterwarnings("ignore")


def test_the_run_ends_and_holds(cells: list[Any], folder: Path) -> None:
    run = open_run(folder / "runs" / "notebook")
    report = run.report()
    assert report.finished
    assert report.sealed is not None
    assert report.sealed.arms["champion"].passes > report.sealed.arms["seed"].passes
    assert printed(cells[1]).startswith(report.verdict.upper())
    for name, arm in report.sealed.arms.items():
        assert f"{name:16} {arm.passes} of {arm.tasks}" in printed(cells[1])
    assert verify(run).holds


def test_tables_pictures_and_sentences_are_shown(cells: list[Any], folder: Path) -> None:
    assert shown(cells[2], "image/png")
    assert shown(cells[3], "text/html") == open_run(folder / "runs" / "notebook").cells()._repr_html_()
    assert "<th>verified</th>" in shown(cells[4], "text/html")
    assert "the environment verified it" in shown(cells[5], "text/html")


def test_the_champion_answers_a_new_text(cells: list[Any]) -> None:
    seed, _, champion = printed(cells[6]).removeprefix("seed:\n").partition("\nchampion:\n")
    assert seed.strip()
    assert json.loads(champion)["city"] == "Coimbra"


def test_the_file_for_ollama_is_one(cells: list[Any]) -> None:
    assert len(read(printed(cells[7])).messages) == 8
