"""Which sandbox is used here: the first that holds when it is attacked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Self

from burnish.environments.sandbox.attacks import ATTACKS, weaknesses
from burnish.environments.sandbox.bubblewrap import Bubblewrap
from burnish.environments.sandbox.jail import Jail
from burnish.environments.sandbox.processes import ProcessSandbox
from burnish.environments.sandbox.protocol import SandboxFailure
from burnish.environments.sandbox.unsafe import RISK, Unsafe
from burnish.environments.sandbox.wasi import Wasi
from burnish.errors import PluginError
from burnish.types import Record

BWRAP, JAIL, WASI, UNSAFE = "bwrap and jail", "jail", "WASI", "none (--unsafe-exec)"

_choosing = Lock()


@dataclass(frozen=True)
class Trial(Record):
    """A sandbox that was attacked. `problem` is empty where it held."""

    name: str
    problem: str

    @property
    def held(self) -> bool:
        """Whether it stood all attacks."""
        return not self.problem


@dataclass(frozen=True)
class Choice:
    """The sandbox in use, the trials that led to it, and the attacks that it held."""

    sandbox: ProcessSandbox
    trials: tuple[Trial, ...]
    attacks: tuple[str, ...] = ATTACKS

    def __str__(self) -> str:
        """In words, for doctor and report."""
        others = ", ".join(f"{trial.name} ({trial.problem})" for trial in self.trials if not trial.held)
        what = f"which held {len(self.attacks)} attacks" if self.attacks else f"by which {RISK}"
        return f"{self.sandbox.name}, {what}" + (f"; not used: {others}" if others else "")


def candidates() -> list[ProcessSandbox]:
    """In the order in which they are tried."""
    return [ProcessSandbox(BWRAP, Bubblewrap()), ProcessSandbox(JAIL, Jail()), ProcessSandbox(WASI, Wasi())]


def choose_sandbox(*, unsafe: bool = False) -> Choice:
    """The first sandbox that holds on this machine; attacked once a process, which takes about a second.

    With `unsafe`, where none holds, one that keeps nothing from the code.

    Raises:
        PluginError: none holds, with the reasons.

    """
    with _choosing:
        found = _found()
    if isinstance(found, Choice):
        return found
    if unsafe:
        return Choice(ProcessSandbox(UNSAFE, Unsafe()), found.trials, ())
    raise NoSandbox.after(found.trials)


@cache
def _found() -> Choice | NoSandbox:
    try:
        return first_that_holds(candidates())
    except NoSandbox as none:
        return none


class NoSandbox(PluginError):
    """No sandbox holds here."""

    trials: tuple[Trial, ...] = ()

    @classmethod
    def after(cls, trials: tuple[Trial, ...]) -> Self:
        """The error that says why none of these held."""
        tried = ", ".join(f"{trial.name} ({trial.problem})" for trial in trials)
        error = cls(
            f"no sandbox holds on this machine, so no code is run: {tried}. Use Linux 5.13 or newer with Landlock, "
            f"or install burnish[wasi], or give --unsafe-exec, by which {RISK}"
        )
        error.trials = trials
        return error


def first_that_holds(
    sandboxes: Sequence[ProcessSandbox], attack: Callable[[ProcessSandbox], list[str]] = weaknesses
) -> Choice:
    """Attack one after the other until one holds.

    Raises:
        NoSandbox: none does.

    """
    trials: list[Trial] = []
    for sandbox in sandboxes:
        trials.append(Trial(sandbox.name, _problem(sandbox, attack)))
        if trials[-1].held:
            return Choice(sandbox, tuple(trials))
    raise NoSandbox.after(tuple(trials))


def _problem(sandbox: ProcessSandbox, attack: Callable[[ProcessSandbox], list[str]]) -> str:
    try:
        found = attack(sandbox)
    except SandboxFailure as failure:
        return str(failure)
    return f"does not hold {', '.join(found)}" if found else ""
