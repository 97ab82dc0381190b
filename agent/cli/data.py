"""The commands on training data: exports, programs, adapters, reviews, and terms of use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Directory of a run.")],
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="New folder for the data.")],
    form: Annotated[str, typer.Option("--format", help="sft, sharegpt, chatml, dpo, kto, steps or prompts.")] = "sft",
    to: Annotated[str, typer.Option(help="jsonl or parquet.")] = "jsonl",
    purpose: Annotated[str, typer.Option(help="Purpose: train, evaluate or share.")] = "train",
    terms: Annotated[Path | None, typer.Option(metavar="FILE", help="Terms of models of your own.")] = None,
    not_competing: Annotated[
        bool, typer.Option("--not-competing", help="What is trained will not compete with the models' makers.")
    ] = False,
    min_rating: Annotated[float, typer.Option(min=1, max=5, help="Lowest rating of the judge.")] = 1.0,
    words: Annotated[float, typer.Option(min=0, max=1, help="Word similarity from which tasks are duplicates.")] = 0.8,
    meaning: Annotated[float, typer.Option(min=0, max=1, help="Cosine similarity from which they are.")] = 0.95,
    held_out: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="File of texts that the data must not contain.")
    ] = None,
    per_task: Annotated[int, typer.Option(min=0, help="Most right (and wrong) answers to a task; 0: all.")] = 0,
    balance: Annotated[bool, typer.Option("--balance", help="Limit each cell to the size of the smallest.")] = False,
    families: Annotated[str, typer.Option(help="What the splits keep together: task or cell.")] = "task",
    validation: Annotated[float, typer.Option(min=0, max=0.5, help="Share of the split for validation.")] = 0.1,
    system: Annotated[str, typer.Option(help="Instruction: of seed, champion or none.")] = "seed",
    tag: Annotated[bool, typer.Option("--tag", help="Append the origin of the row to the instruction.")] = False,
    as_json: Json = False,
) -> None:
    """Write training data: verified, allowed by its terms, without duplicates or sealed tasks, with a data-set card."""
    from burnish.agent.cli.data_output import print_exported
    from burnish.agent.exports.export import export as export_run
    from burnish.agent.exports.options import ExportOptions
    from burnish.agent.record.run import open_run
    from burnish.tables import validated

    given = {
        "format": form,
        "to": to,
        "purpose": purpose,
        "terms": terms,
        "competing": not not_competing,
        "least_rating": min_rating,
        "words": words,
        "meaning": meaning,
        "held_out": held_out or [],
        "per_task": per_task,
        "balance": balance,
        "families": families,
        "validation": validation,
        "system": system,
        "tag": tag,
    }
    options = validated(ExportOptions, given, "command line")
    print_exported(export_run(open_run(run), out, options), as_json=as_json)


def program(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Directory of a run.")],
    *,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The file; an existing one is replaced.")],
    at: Annotated[int | None, typer.Option(help="As of this iteration; by default the newest.")] = None,
    purpose: Annotated[str, typer.Option(help="evaluate (your own use), share or train.")] = "evaluate",
    terms: Annotated[Path | None, typer.Option(metavar="FILE", help="Terms of models of your own.")] = None,
    as_json: Json = False,
) -> None:
    """Write the champion (prompt, settings, exemplars) as a text file, to read, compare, edit or start a run from."""
    from burnish.agent.cli.data_output import print_program
    from burnish.agent.exports.program import ProgramOptions, program_file
    from burnish.agent.record.program_file import save_program
    from burnish.agent.record.run import open_run
    from burnish.tables import validated

    options = validated(ProgramOptions, {"at": at, "purpose": purpose, "terms": terms}, "command line")
    file = program_file(open_run(run), options)
    save_program(file, out)
    print_program(file, out, as_json=as_json)


def train(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Directory of a run.")],
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="New folder, or that of a stopped training.")],
    method: Annotated[
        str, typer.Option(help="sft on right answers, or dpo on pairs of a right and a wrong one.")
    ] = "sft",
    model: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Weights to train instead of the embedded model.")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Epochs.")] = 3,
    steps: Annotated[int, typer.Option(min=0, help="Steps of training instead of epochs.")] = 0,
    batch: Annotated[int, typer.Option(min=1, help="Batch size.")] = 8,
    rank: Annotated[int, typer.Option(min=1, help="Rank of LoRA.")] = 8,
    learning_rate: Annotated[float | None, typer.Option(help="By default 5e-4 for sft, 5e-5 for dpo.")] = None,
    max_length: Annotated[int, typer.Option(min=16, help="Tokens after which a row is cut.")] = 512,
    per_task: Annotated[int, typer.Option(min=1, help="Most answers to a task.")] = 10,
    terms: Annotated[Path | None, typer.Option(metavar="FILE", help="Terms of models of your own.")] = None,
    not_competing: Annotated[
        bool, typer.Option("--not-competing", help="What is trained will not compete with the models' makers.")
    ] = False,
    budget_seconds: Annotated[float | None, typer.Option(help="Most seconds of this sitting.")] = None,
    as_json: Json = False,
) -> None:
    """Train a LoRA adapter on verified answers and test it at the gate and the sealed test; repeat it to continue."""
    from burnish.agent.cli.data_output import print_trained
    from burnish.agent.cli.progress import Progress
    from burnish.agent.loop.train_adapter import train as train_run
    from burnish.agent.record.run import open_run
    from burnish.config import TrainConfig
    from burnish.tables import validated

    given = {
        "method": method,
        "epochs": epochs,
        "steps": steps,
        "batch": batch,
        "rank": rank,
        "learning_rate": learning_rate,
        "max_length": max_length,
        "per_task": per_task,
        "terms": str(terms.resolve()) if terms else "",
        "competing": not not_competing,
    }
    settings = validated(TrainConfig, given, "command line")
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
    from burnish.agent.cli.review import open_in, review, user
    from burnish.agent.record.run import open_run

    opened = open_run(run)
    if listed:
        print_questions(open_in(opened))
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
        print(recipe(name).text, end="")
        return
    print_recipes(known(), as_json=as_json)
