"""The Python side of `burnish run` and `burnish resume`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from burnish import __version__
from burnish.agent.record.directory import RunDirectory
from burnish.agent.record.observing import Observers
from burnish.agent.record.report import Report
from burnish.agent.record.run import Notify, Run, environment_of, write_report
from burnish.agent.record.sittings import sitting
from burnish.config import RunConfig
from burnish.environments.closing import closing_what_is_loaded
from burnish.environments.registry import load
from burnish.environments.sources import changed, digest, digests
from burnish.errors import (
    BudgetExhausted,
    BudgetTooSmall,
    BurnishError,
    ConfigError,
    Interrupted,
    ModelError,
    PluginError,
    RunExists,
    Waiting,
)
from burnish.files import is_regular
from burnish.memory.journal import Journal
from burnish.memory.journal_reader import JournalReader
from burnish.protocols import Environment, Isolated, Licensed
from burnish.records import SEALED
from burnish.tables import flat
from burnish.types import JsonValue
from burnish.waiting import awaited


@closing_what_is_loaded()
def run(
    config: RunConfig | None = None,
    *,
    directory: str | os.PathLike[str],
    environment: Environment | None = None,
    notify: Notify = lambda _kind, _facts: None,
    again: bool = False,
) -> Report:
    """Start a run in a new directory and take it to its end.

    `environment` may be a live object; then the run can only be resumed with it. `notify` is called with the name of
    an event and its facts, from the running loop; it cannot end the run. `again` goes on with a run of the same
    settings that is there already, as `resume` does.

    Raises:
        BurnishError: see the tree in `burnish.errors`.

    """
    from burnish.agent.loop.policies import resolved
    from burnish.agent.loop.registry import check_parts
    from burnish.agent.record.program_file import begun_from, load_program

    config = resolved(config or RunConfig())
    check_parts(config)
    if environment is not None:
        config = config.model_copy(update={"environment": environment.name})
    config = config.anywhere()
    live = environment or load(config.environment, {**config.environment_options})
    if config.program:
        config = begun_from(config, load_program(config.program), live.name)
    place = RunDirectory(Path(directory))
    if again and _is_the_same(place, config):
        return resume(directory, environment=environment, notify=notify)
    place.create(config)
    with place.locked():
        lay_out(place, config, live, named=environment is None)
        try:
            return _improve(place, config, live, notify)
        except (BudgetTooSmall, ConfigError, PluginError, ModelError) as error:
            if _discard(place):
                raise error.with_way_on("run the command again") from None
            raise


def _is_the_same(place: RunDirectory, config: RunConfig) -> bool:
    """Whether a run is there already, and does the same; its budget and its servers are its own."""
    if not is_regular(place.config_file) or not is_regular(place.journal):
        return False
    there = place.config()
    if there.fingerprint == config.fingerprint:
        return True
    known, wanted = (flat(one.model_dump(mode="json", exclude={"budget"})) for one in (there, config))
    differing = sorted(key for key in known | wanted if known.get(key) != wanted.get(key))
    raise RunExists(
        f"{place.path} already holds a run with other settings ({', '.join(differing[:MOST_DIFFERING])}); continue it "
        f"with `burnish resume {place.path}`, or give another --dir"
    )


MOST_DIFFERING = 3
"""Settings that differ, of which the names are said."""


def lay_out(place: RunDirectory, config: RunConfig, live: Environment, *, named: bool, **facts: JsonValue) -> None:
    """Make the journal of a new run, with what is settled before the first call. `named` says that the environment is
    loaded by its name. The caller holds the lock.
    """
    from burnish.agent.record.seeds import commitment, draw_secret

    journal = Journal.open(place.journal)
    journal.set_meta(
        version=__version__,
        config=config.fingerprint,
        sealed_seed_sha256=commitment(draw_secret(place, config)),
        live=not named,
        licence=live.licence if isinstance(live, Licensed) else "",
        provenance=live.provenance if isinstance(live, Licensed) else "",
        files=digests(config.environment if named else "", {**config.environment_options}, live),
        **facts,
    )
    if isinstance(live, Isolated):
        journal.set_meta(sandbox=live.sandbox)
    journal.close()


@closing_what_is_loaded()
def resume(
    directory: str | os.PathLike[str],
    *,
    environment: Environment | None = None,
    budget: Mapping[str, int | float] | None = None,
    notify: Notify = lambda _kind, _facts: None,
) -> Report:
    """Go on with a run where it was stopped or killed; a finished one is only reported.

    `budget` replaces limits by name (calls, tokens, usd, seconds, iterations), for a run that ended for want of them.
    Once the sealed test has begun, more budget completes it and buys no further iteration. What clients said of served
    answers since, in the file beside the run, is taken in first, as a change by hand.

    Raises:
        ConfigError: more budget for a finished run: its sealed test, opened once, cannot judge what would follow.
        BurnishError: see the tree in `burnish.errors`.

    """
    place = RunDirectory(Path(directory))
    config = place.config()
    if budget:
        data = config.model_dump(mode="json")
        config = RunConfig.parse({**data, "budget": {**data["budget"], **budget}}, "budget")
    live = environment or environment_of(Run(place, config))
    with place.locked():
        _take_note_of_changes(place)
        if budget:
            if not _lift_stop(place, config):  # it buys no further iteration
                iterations = place.config().budget.iterations
                limits = config.budget.model_copy(update={"iterations": iterations})
                config = config.model_copy(update={"budget": limits})
            place.config_file.write_text(config.to_toml(), encoding="utf-8")
        _take_in_feedback(place, notify)
        return _improve(place, config, live, notify)


def _take_note_of_changes(place: RunDirectory) -> None:
    """Whether the environment's files are those the run began with; what changed in its code is kept for the report.

    Raises:
        ConfigError: a file of tasks was changed: attempts at old and new ones would be mixed.

    """
    if not place.journal.is_file():
        return
    journal = Journal.open(place.journal)
    known, before = journal.meta("files"), journal.meta("changed")
    found = [] if journal.sealed() else changed(known)
    tasks = [path for path in found if path.suffix != ".py"]
    if found and not tasks and isinstance(known, dict):
        now: dict[str, JsonValue] = {str(path): digest(path) for path in found}
        names = [*(before if isinstance(before, list) else []), *(path.name for path in found)]
        journal.set_meta(files={**known, **now}, changed=names)
    journal.close()
    if tasks:
        raise ConfigError(
            f"{tasks[0]} is not the file this run began with, and its tasks would mix with those of the old one; put "
            "the old file back, or start a new run"
        )


def _take_in_feedback(place: RunDirectory, notify: Notify) -> None:
    """Queue what was said of the run's served answers since the last sitting."""
    from burnish.agent.record.feedback_taken import take_in_what_lies_beside

    if not place.journal.is_file():
        return
    journal = Journal.open(place.journal)
    try:
        taken = take_in_what_lies_beside(place.path, journal, when=datetime.now(UTC).isoformat(timespec="seconds"))
    finally:
        journal.close()
    if taken:
        place.write_log("feedback", taken.to_json())
        notify("feedback", taken.to_json())


