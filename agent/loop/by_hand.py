"""Changes by hand: each becomes an iteration of its own, in which nothing is attempted and no model is asked.

What was begun is finished first: a change waits in the journal until no iteration is under way, nor the sealed test.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from burnish.agent.loop.feedback import take_feedback
from burnish.agent.loop.hand_effects import Effect, Hand, Lessons, forget, pin, roll_back
from burnish.agent.loop.importing import import_
from burnish.agent.loop.open_session import Opened
from burnish.agent.record.directory import RunDirectory
from burnish.agent.record.report import finished
from burnish.by_hand import ByHand, HandAction
from burnish.config import RunConfig
from burnish.memory.changes_by_hand import Queued, begun, changes_by_hand, lessons_of, waiting
from burnish.memory.journal import Journal
from burnish.memory.journal_reader import JournalReader
from burnish.memory.links import SETTINGS, link
from burnish.records import SEALED, IterationRecord

EFFECTS: Mapping[HandAction, Callable[[Hand, ByHand, int, Lessons], Awaitable[Effect]]] = MappingProxyType(
    {"rollback": roll_back, "forget": forget, "pin": pin, "unpin": pin, "import": import_, "feedback": take_feedback}
)
"""By the kind of change, what it does."""


async def make_changes(opened: Opened, *, after_sealed: bool = False) -> None:
    """Make the changes that wait, unless an iteration is under way; where a run is made again, those that were made at
    this point.
    """
    session, journal, replays = opened.session, opened.journal, opened.session.caller.replays
    hand = Hand(session.config, journal, session.memory, opened.environment)
    while (queued := _next(journal, replays=replays, after_sealed=after_sealed)) is not None:
        record = await commit_by_hand(hand, queued, after_sealed=after_sealed)
        session.commit(record)
        session.notify("iteration", record.to_json())
        if not replays:
            await link(journal)


def _next(journal: JournalReader, *, replays: bool, after_sealed: bool) -> Queued | None:
    """The change to make now."""
    newest = journal.newest() or 0
    if replays:
        made = (one for one in changes_by_hand(journal) if one.change.after_sealed == after_sealed)
        later = (one for one in made if one.iteration is not None and one.iteration > newest)
        return next((one for one in later if after_sealed or one.iteration == newest + 1), None)
    if not after_sealed and begun(journal) > newest:
        return None
    return next(iter(waiting(journal)), None)


async def commit_by_hand(hand: Hand, queued: Queued, *, after_sealed: bool) -> IterationRecord:
    """Make one change, as the iteration after the last of which anything is known. The caller holds the lock."""
    journal, change = hand.journal, replace(queued.change, after_sealed=after_sealed)
    number = begun(journal) + 1 if queued.iteration is None else queued.iteration
    last = journal.iterations()[-1]
    effect = await EFFECTS[change.action](hand, change, number, lessons_of(journal, queued.number))
    record = IterationRecord(
        number=number,
        revision=number,
        champion_id=effect.champion.id,
        admitted=len(effect.born),
        refused=dict(effect.refused),
        died=dict(Counter(death.reason for death in effect.deaths)),
        memory=len(hand.memory),
        rating=last.rating,
        temperature=last.temperature,
        validation_used=last.validation_used,
        by_hand=change,
    )
    await journal.commit_iteration(
        record,
        programs=[effect.champion],
        born=effect.born,
        deaths=effect.deaths,
        applicants=effect.applicants,
        events=effect.events,
        queued=queued.number,
        imported=effect.imported,
    )
    return record


def under_way(config: RunConfig, journal: JournalReader) -> str:
    """What has to be finished before a change can be made, even where no process is at work; empty for nothing."""
    newest = journal.newest() or 0
    if finished(config, journal):
        return ""
    if journal.tries(SEALED):
        return "the sealed test"
    return f"iteration {newest + 1}" if begun(journal) > newest else ""


async def end_chain(directory: RunDirectory, journal: Journal) -> None:
    """Make the link of the sealed test of a finished run, where it is missing."""
    if journal.meta(SETTINGS) is None:
        journal.set_meta(**{SETTINGS: directory.settings_digest()})
    await link(journal, finished=True)
