"""The commands on training data: exports, programs, adapters, reviews, and terms of use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from burnish.agent.cli.key_options import sets
from burnish.agent.cli.plain import say

EXPORT = "burnish.agent.exports.options:ExportOptions"
PROGRAM = "burnish.agent.exports.program_options:ProgramOptions"
TRAIN = "burnish.config:TrainConfig"

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
NotCompeting = Annotated[
    bool, typer.Option("--not-competing", help="What is trained will not compete with the models' makers.")
]


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Directory of a run.")],
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="New folder for the data.")],
    form: Annotated[str | None, sets("format", "--format", of=EXPORT)] = None,
    to: Annotated[str | None, sets("to", of=EXPORT)] = None,
    purpose: Annotated[str | None, sets("purpose", of=EXPORT)] = None,
    terms: Annotated[Path | None, sets("terms", of=EXPORT, metavar="FILE")] = None,
    not_competing: NotCompeting = False,
    min_rating: Annotated[float | None, sets("least_rating", of=EXPORT)] = None,
    words: Annotated[float | None, sets("words", of=EXPORT)] = None,
    meaning: Annotated[float | None, sets("meaning", of=EXPORT)] = None,
    held_out: Annotated[list[Path] | None, sets("held_out", of=EXPORT, metavar="FILE")] = None,
    per_task: Annotated[int | None, sets("per_task", of=EXPORT)] = None,
    balance: Annotated[bool, sets("balance", "--balance", of=EXPORT)] = False,
    families: Annotated[str | None, sets("families", of=EXPORT)] = None,
    validation: Annotated[float | None, sets("validation", of=EXPORT)] = None,
    system: Annotated[str | None, sets("system", of=EXPORT)] = None,
    tag: Annotated[bool, sets("tag", "--tag", of=EXPORT)] = False,
    as_json: Json = False,
) -> None:
    """Write training data: verified, allowed by its terms, without duplicates or sealed tasks, with a data-set card."""
    from burnish.agent.cli.data_output import print_exported
    from burnish.agent.exports.export import export as export_run
    from burnish.agent.exports.options import ExportOptions
    from burnish.agent.record.run import open_run
    from burnish.tables import validated, without_none

    given = {
        "format": form,
        "to": to,
        "purpose": purpose,
        "terms": terms,
        "competing": not not_competing,
        "least_rating": min_rating,
        "words": words,
        "meaning": meaning,
        "held_out": held_out,
        "per_task": per_task,
        "balance": balance,
        "families": families,
        "validation": validation,
        "system": system,
        "tag": tag,
    }
    options = validated(ExportOptions, without_none(given), "command line")
    print_exported(export_run(open_run(run), out, options), as_json=as_json)


def program(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Directory of a run.")],
    *,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The file; an existing one is replaced.")],
    form: Annotated[str | None, sets("format", "--format", of=PROGRAM)] = None,
    task: Annotated[str | None, sets("task", of=PROGRAM)] = None,
    at: Annotated[int | None, sets("at", of=PROGRAM)] = None,
    purpose: Annotated[str | None, sets("purpose", of=PROGRAM)] = None,
    terms: Annotated[Path | None, sets("terms", of=PROGRAM, metavar="FILE")] = None,
    as_json: Json = False,
) -> None:
    """Write the champion (prompt, settings, exemplars) as a text file, for another run or for other libraries."""
    from burnish.agent.cli.data_output import print_fixed, print_program
    from burnish.agent.exports.fixed import fixed_program
    from burnish.agent.exports.fixed_formats import fixed_text
    from burnish.agent.exports.program import program_file
    from burnish.agent.exports.program_options import ProgramOptions
    from burnish.agent.record.program_file import save_text
    from burnish.agent.record.run import open_run
    from burnish.errors import ConfigError
    from burnish.tables import validated, without_none

    given = without_none({"format": form, "task": task, "at": at, "purpose": purpose, "terms": terms})
    options = validated(ProgramOptions, given, "command line")
    if options.format == "toml":
        if options.task:
            raise ConfigError("--task chooses exemplars, and a TOML file holds all of them; give another --format")
        file = program_file(open_run(run), options)
        save_text(file.to_toml(), out)
        print_program(file, out, as_json=as_json)
        return
    fixed = fixed_program(open_run(run), options)
    save_text(fixed_text(fixed, options.format), out)
    print_fixed(fixed, options.format, out, as_json=as_json)


def train(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Directory of a run.")],
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="New folder, or that of a stopped training.")],
    method: Annotated[str | None, sets("method", of=TRAIN)] = None,
    model: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Weights to train instead of the embedded model.")
    ] = None,
    epochs: Annotated[int | None, sets("epochs", of=TRAIN)] = None,
    steps: Annotated[int | None, sets("steps", of=TRAIN)] = None,
    batch: Annotated[int | None, sets("batch", of=TRAIN)] = None,
    rank: Annotated[int | None, sets("rank", of=TRAIN)] = None,
    learning_rate: Annotated[float | None, sets("learning_rate", of=TRAIN)] = None,
    max_length: Annotated[int | None, sets("max_length", of=TRAIN)] = None,
    per_task: Annotated[int | None, sets("per_task", of=TRAIN)] = None,
    terms: Annotated[str | None, sets("terms", of=TRAIN, metavar="FILE")] = None,
    not_competing: NotCompeting = False,
    budget_seconds: Annotated[float | None, typer.Option(help="Most seconds of this sitting.")] = None,
    as_json: Json = False,
) -> None:
    """Train a LoRA adapter on verified answers and test it at the gate and the sealed test; repeat it to continue."""
    from burnish.agent.cli.data_output import print_trained
    from burnish.agent.cli.progress import Progress
    from burnish.agent.loop.train_adapter import train as train_run
    from burnish.agent.record.run import open_run
    from burnish.config import TrainConfig
    from burnish.paths import Places
    from burnish.tables import validated, without_none

    given = {
        "method": method,
        "epochs": epochs,
        "steps": steps,
        "batch": batch,
        "rank": rank,
        "learning_rate": learning_rate,
        "max_length": max_length,
        "per_task": per_task,
        "terms": terms,
        "competing": not not_competing,
    }
    settings = validated(TrainConfig, without_none(given), "command line", context=Places(absolute=True))
    with Progress(quiet=as_json) as progress:
        trained = train_run(open_run(run), out, settings, model=model, seconds=budget_seconds, notify=progress.notify)
    print_trained(trained, as_json=as_json)


def review(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Directory of a run.")],
    *,
    name: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="Reviewer; by default the system user.")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="Only print what is waiting, as JSON.")] = False,
    as_json: Json = False,
) -> None:
    """Answer the questions of a run to people: accept, reject, edit, rate or skip; also while it is running."""
    from burnish.agent.cli.data_output import print_questions, print_reviewed
    from burnish.agent.cli.review import review
    from burnish.agent.record.run import open_run
    from burnish.agent.steering.person import user
    from burnish.agent.steering.queue import read_queue

    opened = open_run(run)
    if listed:
        print_questions(read_queue(opened).open)
        return
    print_reviewed(review(opened, name or user()), run, as_json=as_json)


def terms(
    models: Annotated[list[str] | None, typer.Argument(metavar="[MODEL]...", help="Names of models.")] = None,
    *,
    own: Annotated[Path | None, typer.Option("--terms", metavar="FILE", help="Terms of models of your own.")] = None,
    as_json: Json = False,
) -> None:
    """What the outputs of models may be used for, by their makers' terms; without names, the whole table."""
    from burnish.agent.cli.data_output import print_terms, print_terms_table
    from burnish.terms import TermsTable

    table = TermsTable.load(own)
    if models:
        print_terms([(name, table.of(name)) for name in models], as_json=as_json)
    else:
        print_terms_table(table.listing(), as_json=as_json)


def recipes(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Print the configuration of this one.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Ready configurations, one for each method; `burnish run NAME --dir DIR` runs one and tests its claims."""
    from burnish.agent.cli.data_output import print_recipes
    from burnish.agent.recipes.listing import recipe
    from burnish.agent.recipes.listing import recipes as known

    if name:
        say(recipe(name).text, end="")
        return
    print_recipes(known(), as_json=as_json)
