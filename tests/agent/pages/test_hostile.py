"""Whatever a run holds is text on its pages, and no page breaks on it: markup, megabytes, surrogates, damage."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from laboratory import Laboratory, changed_copy
from page_server import ADDRESSES, Elements, Pages, pages_of

from burnish import open_run
from burnish.agent.pages.export_file import export_pages

PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "</script><script>alert(2)</script>",
    "</pre></textarea></title><iframe src=//evil.example>",
    "&lt;b&gt; &#x3c;b>",
    "`${alert(1)}`",
    "]]><!--",
)
EVIL = " ".join(PAYLOADS)
OWN_TAGS = {
    "html", "head", "meta", "title", "link", "body", "a", "header", "span", "nav", "strong", "bdi", "form", "label",
    "input", "div", "button", "output", "noscript", "p", "main", "h1", "h2", "h3", "section", "table", "thead", "tbody",
    "tfoot", "tr", "th", "td", "caption", "details", "summary", "svg", "rect", "line", "circle", "text", "figure",
    "figcaption", "pre", "ul", "li", "dl", "dt", "dd", "footer", "kbd", "script", "code", "select", "option",
    "abbr", "datalist", "article", "ins", "del", "textarea", "canvas", "small",
}  # fmt: skip


def poisoned(source: Path, target: Path, text: str) -> Path:
    """A copy of a run in which every text that a page may show holds another one."""
    shutil.copytree(source, target)
    said = json.dumps(text)
    db = sqlite3.connect(target / "journal.db")
    name = json.dumps(text[:2000].encode("utf-8", "replace").decode())
    for table, paths in {
        "tasks": {"prompt": said, "cell": name},
        # its answer stays: its id is of that
        "exemplars": {"prompt": said, "cell": name, "reason": said, "model": name, "reviewer": said, "origin": name},
        "attempts": {"answer": said, "model": name, "rung": name},
    }.items():
        for path, value in paths.items():
            db.execute(f"UPDATE {table} SET body = json_set(body, '$.{path}', json(?))", (value,))
    plain = text.encode("utf-8", "replace").decode()
    db.execute("UPDATE exemplars SET death = ?", (plain,))
    db.execute("UPDATE attempts SET verdict = json_set(verdict, '$.text', json(?))", (said,))
    db.execute("UPDATE applicants SET outcome = ? WHERE outcome != 'admitted'", (plain,))
    db.execute("UPDATE answered SET cell = ?", (plain[:2000],))
    db.execute(
        "UPDATE programs SET body = json_set(body, '$.prompt.sections[0][0]', json(?), '$.prompt.sections[0][1]',"
        " json(?), '$.prompt.operator', json(?))",
        (said, said, said),
    )
    for number, body in db.execute("SELECT number, body FROM iterations").fetchall():
        record = json.loads(body)
        for one in (*record.get("proposals", []), *record.get("gates", [])):
            one["description"] = one["operator"] = text
        record["alarms"], record["action"] = [text], text
        db.execute("UPDATE iterations SET body = ? WHERE number = ?", (json.dumps(record), number))
    db.execute("UPDATE calls SET body = ? WHERE state != 'done'", (plain,))
    db.execute(
        "UPDATE calls SET body = json_set(body, '$.text', json(?), '$.model', json(?)) WHERE state = 'done'",
        (said, said),
    )
    db.execute("UPDATE meta SET value = json_set(value, '$.reason', json(?)) WHERE key = 'sealed'", (said,))
    db.execute("UPDATE meta SET value = ? WHERE key = 'stopped'", (said,))
    question = {"kind": "judge", "iteration": 9, "task_id": text, "prompt": text, "answer": text, "feedback": text}
    db.execute("INSERT INTO questions VALUES('q', 9, ?)", (json.dumps(question),))
    db.commit()
    db.close()
    return target


def addresses_of(run: Path) -> Iterator[str]:
    """Every kind of page, with ids of the run."""
    yield from ADDRESSES
    opened = open_run(run)
    with opened.journal() as journal:
        exemplar = journal.exemplars()[0]
        yield f"exemplars/{exemplar.id}"
        ((champion,),) = journal.named_rows("SELECT champion FROM iterations WHERE number = 1")
        yield f"programs/{champion}"
        yield f"tasks/{exemplar.task_id}"
        for answer, call in journal.named_rows("SELECT id, json_extract(body, '$.call') FROM attempts LIMIT 1"):
            yield f"answers/{answer}"
            yield f"call?key={call}"
    yield from ("memory?show=dead", "memory?search=<script>&like=", f"recall?text={PAYLOADS[1]}", "iteration?at=1")


@pytest.fixture(scope="module")
def evil(learned: Laboratory, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return poisoned(learned.folder / "run", tmp_path_factory.mktemp("evil") / "run", EVIL)


@pytest.fixture(scope="module")
def evil_pages(evil: Path) -> Iterator[Pages]:
    with pages_of(evil) as pages:
        yield pages


def assert_harmless(html: str, where: str) -> None:
    for tag, attributes in Elements(html).tags:
        assert tag in OWN_TAGS, (where, tag)
        assert not [name for name in attributes if name.startswith("on") or name == "style"], (where, tag, attributes)
        for name in ("href", "src", "action"):
            value = attributes.get(name) or ""
            assert not value.lower().strip().startswith(("javascript:", "data:text", "//", "http:", "https:")), (
                where,
                value,
            )
        if tag == "script":
            assert str(attributes.get("src", "")).startswith("/static/"), (where, attributes)


def test_no_payload_becomes_markup(evil: Path, evil_pages: Pages) -> None:
    seen = 0
    for address in addresses_of(evil):
        answer = evil_pages.get(f"/runs/run/{address}")
        assert answer.status_code == 200, address
        assert_harmless(answer.text, address)
        assert "49{% raw" not in answer.text
        seen += PAYLOADS[0] in Elements(answer.text).said
    assert seen >= 12


def test_no_payload_becomes_markup_in_a_file(evil: Path, tmp_path: Path) -> None:
    file = tmp_path / "evil.html"
    export_pages(open_run(evil), file, texts="all", licence="MIT")
    text = file.read_text(encoding="utf-8")
    found = [tag for tag, _ in Elements(text).tags]
    assert set(found) <= OWN_TAGS | {"style", "script"}
    assert found.count("script") == 2
    assert PAYLOADS[0] not in text


@pytest.mark.parametrize(
    "text",
    ["x" * 1_000_000, "\ud800 lone \udfff", "\u202eright to left\u202c مرحبا", "\x00\x01\x1b[31m", "a\u0300" * 500],
    ids=["a megabyte", "surrogates", "right to left", "binary", "marks"],
)
def test_odd_texts_are_shown_and_cut(learned: Laboratory, tmp_path: Path, text: str) -> None:
    run = poisoned(learned.folder / "run", tmp_path / "run", text)
    with pages_of(run) as pages:
        for address in addresses_of(run):
            if len(text) > 10_000 and address.startswith(("map", "alike", "recall")):
                continue  # to embed so long texts takes long
            answer = pages.get(f"/runs/run/{address}")
            assert answer.status_code == 200, address
            assert len(answer.content) < 400_000, address


def test_a_damaged_run_shows_what_can_be_read(learned: Laboratory, tmp_path: Path) -> None:
    with pages_of(changed_copy(learned, tmp_path / "run", "DROP TABLE applicants")) as pages:
        assert pages.get("/runs/run/overview").status_code == 200
        assert pages.get("/runs/run/memory").status_code == 200
        broken = pages.get("/runs/run/refusals")
        assert broken.status_code == 503
        assert "cannot be read" in Elements(broken.text).said
        assert "/runs/run/memory" in Elements(broken.text).links()


@pytest.mark.parametrize("body", ["'{\"prompt\": 1}'", "'{'", "'{}'"], ids=["no program", "no JSON", "nothing"])
def test_a_record_that_is_none_is_a_sentence_and_other_runs_are_shown(
    learned: Laboratory, tmp_path: Path, body: str
) -> None:
    broken = changed_copy(learned, tmp_path / "broken", f"UPDATE programs SET body = {body}")
    with pages_of(broken, learned.folder / "run") as pages:
        for address in ("overview", "programs", "iteration?at=1", "overview.json", "compare?from=0"):
            answer = pages.get(f"/runs/broken/{address}")
            assert answer.status_code == 503, address
            assert "cannot be read" in answer.text
        assert "cannot be read" in pages.get("/").text
        assert pages.get("/runs/run/overview").status_code == 200


def test_a_journal_that_is_none_is_a_sentence(learned: Laboratory, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(learned.folder / "run", run)
    (run / "journal.db").write_bytes(b"not a database" * 1000)
    for name in ("journal.db-wal", "journal.db-shm"):
        (run / name).unlink(missing_ok=True)
    with pages_of(run, learned.folder / "run") as pages:
        for address in ("/runs/run/overview", "/runs/run/map", "/runs/run/overview.json"):
            answer = pages.get(address)
            assert answer.status_code == 503
            assert "cannot be read" in answer.text
        assert "cannot be read" in pages.get("/").text


def test_a_run_of_a_newer_version_says_so(learned: Laboratory, tmp_path: Path) -> None:
    newer = changed_copy(learned, tmp_path / "run", "UPDATE meta SET value = '99' WHERE key = 'schema'")
    with pages_of(newer) as pages:
        assert "written by a newer version" in pages.get("/runs/run/overview").text


def test_a_run_that_has_not_begun_says_so(learned: Laboratory, tmp_path: Path) -> None:
    with pages_of(changed_copy(learned, tmp_path / "run", "DELETE FROM iterations")) as pages:
        assert "has not begun yet" in pages.get("/runs/run/overview").text
