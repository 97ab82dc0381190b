"""The commands that look into a run: each prints a record of `burnish.agent.inspecting`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Annotated, Literal

import typer

PANEL = "Look into a run"

RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="Directory of a run.")]
Named = Annotated[str, typer.Argument(metavar="ID", help='An id or its first characters, "race 1" or "iteration 1".')]
At = Annotated[int | None, typer.Option(help="As of this iteration; by default the newest.")]
Until = Annotated[int | None, typer.Option("--at", help="As of this iteration; by default the whole run.")]
Whole = Annotated[bool, typer.Option("--whole", help="Print texts whole, not their first line.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def in_pages(command: Callable[..., None]) -> Callable[..., None]:
    """The command, its output page by page on a terminal."""

    @wraps(command)
    def paging(*arguments: object, **options: object) -> None:
        from burnish.agent.cli.terminal import paged

        with paged():
            command(*arguments, **options)

    return paging


def show(run: RunArgument, name: Named, *, whole: Whole = False, as_json: Json = False) -> None:
    """All that is known of an exemplar, program, task, answer, call, race or iteration."""
    from burnish.agent.cli.inspect_output import print_story
    from burnish.agent.inspecting.stories import story
    from burnish.agent.record.run import open_run

    print_story(story(open_run(run), name), whole=whole, as_json=as_json)


def why(run: RunArgument, name: Named, *, as_json: Json = False) -> None:
    """Why an exemplar was admitted or died, a program promoted or refused, an answer not learned; in sentences."""
    from burnish.agent.cli.inspect_output import print_reasons
    from burnish.agent.inspecting.reasons import reasons
    from burnish.agent.record.run import open_run

    print_reasons(reasons(open_run(run), name), as_json=as_json)


def recall(
    run: RunArgument,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The text of a task.")],
    *,
    at: At = None,
    whole: Whole = False,
    as_json: Json = False,
) -> None:
    """What the champion of an iteration would show with a text, and how like it is."""
    from burnish.agent.cli.inspect_output import print_recall
    from burnish.agent.cli.terminal import embedding
    from burnish.agent.inspecting.recalled import recall as recalled
    from burnish.agent.record.run import open_run

    with embedding():
        told = recalled(open_run(run), text, at)
    print_recall(told, whole=whole, as_json=as_json)


def lineage(run: RunArgument, *, at: Until = None, as_json: Json = False) -> None:
    """Every program but for memory: what it was made from, by which operator, and how it fared."""
    from burnish.agent.cli.inspect_tables import print_lineage
    from burnish.agent.inspecting.opened import open_run

    print_lineage(open_run(run).lineage(at), as_json=as_json)


def tasks(
    run: RunArgument,
    *,
    cell: Annotated[str | None, typer.Option(help="Only tasks of this kind.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Most rows.")] = None,
    unsolved: Annotated[bool, typer.Option("--unsolved", help="Only tasks that were never solved.")] = False,
    at: Until = None,
    as_json: Json = False,
) -> None:
    """Every task: how often it was tried and solved, when first, and what was learned of it."""
    from burnish.agent.cli.inspect_tables import print_tasks
    from burnish.agent.inspecting.opened import open_run

    print_tasks(open_run(run).tasks(at, cell=cell, unsolved=unsolved, limit=limit), as_json=as_json)


def spend(
    run: RunArgument,
    *,
    by: Annotated[
        Literal["node", "role", "iteration", "all"], typer.Option(help="What to sum over; all: by node and role.")
    ] = "node",
    at: Until = None,
    as_json: Json = False,
) -> None:
    """What was spent, by node, role or iteration: calls, tokens, money, time, and time waited."""
    from burnish.agent.cli.inspect_sums import print_spending
    from burnish.agent.inspecting.opened import open_run
    from burnish.agent.inspecting.spent import overlap_in_words, spent_in_all

    opened = open_run(run)
    told = opened.spending(by, at)
    with opened.journal() as journal:
        overlap = overlap_in_words(journal, spent_in_all(told) if at is None else None)
    print_spending(told, by, overlap, as_json=as_json)


def compare(
    first: Annotated[Path, typer.Argument(metavar="RUN", help="Directory of a run.")],
    second: Annotated[Path, typer.Argument(metavar="OTHER", help="Directory of another run.")],
    *,
    as_json: Json = False,
) -> None:
    """Two runs side by side: settings, results, prompts, memory."""
    from burnish.agent.cli.inspect_tables import print_comparison
    from burnish.agent.inspecting.runs import compare_runs
    from burnish.agent.record.run import open_run

    print_comparison(compare_runs(open_run(first), open_run(second)), as_json=as_json)


def refusals(
    run: RunArgument,
    *,
    reason: Annotated[
        str, typer.Option(metavar="WORDS", help="List the answers with these words in the reason or a complaint.")
    ] = "",
    listed: Annotated[bool, typer.Option("--list", help="List all answers that were not learned.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Most answers that are listed.")] = 100,
    offset: Annotated[int, typer.Option(min=0, help="Answers that are passed over first.")] = 0,
    at: Until = None,
    whole: Whole = False,
    as_json: Json = False,
) -> None:
    """Why answers were not learned, the commonest reason first; or those answers, with what was said of each."""
    from burnish.agent.cli.inspect_sums import print_refusals, print_refused
    from burnish.agent.inspecting.opened import open_run
    from burnish.agent.inspecting.refused import refusals as by_reason
    from burnish.agent.inspecting.refused import refused_answers, refused_count

    opened = open_run(run)
    with opened.journal() as journal:
        until = opened.until(journal, at)
        if reason or listed:
            answers, total = refused_answers(journal, reason, at=until, limit=limit, offset=offset)
            print_refused(answers, total, as_json=as_json, whole=whole)
        else:
            print_refusals(by_reason(journal, at=until), refused_count(journal, at=until), as_json=as_json)


def cells(run: RunArgument, *, at: Until = None, as_json: Json = False) -> None:
    """Kinds of tasks over the iterations: when first solved, and whether lost again."""
    from burnish.agent.cli.inspect_tables import print_cells
    from burnish.agent.inspecting.opened import open_run

    print_cells(open_run(run).cells(at), as_json=as_json)


def races(run: RunArgument, *, at: Until = None, as_json: Json = False) -> None:
    """Every race: what was raced, on how many tasks, with which evidence, and how it ended."""
    from burnish.agent.cli.inspect_tables import print_races
    from burnish.agent.inspecting.opened import open_run

    print_races(open_run(run).races(at), as_json=as_json)


def operators(run: RunArgument, *, at: Until = None, as_json: Json = False) -> None:
    """What each operator's proposals came to."""
    from burnish.agent.cli.inspect_sums import print_operators
    from burnish.agent.inspecting.opened import open_run

    print_operators(open_run(run).operators(at), as_json=as_json)


