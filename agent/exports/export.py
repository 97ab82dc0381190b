"""`burnish export`: from a run's journal to files that trainers load, with the papers for every row."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Le

from burnish import __version__
from burnish.agent.api import Run, environment_of
from burnish.agent.exports.card import Card, Generator, write_card
from burnish.agent.exports.filters import (
    Count,
    HeldOut,
    Sieve,
    by_balance,
    by_contamination,
    by_likeness,
    by_most,
    by_rating,
    by_terms,
    by_verdict,
)
from burnish.agent.exports.formats import FORMATS, NEED_WRONG_ANSWERS, Format, Item
from burnish.agent.exports.rows import rows_of
from burnish.agent.exports.splitting import Families, families_for_validation, family_of
from burnish.agent.exports.writing import FileType, check_writable, digest, new_folder, write
from burnish.agent.opening import open_meaning
from burnish.agent.sealed import sealed_seed
from burnish.environments.boundary import GuardedEnvironment
from burnish.errors import ConfigError
from burnish.limits import Share
from burnish.memory.journal import Journal
from burnish.policies.diversity import distinct_n, mean_cosine_distance, vendi_score
from burnish.policies.purposes import Purpose, strictest
from burnish.programs import Program
from burnish.protocols import Environment, Licensed
from burnish.section import Section
from burnish.terms import TermsTable
from burnish.types import JsonValue, Record

DIVERSITY_SAMPLE = 1000
"""Prompts of which the card gives the diversity; a Vendi score takes the cube of their number."""


class ExportOptions(Section):
    """What is exported and how.

    `words` and `meaning` are the likenesses (Jaccard of shingles, cosine) from which on two tasks count as one; 1
    compares nothing. `held_out` are files of texts that must not be in it. `competing` says that what is trained may
    compete with the makers of the models. `system` is whose instruction stands before each prompt. At most `per_task`
    right answers to a task are taken, and as many wrong ones; 0 takes all.
    """

    format: Format = "sft"
    to: FileType = "jsonl"
    purpose: Purpose = "train"
    terms: Path | None = None
    competing: bool = True
    least_rating: Annotated[float, Ge(1), Le(5)] = 1.0
    words: Share = 0.8
    meaning: Share = 0.95
    held_out: tuple[Path, ...] = ()
    per_task: Annotated[int, Ge(0)] = 0
    balance: bool = False
    families: Families = "task"
    validation: Share = 0.1
    system: Literal["seed", "champion", "none"] = "seed"


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

    `environment` is needed for runs made with a live object.

    Raises:
        ConfigError: a library is missing, or nothing is left to write; it says what was taken out and why.
        ExportExists: there is something at `out` already.
        StorageError: it cannot be written.

    """
    options = options or ExportOptions()
    check_writable(options.to)
    live = environment or environment_of(run)
    table = TermsTable.load(options.terms)
    with run.journal() as journal:
        sieve = _sifted(run, journal, live, table, options)
        items = list(FORMATS[options.format](sieve.rows, _system(journal, options)))
        if not items:
            raise ConfigError(f"nothing is left to export as {options.format}: {_said(sieve.counts)}")
        card = _card(run, journal, live, table, options, sieve, items)
    with new_folder(out) as folder:
        splits = _written(folder, items, table, card.licence, options)
        (folder / "run.toml").write_text(run.config.to_toml(), encoding="utf-8")
        files = {path.name: digest(path) for path in sorted(folder.iterdir())}
        write_card(folder, card.with_files(splits, files))
    return Exported(str(out), splits, tuple(sieve.counts), files)


def _sifted(run: Run, journal: Journal, live: Environment, table: TermsTable, options: ExportOptions) -> Sieve:
    """The rows that may leave. Terms come first: what they forbid is not looked at any further."""
    sieve = Sieve(list(rows_of(journal, level=run.config.level)))
    licence = live.licence if isinstance(live, Licensed) else ""
    by_terms(sieve, table, options.purpose, licence, competing=options.competing, answers=options.format != "prompts")
    if options.format not in NEED_WRONG_ANSWERS | {"prompts"}:
        by_verdict(sieve)
    by_rating(sieve, options.least_rating)
    by_contamination(sieve, [_sealed(run, live), *(_file(path) for path in options.held_out)])
    embedder = open_meaning(run.place, run.config)
    try:
        by_likeness(sieve, words=options.words, meaning=options.meaning, embedder=embedder)
    finally:
        embedder.close()
    by_most(sieve, options.per_task)
    if options.balance:
        by_balance(sieve)
    return sieve


def _sealed(run: Run, live: Environment) -> HeldOut:
    """The tasks of the sealed test. They are drawn, not read from the journal, which has none before the test."""
    guarded = GuardedEnvironment(live, timeout=run.config.environment_timeout)
    tasks = asyncio.run(guarded.draw("test", sealed_seed(run.config), run.config.sealed.tasks))
    return HeldOut.of("the sealed test", [task.prompt for task in tasks])


def _file(path: Path) -> HeldOut:
    """A file of texts: JSONL, of which every text counts, or plain lines."""
    try:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {path} ({error}); give a file of texts, a line each, or JSONL") from None
    if path.suffix == ".jsonl":
        return HeldOut.of(path.name, [text for line in lines for text in _texts(_parsed(path, line))])
    return HeldOut.of(path.name, lines)


