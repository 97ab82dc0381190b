"""Changes by hand from a page: the same that the commands make, written down with who, when and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from burnish.agent.inspecting.opened import InspectedRun
from burnish.agent.pages.forms import Form
from burnish.agent.steering.forgetting import forget, pin
from burnish.agent.steering.forking import Forked, fork
from burnish.agent.steering.ordering import Steered
from burnish.agent.steering.returning import rollback
from burnish.errors import ConfigError


def change(run: InspectedRun, form: Form) -> Steered | Forked:
    """Make the change that a form asks for.

    Raises:
        BurnishError: it cannot be made; the message says why.

    """
    asked = form.get("change")
    if asked not in CHANGES:
        raise ConfigError(f"a run is changed by {', '.join(CHANGES)}, and not by {asked[:20]!r}")
    return CHANGES[asked](run, form)


def _forget(run: InspectedRun, form: Form) -> Steered:
    return forget(run, [form.get("id")], because=form.get("because"), who=form.who)


def _pin(run: InspectedRun, form: Form) -> Steered:
    return pin(run, [form.get("id")], because=form.get("because"), who=form.who)


def _unpin(run: InspectedRun, form: Form) -> Steered:
    return pin(run, [form.get("id")], off=True, because=form.get("because"), who=form.who)


def _rollback(run: InspectedRun, form: Form) -> Steered:
    return rollback(run, to=form.number("at"), because=form.get("because"), who=form.who)


def _fork(run: InspectedRun, form: Form) -> Forked:
    """A run beside this one: pages write nowhere else."""
    name = form.get("name")
    if not name or name in {".", ".."} or "/" in name or "\0" in name:
        raise ConfigError("give the new run a name of its own, which becomes a folder beside this run's")
    directory = run.place.path.resolve().parent / name
    return fork(run, at=form.number("at"), directory=directory, because=form.get("because"), who=form.who)


CHANGES: Mapping[str, Callable[[InspectedRun, Form], Steered | Forked]] = MappingProxyType(
    {"forget": _forget, "pin": _pin, "unpin": _unpin, "rollback": _rollback, "fork": _fork}
)
"""By what the form says."""
