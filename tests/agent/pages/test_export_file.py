"""A run as one file: whose words it holds, what it leaves out and says so, and that it fetches nothing."""

from __future__ import annotations

import base64
import json
import re
import zlib
from html import escape
from pathlib import Path
from typing import Any

import pytest
from laboratory import CommandLine, Laboratory, changed_copy
from page_server import Elements

from burnish import open_run
from burnish.agent.inspecting.opened import InspectedRun
from burnish.agent.pages.export_file import export_pages
from burnish.agent.pages.export_folder import write_index
from burnish.agent.pages.rendering import Texts
from burnish.agent.steering.forgetting import forget
from burnish.errors import ExportExists, StorageError
from burnish.terms import TermsTable


@pytest.fixture(scope="module")
def run(learned: Laboratory) -> InspectedRun:
    return open_run(learned.folder / "run")


@pytest.fixture
def shareable(tmp_path: Path) -> TermsTable:
    """Terms by which what the scripted model says may be handed on."""
    return _terms(tmp_path, "yes")


def _terms(folder: Path, sharing: str, *, of: str = "*") -> TermsTable:
    file = folder / f"{sharing}.toml"
    file.write_text(
        f'[[model]]\nmatch = ["{of}"]\nlicence = "MIT"\ntraining = "yes"\nsharing = "{sharing}"\n',
        encoding="utf-8",
    )
    return TermsTable.load(file)


def data_of(file: Path) -> dict[str, Any]:
    found = re.search(r'<script type="text/plain" id="data">([^<]*)</script>', file.read_text(encoding="utf-8"))
    assert found
    data: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(found[1])))
    return data


def test_a_file_holds_every_exemplar_and_iteration(run: InspectedRun, tmp_path: Path, shareable: TermsTable) -> None:
    made = export_pages(run, tmp_path / "run.html", licence="MIT", terms=shareable)
    data = data_of(tmp_path / "run.html")
    with run.journal() as journal:
        exemplars = journal.exemplars()
    assert data["exemplars"]["id"] == [one.id for one in exemplars]
    assert data["exemplars"]["prompt"] == [one.prompt for one in exemplars]
    assert made.exemplars == len(exemplars)
    assert made.pages == len(data["pages"])
    newest = run.status().iteration.number
    assert {f"iteration?at={number}" for number in range(newest + 1)} <= set(data["pages"])
    assert {f"races/{race.number}" for race in run.races()} <= set(data["pages"])
    assert made.size == (tmp_path / "run.html").stat().st_size


@pytest.mark.parametrize("texts", ["none", "exemplars", "all"])
def test_whose_words_a_file_holds(run: InspectedRun, tmp_path: Path, shareable: TermsTable, texts: Texts) -> None:
    file = tmp_path / "run.html"
    made = export_pages(run, file, texts=texts, licence="MIT", terms=shareable)
    data = data_of(file)
    whole = json.dumps(data)
    exemplar = run.memory()[0]
    with run.journal() as journal:
        wrong = next(a.answer for _, a, f in journal.judged("attempt") if not f.verified and len(a.answer) > 3)
        instruction = journal.champion(0).prompt.sections[0][1].splitlines()[0]
        task = next(t for t in journal.tasks().values() if t.id not in {e.task_id for e in journal.exemplars()})
    assert (json.dumps(exemplar.prompt)[1:-1] in whole) == (texts != "none")
    assert (instruction in whole) == (texts != "none")
    assert (wrong in whole) == (texts == "all")
    assert (task.prompt[:60] in whole) == (texts == "all")
    assert any("words" in said for said in made.left_out) == (texts != "all")


@pytest.mark.parametrize(("sharing", "licence"), [("no", "MIT"), ("unknown", "MIT"), ("yes", "")])
def test_what_may_not_be_shared_is_left_out_and_that_is_said(
    run: InspectedRun, tmp_path: Path, sharing: str, licence: str
) -> None:
    file = tmp_path / "run.html"
    made = export_pages(run, file, texts="all", licence=licence, terms=_terms(tmp_path, sharing))
    data = data_of(file)
    assert set(data["exemplars"]["prompt"]) == {None}
    assert not any(exemplar.prompt in json.dumps(data) for exemplar in run.memory())
    reason = "no known licence" if not licence else "be shared"
    assert any(reason in said for said in made.left_out)
    assert all(said in file.read_text(encoding="utf-8").replace("&#39;", "'") for said in made.left_out)


def test_a_file_allows_its_own_script_alone_and_fetches_nothing(run: InspectedRun, tmp_path: Path) -> None:
    export_pages(run, tmp_path / "run.html")
    text = (tmp_path / "run.html").read_text(encoding="utf-8")
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert "default-src &#39;none&#39;" in policy or "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "connect-src" not in policy
    assert not re.findall(r'(?:src|href)="(?!#)', re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL))


def test_a_file_that_is_there_stays(run: InspectedRun, tmp_path: Path) -> None:
    (tmp_path / "run.html").write_text("mine", encoding="utf-8")
    with pytest.raises(ExportExists, match="exists already; give another file"):
        export_pages(run, tmp_path / "run.html")
    assert (tmp_path / "run.html").read_text(encoding="utf-8") == "mine"


