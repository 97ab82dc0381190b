"""How a report is printed: what the run claims, what it learned, what it cost, what was proved."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from burnish.agent.cli.terminal import console, print_json, table
from burnish.agent.judges.raters import LEAST
from burnish.agent.record.by_hand import before_sealed, since_sealed
from burnish.agent.record.findings import what_would_help
from burnish.agent.record.report import Agreement, Report
from burnish.agent.record.sealed_words import MANY_TWINS, about_twins, over_baselines
from burnish.records import ArmRecord, GateRecord, IterationRecord, Proof

VERDICT_STYLES = {"improved": "bold green", "no improvement": "bold", "undecided": "bold yellow"}  # others are red
PASSED = {True: "[green]✓[/]", False: "[red]✗[/]", None: "[yellow]?[/]"}
RATERS = {"model": "Judge", "steps": "Judge (step model)", "student": "Judge (student of the model's ratings)"}
NEEDS = {"steps": "right and wrong steps that the environment labels", "student": f"{LEAST} ratings to learn from"}


def print_report(report: Report, directory: Path, *, as_json: bool) -> None:
    """The whole report, and what to do next."""
    if as_json:
        print_json(report)
        return
    screen = console()
    _head(screen, report)
    if report.sealed:
        screen.print(_arms(report))
        screen.print(over_baselines(report.sealed))
        if twins := report.sealed.twins:
            screen.print(about_twins(twins), style="yellow" if twins.share > MANY_TWINS else "")
    if len(report.iterations) > 1:
        screen.print(_learning(report))
    screen.print(_usage(report))
    screen.print(_facts(report))
    for proof in report.proofs:
        screen.print(_proof(proof), soft_wrap=True)
    if report.head:
        screen.print(f"Chain of hashes: {report.head}", soft_wrap=True)
    screen.print("\nNext:")
    last = report.iterations[-1].number
    commands = [f"memory {directory}", f"diff {directory} 0 {last}"]
    if not report.live:  # without its environment a run is neither resumed nor verified
        commands = [
            *([] if report.finished else [f"resume {directory}"]),
            *commands,
            f"verify {directory}{f' --head {report.head}' if report.head else ''}",
        ]
    if report.waiting:
        commands.insert(0, f"review {directory}")
    for command in commands:
        screen.print(f"  burnish {command}", soft_wrap=True)


def _head(screen: Console, report: Report) -> None:
    """The verdict, and of which program it is."""
    screen.print()
    style = VERDICT_STYLES.get(report.verdict, "bold red")
    reason = report.sealed.reason if report.sealed else "The sealed test has not been opened; `burnish resume` goes on."
    screen.print(f"[{style}]{report.verdict.upper()}[/]  {escape(reason)}")
    if report.since_sealed:
        screen.print(_changed(report), style="yellow")
    screen.print(f"[dim]{escape(report.environment)} · {escape(report.model)} · seed {report.seed}[/]\n")


def _changed(report: Report) -> str:
    """What people changed since the verdict, which is of another program."""
    judged = before_sealed(report.iterations)[-1]
    made = "; ".join(f"iteration {r.number}: {r.by_hand.said}" for r in since_sealed(report.iterations) if r.by_hand)
    return escape(
        f"Changed by hand since the sealed test ({made}). Verdict and figures are those of the program of iteration "
        f"{judged.number}, {judged.champion_id}; {report.champion.id}, which is in force now, was not tested."
    )


def _arms(report: Report) -> Table:
    sealed = report.sealed
    assert sealed is not None
    tasks = max(arm.tasks + arm.unanswered + arm.unjudged for arm in sealed.arms.values())
    missing = any(arm.unanswered or arm.unjudged for arm in sealed.arms.values())
    made = table(f"Sealed test ({tasks} tasks, opened once)")
    for column in (
        "program",
        "passed",
        "95 % interval",
        "of",
        "mean reward",
        *(["not answered, not judged"] * missing),
    ):
        made.add_column(column, justify="left" if column == "program" else "right")
    for name, arm in sealed.in_order:
        without = f"{arm.unanswered}, {arm.unjudged}" if arm.unanswered or arm.unjudged else ""
        passed = f"{arm.rate:.3f}" if arm.tasks else "-"
        made.add_row(name, passed, _interval(arm), str(arm.tasks), f"{arm.reward:.3f}", *([without] * missing))
    made.add_row(
        "champion − seed", f"{sealed.difference:+.3f}", f"{sealed.lower:+.2f} to {sealed.upper:+.2f}", "",
        f"p = {sealed.p_value:.2g}", style="bold",
    )  # fmt: skip
    return made


def _interval(arm: ArmRecord) -> str:
    return f"{arm.lower:.2f} to {arm.upper:.2f}"


def _learning(report: Report) -> Table:
    made = table("Iterations")
    guarded = any(record.alarms or record.action != "none" or record.harmful for record in report.iterations)
    columns = ("", "verified", "memory", "gate", "challenger", "Vendi", "judge AUC", *(["guard"] * guarded))
    for column in columns:
        made.add_column(column, justify="left" if column in {"gate", "challenger", "guard"} else "right")
    for record in report.iterations:
        if record.number == 0:
            continue
        by_hand = ("by hand", escape(record.by_hand.said[:100])) if record.by_hand else ("", "")
        races = [_race(gate) for gate in record.gates] or [by_hand]
        vendi = record.diversity.get("vendi")
        auc = record.rating.auc if record.rating and not record.by_hand else None
        made.add_row(
            str(record.number),
            "" if record.by_hand else f"{record.verified}/{record.attempts}",
            str(record.memory),
            races[0][0],
            races[0][1],
            f"{vendi:.1f}" if isinstance(vendi, (int, float)) else "",
            f"{auc:.2f}" if auc is not None else "",
            *([_guard(record)] * guarded),
        )
        for gate, description in races[1:]:
            made.add_row("", "", "", gate, description)
    return made


def _race(gate: GateRecord) -> tuple[str, str]:
    """What became of a race in an iteration with the scores of both sides, and what the challenger changed."""
    outcome = "goes on" if gate.open else gate.outcome
    succeeded = " (another takes its place)" if gate.successor_id else ""
    scores = f"{gate.champion_score:.2f} → {gate.challenger_score:.2f}" if gate.tasks else "(no task yet)"
    return f"{outcome} {scores}", escape(gate.description[:60]) + succeeded


def _guard(record: IterationRecord) -> str:
    """What the guard saw and did."""
    seen = [*record.alarms, *(["newer exemplars did harm"] if record.harmful else [])]
    did = "" if record.action == "none" else record.action
    return escape(": ".join(filter(None, [", ".join(seen), did])))


def _usage(report: Report) -> Table:
    made = table("Cost")
    for column in ("node", "role", "calls", "prompt tokens", "from cache", "answer tokens", "USD"):
        made.add_column(column, justify="left" if column in {"node", "role"} else "right")
    lines = [(line.node, line.role, line.usage) for line in report.usage]
    for node, role, usage in [*lines, ("all", "", report.total)]:
        cached = usage.cached_tokens / usage.prompt_tokens if usage.prompt_tokens else 0.0
        made.add_row(
            node, role, str(usage.calls), f"{usage.prompt_tokens:,}", f"{cached:.0%}", f"{usage.completion_tokens:,}",
            f"{usage.usd:.4f}", style="bold" if node == "all" else "",
        )  # fmt: skip
    return made


def _facts(report: Report) -> str:
    lines = [f"Stopped: {report.stopped or 'not yet'} · {report.seconds:.0f} s"]
    refused = ", ".join(f"{reason}: {n}" for reason, n in sorted(report.refused.items()))
    if report.started_from:
        lines.append(f"Started from {report.started_from}")
    if report.changed:
        lines.append(f"Changed between sittings: {', '.join(report.changed)}; `burnish verify` judges everything again")
    if report.sandbox:
        lines.append(f"Sandbox: {escape(report.sandbox)}")
    if report.cut_off:
        lines.append(
            f"Cut off: {report.cut_off} of {report.attempts} attempts at {report.champion.decoding.max_tokens} tokens"
            + ("; raise decoding.max_tokens" if report.cut_off > report.attempts / 10 else "")
        )
    lines += _feedback(report)
    lines += _start(report)
    lines += [f"Obstacle: {sentence}" for sentence in report.obstacles]
    lines.append(
        f"Memory: {report.exemplars_remembered} exemplars remembered, of which the champion may show "
        f"{report.exemplars_shown}; {report.exemplars_ever} ever"
    )
    if refused:
        lines.append(f"Refused (an answer given twice counts once): {refused}")
    rating = report.rating
    if rating and rating.auc is not None:
        vote = "has a vote" if rating.vote else "has no vote: no better than chance"
        lines.append(
            f"{RATERS[rating.by]}: AUC {rating.auc:.2f} ({rating.lower:.2f} to {rating.upper:.2f}) on {rating.rated} "
            f"ratings; {vote}"
        )
    elif rating and rating.by != "model" and not rating.rated:
        lines.append(f"{RATERS[rating.by]}: rated nothing, for want of {NEEDS[rating.by]}")
    if report.judged:
        lines.append(
            f"People judged {report.judged} answers, {report.overruled} of them otherwise than the environment"
        )
    if report.agreement:
        lines.append(_people(report.agreement))
    sealed = report.sealed
    lines += [
        f"Champion against {name}: {control.difference:+.3f} (p = {control.p_value:.2g})"
        for name, control in (sealed.controls.items() if sealed else ())
    ]
    return escape("\n".join(lines))


def _feedback(report: Report) -> list[str]:
    """What the environment said most often, and what is counted."""
    said = [f"Feedback: {many} × {line}" for line, many in report.feedback]
    counted = (
        "(by the first line of what was said of attempts; `burnish refusals` counts every line, and of trials too)"
    )
    return [*said, *([counted] if said else [])]


def _start(report: Report) -> list[str]:
    """How the first right answer came about, or what was tried in vain; nothing where the first answer was right."""
    first = report.first_success
    if first is None:
        return [what_would_help(report.tried)] if report.attempts and not report.exemplars_ever else []
    if first.attempts == 1 or not first.rung:
        return []
    way = next(one.said for one in report.tried if one.rung == first.rung)
    return [f"First right answer: attempt {first.attempts}, in iteration {first.iteration}, {way}"]


def _people(found: Agreement) -> str:
    """How far people and the environment agree, and what is still to be judged."""
    if found.share is None:
        return f"People: none of {found.asked} answers of the sealed test judged yet"
    agreed = found.judged - found.too_strict - found.too_lax
    return (
        f"People: the environment's verdict is theirs on {agreed} of {found.judged} answers of the sealed test "
        f"({found.share.estimate:.2f}; {found.share.lower:.2f} to {found.share.upper:.2f}), too strict on "
        f"{found.too_strict}, too lax on {found.too_lax}; {found.asked} were asked about"
    )


def _proof(proof: Proof) -> str:
    """A line: passed or not, the claim, the figure with its interval, and what it is made of."""
    figure = "" if proof.figure is None else f" {proof.figure:.3f}"
    if proof.lower is not None and proof.upper is not None:
        figure += f" ({proof.lower:.2f} to {proof.upper:.2f})"
    if proof.p is not None:
        figure += f", p = {proof.p:.2g}"
    said = f"[bold]{escape(proof.method)}[/]: {escape(proof.claim)}:{figure}"
    return f"{PASSED[proof.passed]} {said} [dim]{escape(proof.detail)}[/]"