def _discard(place: RunDirectory) -> bool:
    """Remove a run that no model answered, so that its directory is free for another try; whether that was so."""
    journal = JournalReader(place.journal)
    untouched = journal.spent().tokens == 0
    journal.close()
    if untouched:
        shutil.rmtree(place.path)
    return untouched


def _lift_stop(place: RunDirectory, config: RunConfig) -> bool:
    """With another budget a run may iterate further, as long as nothing of its sealed test was opened, which is the
    answer, and may end the test and its proofs.
    """
    journal = Journal.open(place.journal)
    sealed = journal.sealed()
    lifted = not journal.tries(SEALED)
    if lifted:
        journal.set_meta(stopped=None)
    unproven = bool(config.proofs) and journal.meta("proofs") is None
    journal.close()
    if sealed is not None and not unproven:
        raise ConfigError(
            f"{place.path} is finished: its sealed test has been opened, and could not judge what more budget brings; "
            "start a new run with that budget and another --seed"
        )
    return lifted


def _improve(place: RunDirectory, config: RunConfig, environment: Environment, notify: Notify) -> Report:
    from burnish.agent.loop.run import improve

    def log(kind: str, facts: Mapping[str, Any]) -> None:
        if kind != "call":
            place.write_log(kind, facts)

    try:
        with sitting(place.journal):
            awaited(improve(place, config, environment, Observers(log=log, caller=notify)))
    except Waiting as error:
        raise Waiting(
            f"{error}, and everything so far is kept; `burnish review {place.path}` asks them, then "
            f"`burnish resume {place.path}` goes on"
        ) from None
    except Interrupted:
        raise Interrupted(f"stopped, and everything so far is kept; `burnish resume {place.path}` goes on") from None
    except BudgetExhausted as error:
        raise BudgetExhausted(
            f"the budget ended within the sealed test ({error}); `burnish resume {place.path} "
            f"--budget-{error.limit} N` with a larger N opens it to its end",
            limit=error.limit,
        ) from None
    except BurnishError as error:
        raise error.with_way_on(f"`burnish resume {place.path}`") from error.__cause__
    return write_report(Run(place, config))
