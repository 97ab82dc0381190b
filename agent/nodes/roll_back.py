from __future__ import annotations

from burnish.agent.nodes.iteration import Iteration
from burnish.agent.nodes.parts import RolledBack
from burnish.agent.record.by_hand import pinned, said_by, taken_back
from burnish.records import DeathRecord, IterationRecord
from burnish.types import ALIVE, Exemplar


async def roll_back(iteration: Iteration, *, back_to: int | None) -> RolledBack:
    """Return memory and champion to the last iteration without an alarm; where newer exemplars do harm, memory alone
    returns to the one that they were compared with.
    """
    memory, records = iteration.memory, iteration.past.records
    if back_to is not None:
        revision, champion, why = back_to, iteration.champion.at(back_to), ": newer exemplars did harm"
    else:
        good = next((r for r in reversed(records) if not r.alarms), records[0])
        good = next((r for r in iteration.past.by_hand[::-1] if _returned_after(r, good)), good)
        revision, champion, why = good.revision, iteration.journal.program(good.champion_id), ""
    then, now = {e.id: e for e in memory.at(revision)}, {e.id for e in memory.alive()}
    reason = f"rolled back to revision {revision}{why}"
    undone = dict.fromkeys(now - then.keys() - pinned(iteration.past.by_hand), reason)
    back = taken_back(iteration.journal)
    revived = [
        born_again(e, iteration.number, reason) for e in then.values() if e.id not in now and said_by(e) not in back
    ]
    memory.stage(revived, undone, revision=iteration.number)
    deaths = tuple(DeathRecord(exemplar_id, reason) for exemplar_id in sorted(undone))
    return RolledBack(champion, tuple(revived), deaths, len(memory))


def _returned_after(record: IterationRecord, good: IterationRecord) -> bool:
    """Whether a person went back to other memory since an iteration."""
    return record.number > good.number and record.by_hand is not None and record.by_hand.action == "rollback"


def born_again(exemplar: Exemplar, revision: int, reason: str) -> Exemplar:
    """An exemplar that had died, as it comes back."""
    values = {
        **exemplar.to_json(),
        "born": revision,
        "died": ALIVE,
        "death": "",
        "reason": reason,
        "again": exemplar.id,
    }
    return Exemplar.from_json(values)
