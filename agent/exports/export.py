"""`burnish export`: from a run's journal to files that trainers load, with the provenance of every row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from burnish.agent.exports.card import write_card
from burnish.agent.exports.columns import columns_of
from burnish.agent.exports.describing import card_of
from burnish.agent.exports.filters import (
    Count,
    Sieve,
    by_balance,
    by_bar,
    by_likeness,
    by_most,
    by_rating,
    by_terms,
    by_verdict,
)
from burnish.agent.exports.formats import FORMATS, LEFT_OUT, NEED_WRONG_ANSWERS, Format, Item
from burnish.agent.exports.held_out import by_contamination, sealed_tasks, texts_of_file
from burnish.agent.exports.instructions import Instruction, instruction_of
from burnish.agent.exports.options import ExportOptions
from burnish.agent.exports.provenance import Papers, provenance_of
from burnish.agent.exports.rows import rows_of
from burnish.agent.exports.splitting import families_for_validation, family_of
from burnish.agent.exports.writing import check_room, check_writable, digest, new_folder, write
from burnish.agent.record.memory import open_meaning
from burnish.agent.record.run import Run, environment_of
from burnish.errors import ConfigError
from burnish.memory.embedding import Embedder
from burnish.memory.journal_reader import JournalReader
from burnish.policies.purposes import NO_KNOWN_LICENCE
from burnish.protocols import Environment
from burnish.terms import TermsTable
from burnish.types import JsonValue, Record


@dataclass(frozen=True)
class Exported(Record):
    """What was written: records by split, the counts of each filter, and the files with their SHA-256."""

    folder: str
    splits: Mapping[str, int]
    counts: tuple[Count, ...]
    files: Mapping[str, str] = field(default_factory=dict)


def export(
    run: Run, out: Path, options: ExportOptions | None = None, *, environment: Environment | None = None
) -> Exported:
    """Write training data into the new folder `out`, with its card. A run that was interrupted exports what it has.

    `environment` is needed for runs made with a live object whose sealed test is not open yet.

    Raises:
        ConfigError: a library is missing, or nothing is left to write; it says what was taken out and why.
        ExportExists: there is something at `out` already.
        StorageError: it cannot be written.

    """
    options = options or ExportOptions()
    check_writable(options.to)
    check_room(out)
    table = TermsTable.load(options.terms)
    embedder = open_meaning(run.place, run.config)
    try:
        with run.journal() as journal:
            live = environment or (None if journal.meta("live") is True else environment_of(run))
            papers = Papers.of(live) if live else Papers.in_journal(journal)
            instruction = instruction_of(run, journal, options)
            sieve = _sifted(run, journal, live, table, options, embedder, papers, instruction)
            items = _made(sieve, options.format, instruction)
            if not items:
                raise ConfigError(f"nothing is left to export as {options.format}: {_said(sieve.counts)}")
            card = card_of(run, journal, options, sieve, items, table=table, papers=papers, embedder=embedder)
    finally:
        embedder.close()
    with new_folder(out) as folder:
        splits = _written(folder, items, table, papers, options)
        (folder / "run.toml").write_text(run.config.to_toml(), encoding="utf-8")
        files = {path.name: digest(path) for path in sorted(folder.iterdir())}
        write_card(folder, card.with_files(splits, files))
    return Exported(str(out), splits, tuple(sieve.counts), files)


def _sifted(
    run: Run,
    journal: JournalReader,
    live: Environment | None,
    table: TermsTable,
    options: ExportOptions,
    embedder: Embedder,
    papers: Papers,
    instruction: Instruction,
) -> Sieve:
    """The rows that may leave. Terms come first: what they forbid is not looked at any further."""
    rows = rows_of(journal, level=run.config.level)
    sieve = Sieve([replace(row, authors=(*row.authors, *instruction.authors)) for row in rows])
    answers = options.format != "prompts"
    by_terms(sieve, table, options.purpose, papers.licence, competing=options.competing, answers=answers)
    if options.format not in NEED_WRONG_ANSWERS | {"prompts"}:
        by_verdict(sieve)
    by_bar(sieve)
    by_rating(sieve, options.least_rating)
    if sieve.rows:
        held_out = [sealed_tasks(run, journal, live), *map(texts_of_file, options.held_out)]
        by_contamination(sieve, held_out, words=options.words, meaning=options.meaning, embedder=embedder)
        by_likeness(sieve, words=options.words, meaning=options.meaning, embedder=embedder)
    by_most(sieve, options.per_task)
    if options.balance:
        by_balance(sieve)
    return sieve


def _made(sieve: Sieve, form: Format, instruction: Instruction) -> list[Item]:
    """The records of a format; rows that are in none count as taken out."""
    items = list(FORMATS[form](sieve.rows, instruction.of))
    used = {row.source for item in items for row in item.rows}
    sieve.sift(f"format {form}", lambda row: "" if row.id in used else LEFT_OUT[form])
    return items


def _written(
    folder: Path, items: Sequence[Item], table: TermsTable, papers: Papers, options: ExportOptions
) -> dict[str, int]:
    first = [item.rows[0] for item in items]
    held = families_for_validation(first, options.families, options.validation)
    splits: dict[str, list[Mapping[str, JsonValue]]] = {"train": [], "validation": []}
    for item, row in zip(items, first, strict=True):
        split = "validation" if family_of(row, options.families) in held else "train"
        splits[split].append({**item.record, "provenance": provenance_of(item, table, papers)})
    for name, records in splits.items():
        if records:
            write(records, folder / name, options.to, columns_of(options.format))
    return {name: len(records) for name, records in splits.items() if records}


def _said(counts: Sequence[Count]) -> str:
    """What the filters took and what to do about it, in a clause."""
    taken = [f"{number:,} × {why}" for count in counts for why, number in count.taken.items()]
    if not taken:
        return "the run holds nothing of that kind"
    terms = counts[0].taken
    way_on = "; `burnish terms MODEL` says more, and --terms FILE states what you know" if terms else ""
    if NO_KNOWN_LICENCE in terms:
        way_on = "; give their environment a `licence` and a `provenance`"
    return f"of {counts[0].before:,} rows {'; '.join(taken)}{way_on}"
