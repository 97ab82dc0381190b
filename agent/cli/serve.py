"""`burnish serve`: a run as an endpoint that speaks OpenAI's protocol."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from burnish.agent.cli.plain import say

if TYPE_CHECKING:
    from burnish.agent.record.run import Run
    from burnish.agent.serving.checking import CheckRecord
    from burnish.agent.serving.running import Ready

MOST_SHOWN = 5
"""Answers that differ, of which the texts are printed."""


def serve(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Directory of a run.")],
    *,
    at: Annotated[int | None, typer.Option(help="Iteration whose champion is `champion`; by default what won.")] = None,
    host: Annotated[str, typer.Option(help="Address; others than this machine's only with a key.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 is a free one.")] = 8660,
    key_env: Annotated[
        str | None,
        typer.Option(metavar="VAR", help="Variable with the key that requests need; BURNISH_SERVE_KEY if set."),
    ] = None,
    system: Annotated[
        Literal["refuse", "merge"],
        typer.Option(help="What becomes of system messages: refused, or put in front of the task."),
    ] = "refuse",
    log: Annotated[Path | None, typer.Option(metavar="FILE", help="Append a line of JSON for each request.")] = None,
    concurrency: Annotated[
        int | None, typer.Option(min=1, help="Requests at the model server at a time; by default as in the run.")
    ] = None,
    learn: Annotated[
        bool, typer.Option("--learn", help="Take feedback on answers, and keep it in a file beside the run.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Do not serve: answer the sealed test again, and compare.")
    ] = False,
) -> None:
    """Serve what a run learned as an OpenAI-compatible endpoint. Nothing in the run is changed."""
    from burnish.agent.record.run import open_run
    from burnish.agent.serving.running import Settings
    from burnish.agent.serving.running import serve as serve_run

    opened = open_run(run)
    say("Opening the run: loading memory and model.", stderr=True)
    if check:
        _check(opened, at, concurrency)
        return
    serve_run(opened, Settings(at, host, port, key_env, system, log, concurrency, learn), _say)
    say("Stopped.", stderr=True)


def _say(ready: Ready) -> None:
    """What whoever started the server needs to know."""
    offered = ready.service.offered
    champion, newest = offered.champion, max(one.iteration for one in offered.by_name.values())
    key = ' -H "Authorization: Bearer $KEY"' if ready.keyed else ""
    say(f"Serving at {ready.url} until Ctrl-C. Nothing in the run is changed.")
    say(f"Models: champion (program {champion.program.id}, of iteration {champion.iteration}), seed, ", end="")
    say(f"iteration-0 to iteration-{newest}.")
    if offered.said:
        say(offered.said)
    if ready.feedback:
        say(f"Feedback (POST {ready.url}/feedback) is kept in {ready.feedback}; `burnish resume` learns of it.")
    say("Try it:")
    say(f"  curl {ready.url}/chat/completions{key} -H 'content-type: application/json' \\")
    say("""    -d '{"model": "champion", "messages": [{"role": "user", "content": "YOUR TASK"}]}'""")
    sys.stdout.flush()


def _check(run: Run, at: int | None, concurrency: int | None) -> None:
    import asyncio

    from burnish.agent.serving.checking import check

    record = asyncio.run(check(run, at, at_once=concurrency))
    _print_check(record)
    if record.differing:
        raise typer.Exit(1)


def _print_check(record: CheckRecord) -> None:
    say(f"{record.agree} of {record.answers} answers are those of the sealed test ({record.arm}, {record.program}).")
    say(f"{record.same_requests} of {record.answers} requests to the model are the same, to the byte.")
    if record.temperature and record.differing:
        say(f"The program draws its answers at temperature {record.temperature:g}, so they differ by chance.")
    elif any(one.same_request for one in record.differing):
        say("Where the request is the same and the answer is not, the model answers by what else it is working on.")
    for one in record.differing[:MOST_SHOWN]:
        say(f"  {one.text[:100]!r}\n    then {one.before[:200]!r}\n    now  {one.now[:200]!r}")


COMMANDS: Sequence[tuple[Callable[..., None], str]] = [(serve, "burnish serve runs/first --port 8660")]
"""Each with an example."""