def _parsed(path: Path, line: str) -> JsonValue:
    try:
        parsed: JsonValue = json.loads(line)
    except ValueError:
        raise ConfigError(f"{path} is not JSONL: {line[:60]!r} is no JSON; mend it, or name it .txt") from None
    return parsed


def _texts(value: JsonValue) -> Iterator[str]:
    """Every text in a value, however deep."""
    if isinstance(value, str):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(one)


def _system(journal: Journal, options: ExportOptions) -> str:
    if options.system == "none":
        return ""
    record = journal.iterations()[0 if options.system == "seed" else -1]
    program: Program = journal.program(record.champion_id)
    return "\n\n".join(text for _, text in program.prompt.sections)


def _written(
    folder: Path, items: Sequence[Item], table: TermsTable, licence: str, options: ExportOptions
) -> dict[str, int]:
    first = [item.rows[0] for item in items]
    held = families_for_validation(first, options.families, options.validation)
    splits: dict[str, list[Mapping[str, JsonValue]]] = {"train": [], "validation": []}
    for item, row in zip(items, first, strict=True):
        split = "validation" if family_of(row, options.families) in held else "train"
        splits[split].append({**item.record, "provenance": _provenance(item, table, licence)})
    for name, records in splits.items():
        if records:
            write(records, folder / name, options.to)
    return {name: len(records) for name, records in splits.items() if records}


def _provenance(item: Item, table: TermsTable, licence: str) -> dict[str, JsonValue]:
    """Where a record came from, who verified it and what it may be used for."""
    row = item.rows[0]
    models = list(dict.fromkeys(model for one in item.rows for model in (*one.models, *one.authors)))
    return {
        "rows": [one.id for one in item.rows],
        "task": row.task.id,
        "environment": row.task.environment,
        "cell": row.task.cell,
        "origin": row.origin,
        "level": row.level,
        "iteration": row.iteration,
        "reward": row.feedback.reward,
        "verified_by": row.verified_by if row.verified else "",
        "rating": row.rating,
        "models": list(models),
        "training": strictest(table.of(model) for model in models),
        "licence": licence,
    }


def _card(
    run: Run,
    journal: Journal,
    live: Environment,
    table: TermsTable,
    options: ExportOptions,
    sieve: Sieve,
    items: Sequence[Item],
) -> Card:
    rows = list({row.id: row for item in items for row in item.rows}.values())
    by_model = Counter(model for row in rows for model in {*row.models, *row.authors})
    sealed = journal.sealed()
    return Card(
        format=options.format,
        purpose=options.purpose,
        environment=run.config.environment,
        licence=live.licence if isinstance(live, Licensed) else "",
        provenance=live.provenance if isinstance(live, Licensed) else "",
        generators=tuple(Generator(model, count, table.of(model)) for model, count in by_model.most_common()),
        training=strictest(table.of(model) for model in by_model),
        counts=tuple(sieve.counts),
        cells=dict(Counter(row.task.cell for row in rows)),
        origins=dict(Counter(f"{row.origin}, level {row.level}" for row in rows)),
        diversity=_diversity(run, [row.task.prompt for row in rows]),
        verdict=sealed.verdict if sealed else "the sealed test is not opened yet",
        iterations=journal.iterations()[-1].number,
        sealed_seed_sha256=str(journal.meta("sealed_seed_sha256")),
        version=__version__,
        command=_command(run, options),
    )


def _diversity(run: Run, prompts: Sequence[str]) -> dict[str, float]:
    """Of at most `DIVERSITY_SAMPLE` prompts, drawn with the seed of the run."""
    texts = list(dict.fromkeys(prompts))
    drawn = np.random.default_rng(run.config.seed).permutation(len(texts))[:DIVERSITY_SAMPLE]
    sample = [texts[i] for i in sorted(drawn.tolist())]
    embedder = open_meaning(run.place, run.config)
    try:
        vectors = embedder.embed(sample)
    finally:
        embedder.close()
    return {
        "prompts": len(sample),
        "Vendi score": vendi_score(vectors),
        "mean cosine distance": mean_cosine_distance(vectors),
        "distinct-1": distinct_n(sample, 1),
        "distinct-2": distinct_n(sample, 2),
    }


def _said(counts: Sequence[Count]) -> str:
    """What the filters took, in a clause."""
    taken = [f"{number} × {why}" for count in counts for why, number in count.taken.items()]
    return f"of {counts[0].before} rows {'; '.join(taken)}" if taken else "the run holds nothing of that kind"


def _command(run: Run, options: ExportOptions) -> str:
    """The command that makes this export."""
    default = ExportOptions()
    given = {
        "--format": options.format,
        "--to": options.to,
        "--purpose": options.purpose,
        "--terms": options.terms or "",
        "--min-rating": options.least_rating if options.least_rating != default.least_rating else "",
        "--words": options.words if options.words != default.words else "",
        "--meaning": options.meaning if options.meaning != default.meaning else "",
        "--per-task": options.per_task or "",
        "--families": options.families if options.families != default.families else "",
        "--validation": options.validation if options.validation != default.validation else "",
        "--system": options.system if options.system != default.system else "",
    }
    words = [f"{name} {value}" for name, value in given.items() if value != ""]
    words += [f"--held-out {path}" for path in options.held_out]
    words += ["--balance"] if options.balance else []
    words += [] if options.competing else ["--not-competing"]
    return f"burnish export {run.place.path.name} {' '.join(words)} --out DIR"
