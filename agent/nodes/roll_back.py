from __future__ import annotations

from burnish.agent.nodes.iteration import Iteration
from burnish.agent.nodes.parts import RolledBack
from burnish.types import ALIVE, Exemplar


async def roll_back(iteration: Iteration) -> RolledBack:
    """Return memory and champion to the last iteration without an alarm."""
    memory, records = iteration.memory, iteration.past.records
    good = next((r for r in reversed(records) if not r.alarms), records[0])
    then, now = {e.id: e for e in memory.at(good.revision)}, {e.id for e in memory.alive()}
    reason = f"rolled back to revision {good.revision}"
    undone = dict.fromkeys(now - then.keys(), reason)
    revived = [_revived(e, iteration.number, reason) for e in then.values() if e.id not in now]
    memory.stage(revived, undone, revision=iteration.number)
    return RolledBack(iteration.journal.program(good.champion_id), tuple(revived), undone, len(memory))


def _revived(exemplar: Exemplar, revision: int, reason: str) -> Exemplar:
    values = {**exemplar.to_json(), "born": revision, "died": ALIVE, "death": "", "reason": reason}
    return Exemplar.from_json(values)
