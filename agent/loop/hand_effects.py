"""What each kind of change by hand does to champion and memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from burnish.agent.nodes.roll_back import born_again
from burnish.agent.record.by_hand import follows, forgotten, pinned, said_by, taken_back, without
from burnish.by_hand import ByHand
from burnish.config import RunConfig
from burnish.environments.boundary import GuardedEnvironment
from burnish.memory.journal import Journal
from burnish.memory.store import NOW, Memory
from burnish.programs import Program
from burnish.records import ApplicantRecord, DeathRecord
from burnish.types import ALIVE, Attempt, Exemplar, Feedback, JsonValue, Task

Lessons = Sequence[Mapping[str, JsonValue]]


@dataclass(frozen=True)
class Hand:
    """What changes by hand work on; only an import and feedback need the `environment`."""

    config: RunConfig
    journal: Journal
    memory: Memory
    environment: GuardedEnvironment | None = None

    @property
    def champion(self) -> Program:
        """The program in force."""
        newest = self.journal.newest()
        assert newest is not None
        return self.journal.champion(newest)

    @property
    def following(self) -> bool:
        """Whether the champion's memory grows by itself."""
        return follows(self.journal.iterations(), configured=self.config.memory.follows)


@dataclass(frozen=True)
class Effect:
    """The champion after a change, who was born and died by it, what became of those that were to be admitted, the
    answers that were `imported` or fed back with their verdicts, and what is noted besides, by kind.
    """

    champion: Program
    born: tuple[Exemplar, ...] = ()
    deaths: tuple[DeathRecord, ...] = ()
    applicants: tuple[ApplicantRecord, ...] = ()
    refused: Mapping[str, int] = field(default_factory=dict)
    imported: tuple[tuple[Task, Attempt, Feedback], ...] = ()
    events: tuple[tuple[str, JsonValue], ...] = ()


async def roll_back(hand: Hand, change: ByHand, number: int, _lessons: Lessons) -> Effect:
    """Champion and memory of an iteration, but for what was forgotten or is pinned."""
    journal, memory, records = hand.journal, hand.memory, hand.journal.iterations()
    assert change.to is not None
    then = {said_by(one): one for one in memory.at(change.to)}
    alive = memory.alive()
    now, pins = {said_by(one) for one in alive}, pinned(records)
    undone = {one.id: change.reason for one in alive if said_by(one) not in then and one.id not in pins}
    back = taken_back(journal)
    stay_out = now | back
    revived = tuple(born_again(one, number, change.reason) for said, one in then.items() if said not in stay_out)
    memory.stage(revived, undone, revision=number)
    program = journal.champion(change.to)
    if hand.following and not program.only and memory.count(NOW):
        program = program.at(number)
    else:
        known = {*forgotten(journal, records), *(back - now)}
        gone = [one.id for one in journal.exemplars() if program.shows(one) and said_by(one) in known]
        program = without(program, gone, number=number, following=False) if gone else program
    deaths = tuple(DeathRecord(exemplar_id, reason) for exemplar_id, reason in sorted(undone.items()))
    return Effect(program, revived, deaths)


async def forget(hand: Hand, change: ByHand, number: int, _lessons: Lessons) -> Effect:
    """Exemplars die, and no program is shown them any more, whichever memory it has."""
    meant = {said_by(one) for one in hand.journal.exemplars_named(change.ids)}
    covered = [one for one in hand.journal.exemplars() if said_by(one) in meant]
    champion, following = hand.champion, hand.following
    shown = [one.id for one in covered if champion.shows(one)]
    hand.memory.forget({one.id: change.reason for one in covered})
    deaths = tuple(DeathRecord(one.id, change.reason) for one in covered if one.died == ALIVE)
    return Effect(
        without(champion, shown, number=number, following=following) if shown else champion,
        deaths=deaths,
    )


async def pin(hand: Hand, _change: ByHand, _number: int, _lessons: Lessons) -> Effect:
    """Nothing is other than it was, but for what policies may evict from now on."""
    return Effect(hand.champion)
