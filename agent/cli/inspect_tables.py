"""Tables over a whole run as a terminal shows them: a line a row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.markup import escape

from burnish.agent.cli.inspect_output import print_changes
from burnish.agent.cli.terminal import console, one_line, print_json, print_rows
from burnish.records import GateRecord
from burnish.types import JsonValue

if TYPE_CHECKING:  # a command imports what it needs
    from burnish.agent.inspecting.diversity import DiversityAt, Near
    from burnish.agent.inspecting.lineage import LineageNode
    from burnish.agent.inspecting.overviews import CellHistory
    from burnish.agent.inspecting.runs import RunComparison, RunFacts
    from burnish.agent.inspecting.tasks import TaskLine

BARS = "▁▂▃▄▅▆▇█"
WIDE = 24
"""Most iterations that a row of bars shows; neighbours are put together where there are more."""


def print_lineage(nodes: Sequence[LineageNode], *, as_json: bool) -> None:
    """Every prompt below the one that it came from."""
    from burnish.agent.inspecting.lineage import MEANINGS, in_tree

    if as_json:
        print_json(nodes)
        return
    rows = [
        (
            "  " * depth + node.program,
            "sealed" if node.iteration < 0 else str(node.iteration),
            node.operator,
            node.outcome,
            node.description,
        )
        for depth, node in in_tree(nodes)
    ]
    print_rows(("program", "iteration", "operator", "fared", "what it changed"), rows)
    said = "; ".join(f"{word}: {meaning}" for word, meaning in MEANINGS.items() if word in {n.outcome for n in nodes})
    console().print(
        f"\n[dim]{escape(said)}. Programs that differ in memory alone are one, under the first of their ids; "
        "`burnish why` takes any of them and says what became of it[/]",
        soft_wrap=True,
    )


def print_tasks(lines: Sequence[TaskLine], *, as_json: bool) -> None:
    """A row a task."""
    if as_json:
        print_json(lines)
        return
    rows = [
        (
            line.id,
            line.split,
            str(line.tried),
            str(line.verified),
            "" if line.first_solved is None else str(line.first_solved),
            str(line.exemplars or ""),
            line.cell,
            one_line(line.prompt),
        )
        for line in lines
    ]
    print_rows(("task", "split", "tried", "solved", "first", "exemplars", "cell", "prompt"), rows)


def print_cells(told: Sequence[CellHistory], *, as_json: bool) -> None:
    """A row a kind of tasks, with its rate and its exemplars' births and deaths over the iterations as bars."""
    from burnish.agent.inspecting.overviews import shares_over, sums_over

    if as_json:
        print_json(told)
        return
    last = max((number for one in told for number, _, _ in (*one.iterations, *one.turnover)), default=1)
    moved = {one.cell: sums_over(one.turnover, last, most=WIDE) for one in told}
    most = max((max(pair) for steps in moved.values() for pair in steps), default=0)
    rows = [
        (
            one.cell or "(no kind)",
            str(sum(tried for _, tried, _ in one.iterations)),
            str(sum(verified for _, _, verified in one.iterations)),
            "never" if one.first_solved is None else str(one.first_solved),
            one.losses,
            str(one.exemplars),
            str(sum(died for _, _, died in one.turnover)),
            _bars(shares_over(one.iterations, last, most=WIDE)),
            _bars([born / most if born else None for born, _ in moved[one.cell]]),
            _bars([died / most if died else None for _, died in moved[one.cell]]),
        )
        for one in told
    ]
    names = ("cell", "tried", "solved", "first", "lost", "born", "died", "share solved", "births", "deaths")
    print_rows(names, rows)
    console().print(
        f"\n[dim]{last} iterations from left to right; solved: {BARS[0]} none, {BARS[-1]} all, blank not tried; births "
        f"and deaths of exemplars: {BARS[-1]} is {most}. Lost: three answers or more in a row were wrong, after a "
        "right one[/]",
        soft_wrap=True,
    )


def _bars(shares: Iterable[float | None]) -> str:
    """A bar for each; a blank for None."""
    return "".join(" " if share is None else BARS[round(share * (len(BARS) - 1))] for share in shares)


