"""What the commands on training data print: rich for people, JSON for machines."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from burnish.agent.cli.plain import print_plain
from burnish.agent.cli.review import Reviewed
from burnish.agent.cli.terminal import console, print_json, table
from burnish.agent.exports.export import Exported
from burnish.agent.exports.fixed import FixedProgram
from burnish.agent.exports.losses import about, lost
from burnish.agent.exports.program_options import FixedFormat
from burnish.agent.loop.train_adapter import Trained
from burnish.agent.models.lora_adapters import ADAPTER_FILE
from burnish.agent.recipes.listing import Recipe
from burnish.agent.record.program_file import ProgramFile
from burnish.records import Question
from burnish.terms import Terms


def print_exported(exported: Exported, *, as_json: bool) -> None:
    """What was written, and what each filter took."""
    if as_json:
        print_plain(exported.to_json())
        return
    screen = console()
    table = Table(box=None, pad_edge=False)
    for column in ("filter", "rows", "left", "taken out"):
        table.add_column(column, justify="right" if column in {"rows", "left"} else "left")
    for count in exported.counts:
        taken = "\n".join(f"{number:,} × {reason}" for reason, number in count.taken.items())
        table.add_row(escape(count.filter), f"{count.before:,}", f"{count.after:,}", escape(taken))
    screen.print(table)
    written = ", ".join(f"{number:,} in {split}" for split, number in exported.splits.items())
    screen.print(f"\n[bold green]Wrote[/] {escape(exported.folder)}: {written}", soft_wrap=True)
    screen.print(f"[dim]The card is {escape(exported.folder)}/README.md[/]", soft_wrap=True)


def print_program(file: ProgramFile, out: Path, *, as_json: bool) -> None:
    """What a program file holds, and where it is."""
    facts = {
        "file": str(out),
        "hash": file.content_hash,
        "iteration": file.iteration,
        "exemplars": len(file.exemplars),
        "purpose": file.purpose,
        **({"by_hand": file.by_hand} if file.by_hand else {}),
    }
    if as_json:
        print_plain(facts)
        return
    said = (
        f"the champion of iteration {file.iteration} with {len(file.exemplars)} exemplars, SHA-256 {file.content_hash}"
    )
    said += f"; {file.by_hand}" if file.by_hand else ""
    console().print(f"[bold green]Wrote[/] {escape(str(out))}: {said}", soft_wrap=True)


def print_fixed(fixed: FixedProgram, form: FixedFormat, out: Path, *, as_json: bool) -> None:
    """What a file of another library's format holds, what is lost in it, and where it is."""
    if as_json:
        print_plain({"file": str(out), "format": form, **about(fixed, form)})
        return
    screen = console()
    said = f"the champion of iteration {fixed.iteration} for {form}; exemplars: {fixed.choice.said}"
    screen.print(f"[bold green]Wrote[/] {escape(str(out))}: {escape(said)}", soft_wrap=True)
    screen.print("Against the run's own program this is lost:")
    for sentence in lost(fixed, form):
        screen.print(f"  {escape(sentence)}", soft_wrap=True)


def print_trained(trained: Trained, *, as_json: bool) -> None:
    """What was trained, and whether it is accepted."""
    if as_json:
        print_json(trained)
        return
    screen, learnt, folder = console(), trained.made.learnt, escape(trained.folder)
    cut = f", {learnt.truncated} of them truncated" if learnt.truncated else ""
    cut += f"; {learnt.dropped} too long were left out" if learnt.dropped else ""
    screen.print(
        f"Trained {learnt.steps} steps on {learnt.examples} examples{cut}: loss {learnt.first_loss:.3f} → "
        f"{learnt.last_loss:.3f}."
    )
    gate, sealed = trained.proof.gate, trained.proof.sealed
    without, adapted = sealed.arms["seed"], sealed.arms["champion"]
    screen.print(
        f"Gate: {gate.outcome}, {gate.champion_score:.2f} → {gate.challenger_score:.2f} on {gate.tasks} tasks "
        f"(e = {gate.e_value:.3g} of {gate.threshold:.3g})."
    )
    screen.print(
        f"Sealed test: {without.passes} of {without.tasks} without it, {adapted.passes} with it; "
        f"{sealed.difference:+.3f} ({sealed.lower:+.3f} to {sealed.upper:+.3f}), p = {sealed.p_value:.2g}."
    )
    verdict = "[bold green]ACCEPTED[/]" if trained.proof.passed else "[bold]NOT ACCEPTED[/]"
    screen.print(f"{verdict}  {escape(trained.weights)}", soft_wrap=True)
    if not trained.proof.passed:
        return
    screen.print("\nNext:")
    if trained.weights.endswith(ADAPTER_FILE):
        screen.print(f"  burnish run CONFIG.toml -o models.task.adapter={folder} --dir DIR", soft_wrap=True)
    else:
        screen.print(f"  transformers serve {escape(trained.weights)}", soft_wrap=True)
        screen.print(
            "  burnish run CONFIG.toml -o models.task.url=http://127.0.0.1:8000/v1 "
            f"-o models.task.name={escape(trained.weights)} --dir DIR",
            soft_wrap=True,
        )


