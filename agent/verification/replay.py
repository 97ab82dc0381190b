"""The run made again: from its configuration, with the answers of its calls, and nobody asked."""

from __future__ import annotations

import json
import math
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from burnish.agent.loop.by_hand import make_changes
from burnish.agent.loop.open_session import open_session
from burnish.agent.loop.preflight import PREFLIGHT
from burnish.agent.loop.run import to_the_end
from burnish.agent.record.directory import RunDirectory
from burnish.agent.record.report import finished
from burnish.agent.record.run import Run
from burnish.agent.record.seeds import OPENED
from burnish.agent.rollouts.evaluate import TIMES
from burnish.environments.authoring import UNREAD
from burnish.environments.boundary import GuardedEnvironment
from burnish.environments.verdicts import failed
from burnish.errors import BurnishError
from burnish.memory.journal_reader import JournalReader
from burnish.memory.schema import BY_ITERATION
from burnish.memory.writer import Value
from burnish.protocols import Environment
from burnish.records import SEALED
from burnish.types import Feedback, JsonValue, Status, Task

TAKEN_OVER = ("calls", "requests", "unpaid", "decisions", "by_hand")
"""Tables that are not made again: what models and people said, and what the budget did not allow."""
MADE = ("broken", "program", "proofs", "sealed", "shared text", "stopped")
"""Facts of the whole run that it comes to by itself."""
MOST_NAMED = 3
"""Differences of one table that are named one by one."""
TOLERANCE = 1e-6
"""How far numbers may differ: vectors are not the same to the last bit on every machine."""


class JudgedAgain(GuardedEnvironment):
    """An environment that fails where it failed in the run, so that a fault of that day is no difference.

    `faults` are what it failed to judge, by task and answer; of what it judged another time, the first `times` it is
    asked.
    """

    def __init__(
        self,
        environment: Environment,
        faults: Mapping[tuple[str, str], Feedback],
        times: Mapping[tuple[str, str], int],
        *,
        timeout: float = 30.0,
    ) -> None:
        self._faults, self._times = faults, dict(times)
        super().__init__(environment, timeout=timeout)

    async def judge_all(self, pairs: Sequence[tuple[Task, str]]) -> list[Feedback]:
        """See `GuardedEnvironment.judge_all`."""
        fails = [self._fails((task.id, answer)) for task, answer in pairs]
        left = [pair for pair, failing in zip(pairs, fails, strict=True) if not failing]
        judged = iter(await super().judge_all(left))
        return [
            self._faults[task.id, answer] if failing else next(judged)
            for (task, answer), failing in zip(pairs, fails, strict=True)
        ]

    async def read(self, text: str) -> Task | Feedback | None:
        """See `GuardedEnvironment.read`."""
        unread = {task: said for (task, _), said in self._faults.items() if said.text.startswith(UNREAD)}
        return unread.get(Task(self.name, text).id) or await super().read(text)

    def _fails(self, pair: tuple[str, str]) -> bool:
        """Whether it fails this time."""
        if pair not in self._faults or pair not in self._times:
            return pair in self._faults
        self._times[pair] -= 1
        return self._times[pair] >= 0


@dataclass(frozen=True)
class Again:
    """What came of making a run again: every difference in a sentence, and how many proofs were made."""

    problems: tuple[str, ...] = ()
    proofs: int = 0


async def made_again(run: Run, journal: JournalReader, environment: Environment) -> Again:
    """Make a run again in a folder of its own, as far as it came, and compare everything that it wrote down.

    Answers of models and people are taken over, also which calls the budget did not allow and how many iterations it
    was found to afford: clocks do not come again. All else is worked out from the configuration and the environment.
    """
    guard = JudgedAgain(environment, *_faults(journal), timeout=run.config.environment_timeout)
    committed = journal.newest() or 0
    whole = finished(run.config, journal)
    with tempfile.TemporaryDirectory(prefix="burnish-verify-") as scratch:
        copy = RunDirectory(Path(scratch) / "run")
        copy.path.mkdir()
        journal.copy_to(copy.journal, without=MADE, tables=TAKEN_OVER)
        stop, asked = "", frozenset[str]()
        try:
            async with open_session(
                copy, run.config, environment, lambda _kind, _facts: None, replay_only=True, guard=guard
            ) as opened:
                try:
                    until = None if isinstance(journal.meta("stopped"), str) else committed
                    await to_the_end(opened, partial(_secret, journal) if whole else None, until=until)
                    if whole:
                        await make_changes(opened, after_sealed=True)
                finally:
                    asked = opened.session.caller.asked
        except (BurnishError, ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError) as error:
            stop = f"made again, the run stops short: {str(error) or type(error).__name__}"
        again = JournalReader(copy.journal)
        try:
            numbers = [*(record.number for record in journal.iterations()), *([SEALED] if whole else [])]
            problems = [*([stop] if stop else []), *_differences(journal, again, numbers)]
            problems += _unasked(journal, asked, numbers) if not stop else ()
            proofs = again.meta("proofs")
        finally:
            again.close()
    return Again(tuple(problems), len(proofs) if isinstance(proofs, list) else 0)