def ratings(run: RunArgument, *, at: Until = None, as_json: Json = False) -> None:
    """How well the judge's ratings are calibrated, and which wrong answers convinced it most."""
    from burnish.agent.cli.inspect_sums import print_ratings
    from burnish.agent.inspecting.opened import open_run

    print_ratings(open_run(run).ratings(at), as_json=as_json)


def diversity(run: RunArgument, *, at: At = None, as_json: Json = False) -> None:
    """Diversity over the iterations, what the guard did, and the exemplars most alike."""
    from burnish.agent.cli.inspect_tables import print_diversity
    from burnish.agent.cli.terminal import embedding
    from burnish.agent.inspecting.diversity import diversity as of
    from burnish.agent.inspecting.diversity import nearest_pairs
    from burnish.agent.record.run import open_run

    opened = open_run(run)
    with opened.journal() as journal:
        over_time = of(journal)
    with embedding():
        pairs = nearest_pairs(opened, at)
    print_diversity(over_time, pairs, as_json=as_json)


COMMANDS: Sequence[tuple[Callable[..., None], str]] = [
    (show, "burnish show runs/first 3fa9"),
    (why, "burnish why runs/first 3fa9"),
    (recall, 'burnish recall runs/first "Write to Ana about the invoice." --at 3'),
    (lineage, "burnish lineage runs/first"),
    (tasks, "burnish tasks runs/first --unsolved"),
    (cells, "burnish cells runs/first"),
    (refusals, 'burnish refusals runs/first --reason "not verified"'),
    (races, "burnish races runs/first"),
    (operators, "burnish operators runs/first"),
    (ratings, "burnish ratings runs/first"),
    (diversity, "burnish diversity runs/first --at 3"),
    (spend, "burnish spend runs/first --by role"),
    (compare, "burnish compare runs/first runs/second"),
]
"""Each with an example."""
