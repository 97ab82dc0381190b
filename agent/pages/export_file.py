"""A run as one file: pages that open from disk in any browser, with nothing installed and nothing fetched."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from burnish.agent.exports.leaving import against_prompt, authors_of_any_prompt, forbidden
from burnish.agent.exports.provenance import Papers
from burnish.agent.inspecting.exemplar_lines import ExemplarLine, exemplar_lines
from burnish.agent.inspecting.opened import InspectedRun
from burnish.agent.inspecting.positions import Position
from burnish.agent.inspecting.spent import BY
from burnish.agent.pages.links import FileLinks
from burnish.agent.pages.page import Asked, Page, View
from burnish.agent.pages.paths import without_paths
from burnish.agent.pages.rendering import Texts, rendered
from burnish.agent.pages.views import VIEWS
from burnish.agent.record.by_hand import forgotten, reasons_against
from burnish.errors import ExportExists, StorageError
from burnish.policies.purposes import licence_refusal, refusal
from burnish.terms import TermsTable
from burnish.types import ALIVE, JsonValue, Record

STATIC = Path(__file__).parent / "static"
SCRIPTS = ("uPlot/uPlot.iife.min.js", "charts.js", "map.js", "tables.js", "viewer.js")
STYLES = ("uPlot/uPlot.min.css", "style.css")
WHOLE_RUN = ("overview", "programs", "races", "tasks", "refusals", "ratings", "diversity", "spend")
"""Pages that a file has once, as of the newest iteration."""


ANSWERING = ("task", "judge", "teacher")
"""Roles whose words stand in answers and in what is said of them."""
FORGOTTEN = "some of them were forgotten by hand"


@dataclass(frozen=True)
class ExportedPages(Record):
    """What was written: the file, its size in bytes, how many exemplars and pages it has, and what it lacks."""

    file: str
    size: int
    exemplars: int
    pages: int
    left_out: tuple[str, ...]


def export_pages(
    run: InspectedRun,
    file: Path,
    *,
    texts: Texts = "exemplars",
    licence: str | None = None,
    terms: TermsTable | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ExportedPages:
    """Write a run to a file to hand on. `texts` says whose words are in it: `none`, those of `exemplars` and prompts,
    or `all`, those of answers and tasks too. What the terms of a model, or the `licence` of the tasks (by default what
    their environment states), do not allow to be shared is left out. Each page is told to `progress`.

    Raises:
        ExportExists: there is such a file.
        StorageError: it cannot be written, or the run has not begun.

    """
    _free(file)
    with run.journal() as journal:
        newest, lines = run.number(journal, None), exemplar_lines(journal)
    withheld = _withheld(run, lines, terms or TermsTable.load(), licence)
    words = _words(texts, withheld)
    name = run.place.path.resolve().name
    short = without_paths(run)
    pages = {address: short(html) for address, html in _pages(run, name, newest, words, progress)}
    places = {one.id: one for one in run.map().positions}
    left_out = tuple(map(short, _left_out(texts, withheld)))
    data: dict[str, JsonValue] = {
        "name": name,
        "newest": newest,
        "verdict": run.status().verdict,
        "changed_since": bool(run.status().since_sealed),
        "left_out": [*left_out],
        "pages": {**pages},
        "exemplars": _columns(lines, places, texts, withheld.exemplars, short),
    }
    facts: dict[str, JsonValue] = {
        "name": name,
        "verdict": run.status().verdict,
        "changed_since": bool(run.status().since_sealed),
        "environment": short(run.config.environment),
        "iterations": newest,
        "exemplars": len(lines),
    }
    text = rendered("file.html", name=name, facts=json.dumps(facts), **_inlined(data), left_out=left_out)
    write_text(file, text)
    return ExportedPages(str(file), file.stat().st_size, len(lines), len(pages), left_out)


@dataclass(frozen=True)
class Withheld:
    """Why words may not be handed on: those of exemplars, by id; those of other answers and tasks; those of prompts.
    Empty where they may.
    """

    exemplars: Mapping[str, str]
    answers: str
    prompts: str


def _withheld(run: InspectedRun, lines: Sequence[ExemplarLine], table: TermsTable, licence: str | None) -> Withheld:
    """What the terms of models and the licence of the tasks do not allow to be shared."""
    with run.journal() as journal:
        stated = Papers.in_journal(journal).licence if licence is None else licence
        exemplars = [line.exemplar for line in lines]
        tasks = {one.id: journal.task(one.task_id) for one in exemplars}
        wrote = [model for role in ANSWERING for model in journal.models(role)]
        wrote += [task.author for task in journal.tasks().values() if task.author]
        answering = [refusal("share", table.of(model), model) for model in dict.fromkeys(wrote)]
        gone = reasons_against(exemplars, forgotten(journal, journal.iterations()))
        return Withheld(
            exemplars=forbidden("share", table, exemplars, tasks, stated) | gone,
            answers=next(filter(None, answering), "")
            or licence_refusal("share", stated)
            or (FORGOTTEN if gone else ""),
            prompts=next(iter(against_prompt("share", table, authors_of_any_prompt(journal))), ""),
        )


def _words(texts: Texts, withheld: Withheld) -> Texts:
    """Whose words pages have: exemplars stand apart from them."""
    if texts == "none" or withheld.prompts:
        return "none"
    return "exemplars" if withheld.answers else texts


def _left_out(texts: Texts, withheld: Withheld) -> Iterator[str]:
    """What a file lacks, in sentences."""
    yield "prompts as sent, and pages of single tasks and answers: look into the run itself for them"
    if texts == "none":
        yield "all words of tasks, answers and prompts (--texts exemplars has some)"
        return
    if withheld.prompts:
        yield f"the words of prompts, because {withheld.prompts}"
    if withheld.answers and texts == "all":
        yield f"the words of answers and tasks: {withheld.answers}"
    elif texts == "exemplars":
        yield "the words of answers and tasks that are no exemplars (--texts all has them)"
    for reason, count in Counter(withheld.exemplars.values()).items():
        yield f"the words of {count} exemplars: {reason}"


def _pages(
    run: InspectedRun, name: str, newest: int, texts: Texts, progress: Callable[[int, int], None] | None
) -> Iterator[tuple[str, str]]:
    """The pages that are written out, by their address in the file."""
    programs = [one.program for one in run.lineage()]
    with run.journal() as journal:
        numbers = [row["number"] for row in journal.named_rows("SELECT number FROM iterations ORDER BY number")]
    races = [race.number for race in run.races()]
    wanted: list[tuple[str, str, Mapping[str, str], int]] = [
        *((path, "", {}, newest) for path in WHOLE_RUN),
        *(("spend", "", {"by": by}, newest) for by in BY),
        *(("programs/{named}", one, {}, newest) for one in programs),
        *(("races/{named}", str(one), {}, newest) for one in races),
        *(("iteration", "", {}, number) for number in numbers),
    ]
    links = FileLinks("#/", programs=frozenset(programs))
    for done, (path, named, query, at) in enumerate(wanted):
        if progress:
            progress(done, len(wanted))
        asked = Asked(run=run, name=name, path=path, at=at, newest=newest, follows=False, named=named, query=query)
        address = links.to(path.replace("{named}", named), query, **({"at": at} if path == "iteration" else {}))
        yield address.removeprefix("#/"), _main(VIEWS[path], asked, links, texts)


def _main(view: View, asked: Asked, links: FileLinks, texts: Texts) -> str:
    """The content of a page, without what stands around it."""
    page: Page = view(asked)
    return rendered(
        page.template,
        texts,
        layout="bare.html",
        asked=asked,
        links=links,
        runs=[asked.name],
        told=page.told,
        **page.more,
    )


def _columns(
    lines: Sequence[ExemplarLine],
    places: Mapping[str, Position],
    texts: Texts,
    refused: Mapping[str, str],
    short: Callable[[str], str],
) -> dict[str, JsonValue]:
    """Exemplars field by field, which packs better than one by one."""

    def words(line: ExemplarLine, text: str) -> str | None:
        return None if texts == "none" or line.exemplar.id in refused else text

    order = {line.exemplar.id: number for number, line in enumerate(lines)}
    columns: Mapping[str, Callable[[ExemplarLine], JsonValue]] = {
        "id": lambda line: line.exemplar.id,
        "born": lambda line: line.exemplar.born,
        "died": lambda line: None if line.exemplar.died == ALIVE else line.exemplar.died,
        "death": lambda line: line.exemplar.death,
        "reason": lambda line: line.exemplar.reason,
        "cell": lambda line: line.exemplar.cell,
        "prompt": lambda line: words(line, line.exemplar.prompt),
        "answer": lambda line: words(line, line.exemplar.answer),
        "reward": lambda line: line.exemplar.reward,
        "origin": lambda line: line.exemplar.origin,
        "model": lambda line: short(line.exemplar.model),
        "program": lambda line: line.program,
        "parents": lambda line: [order[id_] for id_ in line.parents if id_ in order],
        "neighbour": lambda line: order.get(line.neighbour),
        "likeness": lambda line: line.likeness,
        "other": lambda line: order.get(line.other),
        "other_likeness": lambda line: line.other_likeness,
        "showings": lambda line: line.showings,
        "right": lambda line: line.right,
        "gain": lambda line: places[line.exemplar.id].gain,
        "margin": lambda line: places[line.exemplar.id].margin,
        "x": lambda line: places[line.exemplar.id].x,
        "y": lambda line: places[line.exemplar.id].y,
    }
    return {name: [value(line) for line in lines] for name, value in columns.items()}


def _inlined(data: Mapping[str, JsonValue]) -> dict[str, Any]:
    """Scripts, styles and data as they stand in the file, and the hashes that its policy allows alone."""
    script = "\n".join((STATIC / name).read_text(encoding="utf-8") for name in SCRIPTS)
    style = styles()
    packed = zlib.compress(json.dumps(data, separators=(",", ":")).encode(), 9)
    return {
        "script": script,
        "style": style,
        "data": base64.b64encode(packed).decode(),
        "script_hash": hashed(script),
        "style_hash": hashed(style),
    }


def _free(file: Path) -> None:
    try:
        there = file.exists()
    except OSError as error:
        raise StorageError(f"{file} cannot be written ({error.strerror}); give another file") from None
    if there:
        raise ExportExists(f"{file} exists already; give another file")


def styles() -> str:
    """The styles that a file carries."""
    return "\n".join((STATIC / name).read_text(encoding="utf-8") for name in STYLES)


def hashed(text: str) -> str:
    """The hash by which a policy allows a script or style."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def write_text(file: Path, text: str) -> None:
    """Write a file that is not there yet.

    Raises:
        StorageError: it cannot be written.

    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8", errors="replace", newline="\n") as out:
            out.write(text)
    except OSError as error:
        raise StorageError(f"{file} cannot be written ({error.strerror}); give another file") from None
