"""What a run refused, proposed, spent and rated, as a terminal shows it: a line a row, sums and words below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.markup import escape

from burnish.agent.cli.terminal import console, print_json, print_rows

if TYPE_CHECKING:  # a command imports what it needs
    from burnish.agent.inspecting.ratings import RatingStory
    from burnish.agent.inspecting.refused import Refusal, RefusedAnswer
    from burnish.agent.inspecting.spent import Spending
    from burnish.agent.inspecting.yields import OperatorYield


def print_refusals(told: Sequence[Refusal], total: int, *, as_json: bool) -> None:
    """A row a reason and complaint, with some answers, of so many that were refused in all."""
    if as_json:
        print_json(told)
        return
    if not told:
        console().print("Every answer was learned, or none was given.")
        return
    rows = [(str(one.answers), one.reason, one.feedback, one.examples[0] if one.examples else "") for one in told]
    print_rows(("answers", "why they were not learned", "what the environment said", "one of them"), rows)
    _small(
        f"\n{total} answers were not learned, those of trials among them; one that was given several times in an "
        "iteration counts once, and one with several complaints under each. --reason WORDS lists them"
    )


def print_refused(told: Sequence[RefusedAnswer], total: int, *, as_json: bool, whole: bool) -> None:
    """A row an answer, or with texts whole one below the other, of so many in all."""
    if as_json:
        print_json(told)
        return
    if not told:
        console().print("No answer was refused for a reason, or with a complaint, in these words.")
        return
    screen = console()
    for one in told if whole else ():
        given = one.answer
        screen.print(f"[bold]answer {given.attempt}[/]  iteration {one.iteration}, {escape(one.reason)}")
        facts = {"task id": given.task, "task": one.prompt, "answer": given.answer, "feedback": given.feedback}
        for name, text in {**facts, "call": given.call}.items():
            screen.print(f"{name:12}  {escape(text)}", soft_wrap=True)
        screen.print()
    rows = [
        (
            str(one.iteration),
            one.answer.attempt,
            one.answer.task,
            one.reason,
            one.prompt,
            one.answer.answer,
            one.answer.feedback,
            one.answer.call,
        )
        for one in told
    ]
    if not whole:
        names = ("iteration", "answer", "task", "why", "text of the task", "text", "feedback", "call")
        print_rows(names, rows, uncut=("call",))
    if total > len(told):
        _small(f"\n{len(told)} of {total:,}; --limit and --offset show others")


def print_operators(told: Sequence[OperatorYield], *, as_json: bool) -> None:
    """A row an operator."""
    if as_json:
        print_json(told)
        return
    from burnish.agent.inspecting.yields import IN_WORDS

    rows = [
        (
            one.operator,
            *map(str, (one.proposed, one.useless, one.tried, one.raced, one.accepted)),
            one.gain_in_words,
            str(one.tasks or ""),
            str(one.calls or ""),
        )
        for one in told
    ]
    names = ("operator", "proposed", "of no use", "tried", "raced", "accepted", "mean gain (95 %)", "on tasks", "calls")
    print_rows(names, rows)
    _small(f"\n{IN_WORDS}")


def print_spending(told: Sequence[Spending], by: str, overlap: str, *, as_json: bool) -> None:
    """A row a node, role or iteration, or a node and role, the dearest first, then all; `overlap` says how the seconds
    relate to the clock.
    """
    from burnish.agent.inspecting.spent import spent_in_all

    if as_json:
        print_json(told)
        return
    whole = spent_in_all(told)
    rows = [
        (
            one.name,
            *([one.role] if by == "all" else []),
            f"{one.usage.calls:,}",
            f"{one.usage.prompt_tokens:,}",
            f"{one.cached:.0%}",
            f"{one.usage.completion_tokens:,}",
            f"{one.share(whole):.0%}",
            f"{one.usage.usd:.4f}",
            f"{one.usage.seconds:.1f}",
            f"{one.waited:.1f}" if one.waited else "",
        )
        for one in (*(told if by == "iteration" else sorted(told, key=lambda one: -one.usage.tokens)), whole)
    ]
    first = ("node", "role") if by == "all" else (by,)
    names = ("calls", "prompt tokens", "from cache", "answer tokens", "share", "USD", "seconds of calls", "waited")
    print_rows((*first, *names), rows)
    _small(f"\nshare: of all tokens. {overlap}")


def print_ratings(told: RatingStory, *, as_json: bool) -> None:
    """Calibration, then the wrong answers that convinced most, and whether the judge has a vote."""
    if as_json:
        print_json(told)
        return
    if not told.rated:
        console().print("The judge rated nothing.")
        return
    console().print(f"[bold]{told.counted}[/]\n{told.auc_in_words}", soft_wrap=True)
    rows = [
        (
            one.said,
            str(one.rated),
            f"{one.share:.2f}" if one.rated else "",
            f"{one.lower:.2f} to {one.upper:.2f}" if one.rated else "",
        )
        for one in told.reliability
    ]
    print_rows(("rating", "answers", "verified", "95 % interval"), rows)
    for title, some in (("wrong answers rated highest", told.convincing), ("right answers rated lowest", told.doubted)):
        if some:
            console().print(f"\n[bold]{title}[/]")
            answers = [
                (f"{one.rating:.2f}", one.answer.attempt, one.answer.feedback, one.prompt, one.answer.answer)
                for one in some
            ]
            print_rows(("rating", "answer", "feedback", "task", "text"), answers)
    if told.verdict:
        console().print(f"\n{told.verdict}", soft_wrap=True)


def _small(said: str) -> None:
    console().print(f"[dim]{escape(said)}[/]", soft_wrap=True)