def print_races(told: Sequence[GateRecord], *, as_json: bool) -> None:
    """A row a race, as it stood last."""
    if as_json:
        print_json(told)
        return
    if not told:
        console().print("Nothing was raced.")
        return
    rows = [
        (
            str(one.number),
            "open" if one.open else one.outcome,
            str(one.tasks),
            *((f"{one.champion_score:.2f}", f"{one.challenger_score:.2f}") if one.tasks else ("no task yet", "")),
            f"{one.e_value:.3g}" if one.tasks else "",
            f"{one.threshold:.3g}",
            one.challenger_id,
            one.operator,
            one.description,
        )
        for one in told
    ]
    names = (
        "race",
        "outcome",
        "tasks",
        "champion",
        "challenger",
        "evidence",
        "needed",
        "program",
        "operator",
        "change",
    )
    print_rows(names, rows)


def print_diversity(told: Sequence[DiversityAt], pairs: Sequence[Near], *, as_json: bool) -> None:
    """A row an iteration, then the pairs most alike."""
    if as_json:
        print_json([{"iterations": [one.to_json() for one in told], "pairs": [one.to_json() for one in pairs]}])
        return
    rows = [
        (
            str(one.iteration),
            *(_figure(one.generated.get(name)) for name in ("vendi", "coverage", "near_duplicates")),
            _figure(one.remembered.get("vendi")),
            one.action if one.alarms else "",
            one.by_hand or " ".join(one.alarms),
        )
        for one in told
    ]
    print_rows(
        (
            "iteration",
            "Vendi",
            "coverage",
            "alike",
            "Vendi of memory",
            "guard",
            "what it found, or what was changed by hand",
        ),
        rows,
    )
    console().print(
        "[dim]Vendi: the effective number of different answers, and of exemplars in memory; coverage: the share of the "
        "seed's cells reached; alike: the share of answers with a near-duplicate[/]",
        soft_wrap=True,
    )
    if pairs:
        console().print("\n[bold]exemplars most alike[/]")
        near = [
            (f"{one.likeness:.3f}", one.one.id, one.other.id, one_line(one.one.prompt), one_line(one.other.prompt))
            for one in pairs
        ]
        print_rows(("cosine", "one", "other", "task of one", "task of the other"), near)


def _figure(value: JsonValue) -> str:
    return f"{value:.2f}" if isinstance(value, (int, float)) else ""


def print_comparison(told: RunComparison, *, as_json: bool) -> None:
    """What differs, side by side."""
    if as_json:
        print_json(told)
        return
    both = (told.first, told.second)
    arms = dict.fromkeys(name for one in both for name in one.arms)
    rows: list[tuple[str, ...]] = [
        ("environment", *(one.environment for one in both)),
        ("verdict", *(one.verdict for one in both)),
        *((f"sealed: {name}", *(_rate(one, name) for one in both)) for name in arms),
        ("iterations", *(str(one.iterations) for one in both)),
        ("exemplars", *(str(one.exemplars) for one in both)),
        ("calls", *(f"{one.usage.calls:,}" for one in both)),
        ("tokens", *(f"{one.usage.tokens:,}" for one in both)),
        *((f"setting {name}", one or "-", other or "-") for name, one, other in told.settings),
    ]
    screen = console()
    print_rows(("", told.first.name, told.second.name), rows)
    for facts in both:
        for iteration, change in facts.by_hand:
            screen.print(f"{escape(facts.name)}, iteration {iteration}: {escape(change)}", soft_wrap=True)
    screen.print(f"\nexemplars: {told.common} in both")
    for facts, count, own in zip(both, (told.only_first, told.only_second), told.own, strict=True):
        some = f", the newest {len(own)}" if count > len(own) else ""
        screen.print(f"\n{count} in {escape(facts.name)} only{some}", soft_wrap=True)
        if own:
            print_rows(
                ("exemplar", "born", "cell", "task", "answer"),
                [(e.id, str(e.born), e.cell, one_line(e.prompt), one_line(e.answer)) for e in own],
            )
    if told.changes:
        print_changes(told.changes)
    else:
        screen.print("\nthe prompts of both champions read the same")


def _rate(facts: RunFacts, name: str) -> str:
    """The pass rate of an arm with its interval."""
    if (arm := facts.arms.get(name)) is None:
        return "-"
    return f"{arm.rate:.3f} ({arm.lower:.2f} to {arm.upper:.2f}) of {arm.tasks}"