def test_a_file_that_cannot_be_written_is_a_sentence(run: InspectedRun, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot be written"):
        export_pages(run, tmp_path / "file" / "run.html")


def test_no_path_of_this_machine_is_handed_on(run: InspectedRun, tmp_path: Path, shareable: TermsTable) -> None:
    assert run.config.environment.startswith("/")
    export_pages(run, tmp_path / "run.html", texts="all", licence="MIT", terms=shareable)
    whole = json.dumps(data_of(tmp_path / "run.html")) + (tmp_path / "run.html").read_text(encoding="utf-8")
    assert str(run.place.path.parent) not in whole
    assert str(Path(run.config.environment).parent) not in whole
    assert Path(run.config.environment).name.partition(":")[0] in whole


def test_what_was_forgotten_is_not_handed_on(lab: Laboratory, shareable: TermsTable) -> None:
    lab.run("run", budget={"iterations": 1})
    run = open_run(lab.folder / "run")
    gone = run.memory()[0]
    forget(run, [gone.id], because="a name is in it")
    made = export_pages(
        open_run(lab.folder / "run"), lab.folder / "run.html", texts="all", licence="MIT", terms=shareable
    )
    assert gone.prompt not in json.dumps(data_of(lab.folder / "run.html"))
    assert any("forgotten" in said for said in made.left_out)


def test_a_folder_lists_the_runs_that_lie_in_it(run: InspectedRun, tmp_path: Path) -> None:
    export_pages(run, tmp_path / "one.html")
    export_pages(run, tmp_path / "two #1.html")
    (tmp_path / "other.html").write_text("<h1>not a run</h1>", encoding="utf-8")
    text = write_index(tmp_path).read_text(encoding="utf-8")
    assert 'href="one.html"' in text
    assert 'href="two%20%231.html"' in text
    assert "other.html" not in text
    assert "improved" in text
    assert write_index(tmp_path).read_text(encoding="utf-8") == text
    (tmp_path / "index.html").write_text("mine", encoding="utf-8")
    with pytest.raises(ExportExists, match="give a folder of its own"):
        write_index(tmp_path)


def test_prompts_of_a_reflector_whose_terms_forbid_it_are_left_out(learned: Laboratory, tmp_path: Path) -> None:
    reflected = "UPDATE calls SET role = 'reflector', body = json_set(body, '$.model', 'mystery') WHERE node = 'rate'"
    run = open_run(changed_copy(learned, tmp_path / "run", reflected))
    made = export_pages(
        run, tmp_path / "run.html", texts="all", licence="MIT", terms=_terms(tmp_path, "yes", of="scripted")
    )
    assert any("words of prompts" in said and "mystery" in said for said in made.left_out)
    with run.journal() as journal:
        instruction = journal.champion(0).prompt.sections[0][1].splitlines()[0]
    assert instruction not in json.dumps(data_of(tmp_path / "run.html"))


def test_tasks_of_an_author_whose_terms_forbid_it_are_left_out(learned: Laboratory, tmp_path: Path) -> None:
    authored = "UPDATE tasks SET body = json_set(body, '$.author', 'mystery') WHERE iteration = 1"
    run = open_run(changed_copy(learned, tmp_path / "run", authored))
    made = export_pages(
        run, tmp_path / "run.html", texts="all", licence="MIT", terms=_terms(tmp_path, "yes", of="scripted")
    )
    assert any("answers and tasks" in said and "mystery" in said for said in made.left_out)
    with run.journal() as journal:
        prompts = [task.prompt for task in journal.tasks().values() if task.author]
    whole = json.dumps(data_of(tmp_path / "run.html"))
    assert prompts
    assert not any(prompt in whole for prompt in prompts)


def test_a_file_without_words_has_no_description_of_a_prompt(
    run: InspectedRun, tmp_path: Path, shareable: TermsTable
) -> None:
    export_pages(run, tmp_path / "run.html", texts="none", licence="MIT", terms=shareable)
    whole = json.dumps(data_of(tmp_path / "run.html"))
    said = {node.description for node in run.lineage()} | {race.description for race in run.races()}
    assert [one for one in said if len(one) > 12 and (one in whole or escape(one) in whole)] == []


def test_every_link_of_a_file_leads_somewhere(run: InspectedRun, tmp_path: Path, shareable: TermsTable) -> None:
    export_pages(run, tmp_path / "run.html", texts="all", licence="MIT", terms=shareable)
    data = data_of(tmp_path / "run.html")
    own = {"memory", "map", "find", *(f"exemplars/{id_}" for id_ in data["exemplars"]["id"])}
    links = {link for html in data["pages"].values() for link in Elements(html).links()}
    assert len(links) > 20
    for link in links:
        path = link.removeprefix("#/")
        assert path in data["pages"] or path.partition("?")[0] in own, link


@pytest.mark.parametrize("name", ["x" * 300 + ".html", "[/b].html"])
def test_odd_names_of_files_are_no_fault_of_the_program(
    run: InspectedRun, tmp_path: Path, burnish: CommandLine, name: str
) -> None:
    told = burnish("ui", run.place.path, "--export", tmp_path / name)
    assert "Traceback" not in told.err
    assert (tmp_path / name).name in told.out.replace("\n", "") or "cannot be written" in told.err
