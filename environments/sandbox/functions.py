"""Judging a function that nobody has read: it is called in a sandbox, and compared with what is right out here.

What is right never enters the process of the candidate, which can therefore do nothing that pays but return it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Any, Literal, TypeAlias

from burnish.environments.sandbox.inside.values import dump, load
from burnish.environments.sandbox.processes import INSIDE, ProcessSandbox
from burnish.environments.sandbox.protocol import Ending, SandboxResult

Kind: TypeAlias = Literal["returned", "raised", "not plain", "timeout", "memory", "output", "killed", "not run"]

CALLS_SHOWN = 4_000
"""Characters of what a candidate printed or failed with that are passed on."""


@dataclass(frozen=True)
class Called:
    """What one call came to. `value`, for "returned", is of plain builtin classes; `text` says what went wrong.

    "not plain" is a value of another class, or one that cannot be read; "killed", that the process ended within the
    call; "not run", that it had ended before.
    """

    kind: Kind
    value: Any = None
    text: str = ""


@dataclass(frozen=True)
class Checked:
    """Whether a check passed. `text` is the end of what the candidate itself wrote to stderr: never the check's."""

    passed: bool
    ending: Ending
    text: str = ""


def call_function(
    sandbox: ProcessSandbox,
    source: str,
    entry_point: str,
    arguments: Sequence[Sequence[object]],
    *,
    timeout: float,
    memory: int,
) -> list[Called]:
    """Call the function that `source` defines once for each list of plain positional arguments, in order.

    All calls share one process, for speed, and `timeout` (seconds) and `memory` (bytes) with it: a call that does not
    return is marked with the reason, and those after it "not run". What one call changes, the next one sees.
    """
    asked = json.dumps(
        {"source": source, "entry_point": entry_point, "arguments": [dump(list(each)) for each in arguments]}
    )
    program = _program("values", "calls", start="make_calls()")
    result = sandbox.run(program, stdin=asked, timeout=timeout, memory=memory)
    said = _said(result.stdout, len(arguments))
    missing = next((number for number in range(len(arguments)) if number not in said), None)
    for number in range(len(arguments)):
        if number not in said:
            said[number] = _unreturned(result) if number == missing else Called("not run")
    return [said[number] for number in range(len(arguments))]


def run_check(
    sandbox: ProcessSandbox, source: str, test_source: str, entry_point: str, *, timeout: float, memory: int
) -> Checked:
    """Whether `check(candidate)`, as `test_source` defines it, returns without raising.

    The test and the candidate run in two sandboxes that exchange nothing but plain arguments and values. `test_source`
    must define all it uses except the candidate, which it finds under `entry_point` too: for HumanEval that is the
    prompt, whose helpers tests call, followed by the test. A candidate's changes to its arguments are not seen.
    """
    token = token_hex(16)
    test = _program("values", "calls", "checks", start=f"check({test_source!a}, {entry_point!a}, {token!r})")
    candidate = _program("values", "calls", start=f"answer_calls({source!a}, {entry_point!a})")
    tested, answered = sandbox.converse(test, candidate, timeout=timeout, memory=memory)
    passed = tested.status == "ok" and tested.stderr.endswith(f"\n{token}\n")
    # A test whose candidate is gone fails, or is ended with it; what befell the candidate says more.
    stopped = not passed and tested.status != "timeout" and answered.status not in {"ok", "nonzero exit"}
    return Checked(passed, answered.status if stopped else tested.status, answered.stderr[-CALLS_SHOWN:])


def _program(*names: str, start: str) -> str:
    """Source of one program made of files in `inside`, which import from each other only."""
    lines = ["from __future__ import annotations"]
    for name in names:
        source = (INSIDE / f"{name}.py").read_text(encoding="utf-8")
        lines += [line for line in source.splitlines() if not line.startswith(("from burnish.", "from __future__"))]
    return "\n".join([*lines, start, ""])


def _said(stdout: str, calls: int) -> dict[int, Called]:
    """What the candidate's process wrote, as far as it makes sense."""
    said: dict[int, Called] = {}
    for line in stdout.split("\n"):
        try:
            number, kind, content = json.loads(line)
        except (ValueError, TypeError, RecursionError):
            continue
        if type(number) is int and 0 <= number < calls and isinstance(content, str):
            said[number] = _called(kind, content)
    return said


def _called(kind: object, content: str) -> Called:
    if kind == "returned":
        try:
            return Called("returned", load(content))
        except ValueError as error:
            return Called("not plain", text=str(error)[:CALLS_SHOWN])
    return Called("raised" if kind == "raised" else "not plain", text=content[:CALLS_SHOWN])


def _unreturned(result: SandboxResult) -> Called:
    ending = result.status
    kind: Kind = "killed" if ending == "ok" or ending == "nonzero exit" else ending  # noqa: PLR1714 - narrows
    return Called(kind, text=result.stderr[-CALLS_SHOWN:])