def print_questions(questions: Sequence[Question]) -> None:
    """What waits for people, for machines."""
    print_plain([{"id": question.id, **question.to_json()} for question in questions])


def print_reviewed(reviewed: Reviewed, run: Path, *, as_json: bool) -> None:
    """What a sitting came to."""
    if as_json:
        print_plain(reviewed.to_json(), indent=None)
        return
    line = f"{reviewed.settled} decided, {reviewed.open} left."
    if not reviewed.settled and not reviewed.open:
        line = "Nothing waits for people here; a run asks them at level 1 to 3, and at its end at level 4."
    elif not reviewed.open:
        line += f" A run that stopped for them goes on with `burnish resume {run}`."
    console().print(escape(line), soft_wrap=True)


def print_terms(named: Sequence[tuple[str, Terms]], *, as_json: bool) -> None:
    """What the makers of some models state, a paragraph each."""
    if as_json:
        _print_terms_as_json(named)
        return
    screen = console()
    for name, terms in named:
        screen.print(f"[bold]{escape(name)}[/]  {escape(terms.licence)}", soft_wrap=True)
        unknown = terms.training == "unknown"
        said = {
            "training": terms.training,
            "sharing": terms.sharing,
            "conditions": terms.conditions,
            "stated": terms.statement
            or ("nothing is known of it; state its terms in a file of your own (--terms FILE)" if unknown else ""),
            "source": f"{terms.source} as of {terms.date}" if terms.source else "",
            "read": terms.checked or ("not at its source" if terms.source else ""),
        }
        table = Table.grid(padding=(0, 2))
        table.add_column()
        table.add_column(overflow="fold")
        for label, text in said.items():
            if text:
                table.add_row(f"  [dim]{label}[/]", escape(text))
        screen.print(table)


def print_terms_table(listed: Sequence[tuple[str, Terms]], *, as_json: bool) -> None:
    """All that is known, models of the same terms in one line."""
    if as_json:
        _print_terms_as_json(listed)
        return
    table = Table(box=None, pad_edge=False)
    for column in ("models", "may train", "may be shared", "licence"):
        table.add_column(column, overflow="fold")
    for terms, same in groupby(listed, key=itemgetter(1)):
        allowed = f"{terms.training}, if ..." if terms.conditions and terms.training == "yes" else terms.training
        licence = terms.licence.removeprefix("LicenseRef-")
        table.add_row(escape("  ".join(name for name, _ in same)), allowed, terms.sharing, escape(licence))
    screen = console()
    screen.print(table)
    screen.print("[dim]`burnish terms MODEL` says what its maker states, on what conditions, and where.[/]")


def _print_terms_as_json(listed: Sequence[tuple[str, Terms]]) -> None:
    print_plain({name: terms.to_json() for name, terms in listed})


def print_recipes(recipes: Sequence[Recipe], *, as_json: bool) -> None:
    """One row a recipe, and how to run one."""
    if as_json:
        print_json(recipes)
        return
    made = table("")
    made.add_column("recipe", style="bold", no_wrap=True)
    made.add_column("what for")
    for recipe in recipes:
        made.add_row(recipe.name, escape(recipe.purpose))
    console().print(made)
    console().print("\n[dim]burnish run NAME --dir runs/NAME · burnish recipes NAME > mine.toml[/]")