def _faults(journal: JournalReader) -> tuple[dict[tuple[str, str], Feedback], dict[tuple[str, str], int]]:
    """What the environment failed to judge in the run, by task and answer; and of what it judged another time, how
    often it was asked in vain.
    """
    judged = [(a, f) for node in journal.nodes() for _, a, f in journal.judged(node)]
    well = {(a.task_id, a.answer) for a, f in judged if f.status.judged}
    faults = {(a.task_id, a.answer): f for a, f in judged if not f.status.judged and not a.fault}
    known = journal.meta(PREFLIGHT)
    for one in known if isinstance(known, list) else []:
        assert isinstance(one, list)
        faults[str(one[0]), str(one[1])] = failed(Status(str(one[2])), str(one[3]))
    vain = Counter((a.task_id, a.answer) for a, f in judged if not f.status.judged and not a.fault)
    return faults, {pair: TIMES * vain[pair] for pair in faults if pair in well}


def _secret(journal: JournalReader) -> str:
    return str(journal.meta(OPENED))


def _differences(before: JournalReader, after: JournalReader, numbers: Sequence[int]) -> Iterator[str]:
    """Where two journals say something else of the same iterations."""
    for table, (column, order) in BY_ITERATION.items():
        if table in TAKEN_OVER:
            continue
        found = [d for number in numbers for d in _of_iteration(before, after, table, column, order, number)]
        yield from found[:MOST_NAMED]
        if len(found) > MOST_NAMED:
            yield f"made again, {len(found) - MOST_NAMED} more rows of {table} differ"
    for name in MADE:
        one, other = before.meta(name), after.meta(name)
        if (difference := first_difference(one, other)) is not None:
            yield f'made again, what the run says of "{name}" differs: {difference}'


def _of_iteration(
    before: JournalReader, after: JournalReader, table: str, column: str, order: str, number: int
) -> Iterator[str]:
    name = "the sealed test" if number == SEALED else f"iteration {number}"
    keys = len(order.split(","))
    rows = [
        {
            tuple(row[:keys]): row[keys:]
            for row in journal.rows(f"SELECT {order}, * FROM {table} WHERE {column} = ?", (number,))  # noqa: S608
        }
        for journal in (before, after)
    ]
    for key in dict.fromkeys([*rows[0], *rows[1]]):
        shown = f"{table} {' '.join(map(str, key))}" if table != "iterations" else "its record"
        if key not in rows[1]:
            yield f"made again, {name} has no {shown}"
        elif key not in rows[0]:
            yield f"made again, {name} has {shown}, which the journal lacks"
        elif difference := next(filter(None, map(first_difference, *(_plain(found[key]) for found in rows))), ""):
            yield f"made again, {name} differs in {shown}: {difference}"


def _plain(row: Sequence[Value]) -> list[JsonValue]:
    """A row with its JSON read."""
    plain: list[JsonValue] = []
    for value in row:
        assert not isinstance(value, bytes)
        plain.append(json.loads(value) if isinstance(value, str) and value[:1] in ("{", "[") else value)
    return plain


def first_difference(before: JsonValue, after: JsonValue, path: str = "") -> str | None:
    """Where two values of JSON differ first, in words; None where they are equal."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            if (found := first_difference(before.get(key), after.get(key), f"{path}.{key}".lstrip("."))) is not None:
                return found
        return None
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for place, (one, other) in enumerate(zip(before, after, strict=True)):
            if (found := first_difference(one, other, f"{path}[{place}]")) is not None:
                return found
        return None
    if isinstance(before, int | float) and isinstance(after, int | float):
        same = math.isclose(before, after, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    else:
        same = before == after
    return None if same else f"{path + ' ' if path else ''}was {_short(before)} and is {_short(after)}"


def _short(value: JsonValue) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _unasked(journal: JournalReader, asked: frozenset[str], numbers: Sequence[int]) -> Iterator[str]:
    """Answers in the journal that nothing in the run asks for."""
    unasked: dict[int, list[str]] = defaultdict(list)
    for key, number in journal.rows("SELECT key, iteration FROM calls WHERE state = 'done'"):
        if str(key) not in asked and number in numbers:
            unasked[int(str(number))].append(str(key))
    for number, keys in unasked.items():
        name = "the sealed test" if number == SEALED else f"iteration {number}"
        yield f"made again, {name} asks for {len(keys)} fewer answers than the journal holds ({keys[0]})"
